import type { JoinListener, JoinOptions } from "../../rivals/joining.ts";

/** What an app does with one of the libraries, so far as their documentation tells it to. */
export interface Rival {
  /** Resolves when others can find it. */
  join(options: JoinOptions, listener: JoinListener): Promise<void>;
  /** Whom the library calls connected, by ids of its own. */
  connected(): readonly string[];
  /** Throws what the library does not take, or returns a promise that rejects. */
  send(peer: string, text: string): unknown;
}
