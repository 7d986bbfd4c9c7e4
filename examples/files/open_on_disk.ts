/** What some browsers have (WICG File System Access). */
interface Picker {
  showSaveFilePicker?(
    options: { suggestedName: string },
  ): Promise<FileSystemFileHandle>;
}

/** From here on a file goes straight to disk, where the browser can do that: it need not fit into memory. */
const LARGE_BYTES = 32 * 2 ** 20;

/** Whether somebody shall say where to save a file of that size before any of it comes. */
export function goesToDisk(size: number | null): boolean {
  return (globalThis as Picker).showSaveFilePicker !== undefined &&
    (size ?? Infinity) >= LARGE_BYTES;
}

/**
 * Asks where to save a file. What is written appears there when the stream is closed.
 *
 * @throws {DOMException} `AbortError` if somebody thinks better of it.
 */
export async function openOnDisk(
  suggestedName: string,
): Promise<WritableStream<Uint8Array>> {
  const picker = globalThis as Picker;
  const handle = await picker.showSaveFilePicker?.({ suggestedName });
  if (!handle) throw new TypeError("This browser cannot save to disk");
  return await handle.createWritable();
}
