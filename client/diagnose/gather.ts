import { type Candidate, readCandidate } from "./candidate.ts";

/** How candidates are gathered. */
export interface GatherOptions {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  readonly configuration: RTCConfiguration;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal | undefined;
  /** Whether this candidate is all that was wanted. */
  readonly enough: (candidate: Candidate) => boolean;
}

/** What came of it. */
export interface Gathered {
  /** In the order in which they came. */
  readonly candidates: readonly Candidate[];
  /** What went wrong with a STUN or TURN server (W3C WebRTC §4.8.2, `RTCPeerConnectionIceErrorEvent`). */
  readonly errors: readonly { readonly code: number; readonly text: string }[];
  /** Whether the browser says that there are no more. */
  readonly complete: boolean;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/**
 * Gathers the candidates of an RTCPeerConnection made for it, which is closed when this settles.
 *
 * @throws {DOMException|TypeError} What the browser says of a wrong configuration.
 */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const { configuration, timeoutMs, signal, enough } = options;
  const pc = new options.RTCPeerConnection(configuration);
  const candidates: Candidate[] = [];
  const errors: { code: number; text: string }[] = [];
  const startedAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = () => {};
  try {
    const complete = await new Promise<boolean>((resolve, reject) => {
      stop = () => resolve(false);
      timer = setTimeout(stop, timeoutMs);
      signal?.addEventListener("abort", stop);
      if (signal?.aborted) stop();
      pc.onicecandidate = ({ candidate }) => {
        if (!candidate) return resolve(true);
        // An empty one only ends a generation (W3C WebRTC §4.8.1.3).
        const read = readCandidate(candidate.candidate);
        if (!read) return;
        candidates.push(read);
        if (enough(read)) stop();
      };
      pc.onicecandidateerror = ({ errorCode, errorText }) => {
        errors.push({ code: errorCode, text: errorText });
      };
      // Without any content there is nothing to gather for.
      pc.createDataChannel("");
      pc.setLocalDescription().catch(reject);
    });
    const ms = performance.now() - startedAt;
    return { candidates, errors, complete, ms };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    pc.close();
  }
}
