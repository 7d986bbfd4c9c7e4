import { ConnectError, type RefusalCode } from "@x/webrtc";

/** Says to a person why the room could not be joined, and what helps. */
export function explainFailure(error: unknown): string {
  // `connect` checks its options before it does anything.
  if (error instanceof RangeError) {
    return "That room name cannot be used. Choose another one.";
  }
  if (!(error instanceof ConnectError)) {
    return `Something went wrong: ${error}`;
  }
  switch (error.reason) {
    case "unreachable":
      return "The server cannot be reached. Check that you are online and that the server is running.";
    case "timeout":
      return "The server did not answer in time. It may be busy, or your connection slow.";
    case "not-found":
      return "There is no chat server at this address.";
    case "unsupported":
      return "This browser cannot join: WebRTC is missing or switched off, or this page is out of date. Reload it, or use another browser.";
    case "refused":
      return explainRefusal(error.code);
    case "token-failed":
      return "You could not be signed in. Try again.";
    case "aborted":
      // The person has cancelled and knows.
      return "";
    default:
      return error.reason satisfies never;
  }
}

function explainRefusal(code: RefusalCode | undefined): string {
  switch (code) {
    case "room-full":
      return "This room is full. Wait until somebody leaves, or choose another one.";
    case "stopping":
      return "The server is restarting. Try again in a moment.";
    case "id-taken":
      return "Somebody else has your place in this room. Try again in a moment.";
    case "too-many-sockets":
      return "Too many people have joined from your network. Try again later.";
    case "server-full":
      return "The server is full. Try again later.";
    case "unauthorized":
    case "forbidden":
    case "bad-origin":
      return "You may not join this room from here.";
    case "bad-room":
      return "The server does not take that room name. Choose another one.";
    default:
      // A newer server may have reasons that this page does not know.
      return `The server did not let you in (${code ?? "no reason given"}).`;
  }
}
