import type { JoinOptions } from "../../rivals/joining.ts";

/**
 * In what form bytes are sent: as many messages, as one, or as a file.
 */
export type Form = "messages" | "message" | "file";

/** What came of the bytes that were waited for. */
export interface Arrival {
  /** When the last one came, in milliseconds since the epoch. */
  readonly at: number;
  /** In how many pieces they came. */
  readonly pieces: number;
}

/** What a page does with its library, which `enter` made of it. */
export interface DataContender {
  /** Resolves when others can find it. */
  join(options: JoinOptions): Promise<void>;
  /** Resolves when it is connected with the other page. */
  connected(): Promise<void>;
  /** Waits for bytes, from now on. */
  expect(byteLength: number): void;
  /** Resolves when they have come; rejects if others have come instead. */
  arrival(): Promise<Arrival>;
  /** Sends bytes. Resolves, when the library says it has, with the time of the call in milliseconds since the epoch. */
  send(form: Form, byteLength: number): Promise<number>;
  /** Sends every message back, from now on. */
  echo(): void;
  /** Sends `count` messages to one that echoes, one after the other. Resolves with the median of their round trips in microseconds. */
  roundTrip(count: number, byteLength: number): Promise<number>;
}

declare global {
  /** The library of this page. */
  var dataContender: DataContender;
}
