import type * as client from "../../mod.ts";

/** What the test page of `site.ts` holds, for functions that run in it. */
declare global {
  /** The client. */
  var webrtc: typeof client;
  /** The connection that a test has made. */
  var connection: client.Connection;
  /** Resolves with the payload of the next event of a connection. */
  var next: <Name extends keyof client.ConnectionEvents>(
    connection: client.Connection,
    event: Name,
  ) => Promise<Parameters<client.ConnectionEvents[Name]>[0]>;
  /** What a page was told, in order. */
  var told: string[];
  /** Whatever a test keeps in the page between two calls. */
  var kept: Promise<unknown>;
}
