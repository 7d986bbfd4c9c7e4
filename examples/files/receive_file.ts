import type { ReceivedFile, TransferProgress } from "@x/webrtc";
import { explainEnd } from "./explain_end.ts";
import { goesToDisk, openOnDisk } from "./open_on_disk.ts";
import type { Transfer } from "./transfer.ts";

/** Asks whether a file is wanted, and takes it if so. */
export async function receiveFile(
  file: ReceivedFile,
  transfer: Transfer,
): Promise<void> {
  const abort = new AbortController();
  transfer.onCancel = () => abort.abort();
  try {
    const disk = await decide(file, transfer);
    if (disk === "declined") {
      file.reject();
      return transfer.become({ state: "declined" });
    }
    transfer.become({ state: "moving" });
    const options = {
      onProgress: ({ confirmedBytes }: TransferProgress) =>
        transfer.advance(confirmedBytes),
      signal: abort.signal,
    };
    if (disk) await file.accept(options).pipeTo(disk);
    else transfer.offerToSave(await saveable(await file.blob(options)));
    transfer.become({ state: "done", saved: disk !== undefined });
  } catch (error) {
    // If it is only here that it cannot go on: the other side need not wait.
    file.reject("it could not be saved");
    transfer.become(
      abort.signal.aborted
        ? { state: "cancelled", by: "us" }
        : explainEnd(error),
    );
  }
}

/**
 * Waits until somebody has decided. Resolves to where the file is written;
 * `undefined` is memory.
 *
 * @throws {TransferError} If the offer does not stand any more.
 */
async function decide(
  file: ReceivedFile,
  transfer: Transfer,
): Promise<WritableStream<Uint8Array> | "declined" | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<
    WritableStream<Uint8Array> | "declined" | undefined
  >();
  // A reader that does not read accepts nothing, and is told of the end.
  const watcher = file.getReader();
  watcher.closed.catch(reject);
  transfer.onDecline = () => resolve("declined");
  let asking = false;
  transfer.onAccept = async () => {
    // There is one dialog at a time.
    if (asking) return;
    asking = true;
    try {
      resolve(
        goesToDisk(file.size) ? await openOnDisk(transfer.name) : undefined,
      );
    } catch (error) {
      // Who closes the dialog may still accept or decline.
      const closed = error instanceof DOMException &&
        error.name === "AbortError";
      if (!closed) reject(error);
    }
    asking = false;
  };
  try {
    return await promise;
  } finally {
    watcher.releaseLock();
  }
}

/**
 * An address of the content, under which no browser shows a page that a peer has made.
 *
 * @throws {DOMException} `NotReadableError` if the browser had no room for it.
 */
async function saveable(content: Blob): Promise<string> {
  // Only who reads it is told.
  await content.slice(-1).arrayBuffer();
  const type = "application/octet-stream";
  return URL.createObjectURL(new Blob([content], { type }));
}
