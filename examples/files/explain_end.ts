import { TransferError } from "@x/webrtc";
import type { TransferState } from "./transfer_state.ts";

/** Where a transfer stands that ended with that error. */
export function explainEnd(error: unknown): TransferState {
  if (!(error instanceof TransferError)) {
    // Such as a disk that is full.
    const why = error instanceof Error ? error.message : String(error);
    return { state: "failed", why };
  }
  switch (error.code) {
    case "rejected":
      return { state: "declined" };
    case "cancelled":
      return { state: "cancelled", by: "them" };
    case "peer-left":
      return { state: "failed", why: "the other side has left" };
    case "corrupt":
      return { state: "failed", why: "what arrived is not what was sent" };
    case "source-failed":
      return {
        state: "failed",
        why: "it cannot be read any more; was it changed or moved?",
      };
    case "busy":
      return { state: "failed", why: "too many files at the same time" };
    case "too-large":
      return { state: "failed", why: "it is too large for the other side" };
    case "no-listener":
      return { state: "failed", why: "the other side takes no files" };
    case "unsupported":
      return { state: "failed", why: "this takes a page over HTTPS" };
    default:
      return error.code satisfies never;
  }
}
