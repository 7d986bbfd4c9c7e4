import type { JoinOptions } from "../../rivals/joining.ts";
import { median } from "../measurement.ts";
import type { Arrival, Form } from "./data_contender.ts";
import { isPayload, makePayload } from "./payload.ts";

/** How often a page looks whether it is connected. */
const LOOK_MS = 5;

/** Round trips before those that count: a page that has just loaded and connected does other things beside. */
const WARM_UP = 1_000;

/** Whom a library tells in this page. */
export interface DataListener {
  /** Bytes have arrived: a message, or a piece of a file. */
  onData(data: ArrayBuffer | ArrayBufferView): void;
  /** Nothing more will come. */
  onFailure(why: string): void;
}

/** What an app does with a library to send bytes, as its documentation tells it to. */
export interface DataLibrary {
  /** Resolves when others can find it. */
  join(options: JoinOptions, listener: DataListener): Promise<void>;
  /** Whether it is connected with the other page. */
  connected(): boolean;
  /** Sends one message. */
  sendMessage(message: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Sends bytes in messages of a size that suits it, one after the other. */
  sendMessages(bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Sends a file. Not of the floor, which would only have to read it first. */
  sendFile?(file: Blob): Promise<unknown>;
}

/** Puts a library to work in this page. */
export function enter(library: DataLibrary): void {
  let take: (bytes: Uint8Array<ArrayBuffer>) => void = () => {};
  let fail: (error: Error) => void = () => {};
  let arrival: Promise<Arrival> | undefined;

  function prepare(form: Form, byteLength: number): () => Promise<unknown> {
    const bytes = makePayload(byteLength);
    switch (form) {
      case "message":
        return () => library.sendMessage(bytes);
      case "messages":
        return () => library.sendMessages(bytes);
      case "file": {
        const file = new Blob([bytes]);
        return async () => await library.sendFile?.(file);
      }
    }
    form satisfies never;
  }

  globalThis.dataContender = {
    join: (options) =>
      library.join(options, {
        onData(data) {
          take(
            ArrayBuffer.isView(data)
              ? new Uint8Array(
                data.buffer as ArrayBuffer,
                data.byteOffset,
                data.byteLength,
              )
              : new Uint8Array(data),
          );
        },
        onFailure: (why) => fail(new Error(why)),
      }),
    async connected() {
      while (!library.connected()) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    expect(byteLength) {
      let received = 0;
      let pieces = 0;
      arrival = new Promise((resolve, reject) => {
        fail = reject;
        take = (bytes) => {
          if (!isPayload(bytes, received)) {
            reject(new Error(`other bytes than were sent after ${received}`));
          }
          received += bytes.byteLength;
          pieces++;
          if (received === byteLength) resolve({ at: Date.now(), pieces });
          else if (received > byteLength) {
            reject(new Error(`more bytes than were sent: ${received}`));
          }
        };
      });
      // Whoever asks later hears of it.
      arrival.catch(() => {});
    },
    async arrival() {
      if (!arrival) throw new Error("nothing is expected");
      return await arrival;
    },
    async send(form, byteLength) {
      const failed = new Promise<never>((_, reject) => fail = reject);
      const send = prepare(form, byteLength);
      const calledAt = Date.now();
      await Promise.race([send(), failed]);
      return calledAt;
    },
    echo() {
      take = (bytes) => void library.sendMessage(bytes);
    },
    async roundTrip(count, byteLength) {
      const times: number[] = [];
      for (let i = 0; i < WARM_UP + count; i++) {
        const message = new Uint8Array(byteLength).fill(i % 256);
        const answer = new Promise<Uint8Array>((resolve, reject) => {
          take = resolve;
          fail = reject;
        });
        const sentAt = performance.now();
        await Promise.all([library.sendMessage(message), answer]);
        const took = performance.now() - sentAt;
        const answered = await answer;
        if (
          answered.byteLength !== byteLength ||
          answered.some((byte) => byte !== i % 256)
        ) throw new Error("another answer than was sent");
        if (i >= WARM_UP) times.push(took * 1000);
      }
      return median(times);
    },
  };
}
