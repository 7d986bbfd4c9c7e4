import type { Connection } from "@x/webrtc";
import { explainEnd } from "./explain_end.ts";
import type { Transfer } from "./transfer.ts";

/** Where to send. */
export interface SendFileOptions {
  readonly connection: Connection;
  /** Id of the peer. */
  readonly to: string;
  /** Shows how far it is. */
  readonly transfer: Transfer;
}

/** Offers a file to a peer, and sends it when it is accepted. */
export async function sendFile(
  file: File,
  { connection, to, transfer }: SendFileOptions,
): Promise<void> {
  const abort = new AbortController();
  transfer.onCancel = () => abort.abort();
  try {
    await connection.sendFile(file, {
      to,
      onProgress: ({ confirmedBytes }) => transfer.advance(confirmedBytes),
      signal: abort.signal,
    });
    transfer.become({ state: "done", saved: false });
  } catch (error) {
    transfer.become(
      abort.signal.aborted
        ? { state: "cancelled", by: "us" }
        : explainEnd(error),
    );
  }
}
