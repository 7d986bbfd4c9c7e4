/** How far a transfer is. */
export interface TransferProgress {
  /** Id of the other side. */
  readonly peer: string;
  /** How many bytes the receiving app has read. */
  readonly confirmedBytes: number;
  /** How many there are; `null` for a stream. */
  readonly totalBytes: number | null;
}

/** Tells an app. What it throws stops nothing, and is reported as uncaught. */
export function tellProgress(
  onProgress: ((progress: TransferProgress) => void) | undefined,
  progress: TransferProgress,
): void {
  try {
    onProgress?.(progress);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
