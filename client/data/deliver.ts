import type { OutgoingItem } from "./item_queue.ts";
import type { Payload } from "./payload.ts";
import { SendError } from "./send_error.ts";

/** Where messages to one peer leave. */
export interface Outlet {
  /** Largest message that the peer takes, as far as it is known. */
  readonly maxMessageBytes: number;
  /** How much memory messages take that have not left. */
  readonly heldBytes: number;
  /** Takes a message; `onLeft` is told 0 if it was dropped on purpose. */
  push(
    payload: Payload,
    onLeft: (peers?: 0 | 1) => void,
    onFail: (error: unknown) => void,
  ): OutgoingItem | undefined;
  /** Takes back a message, or what has not left of it. Nobody is told. */
  remove(item: OutgoingItem): void;
}

/** What a message meets whose way has ended. */
export const GONE = new DOMException("The peer is gone", "NetworkError");

/** What {@linkcode deliver} needs. */
export interface DeliverOptions {
  /** Largest message that is sent. */
  readonly maxMessageBytes: number;
  /** Takes back what has not left. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Hands a message to some peers, by id; resolves with their number when it has
 * left for all of them. A rejection since somebody is gone need not be handled:
 * that is told of elsewhere, too.
 *
 * @throws {RangeError} If it is too large for one.
 * @throws {DOMException} `QuotaExceededError` if too much waits for one.
 */
export function deliver(
  payload: Payload,
  outlets: ReadonlyMap<string, Outlet>,
  options: DeliverOptions,
): Promise<number> {
  const { maxMessageBytes } = options;
  for (const [id, outlet] of outlets) {
    checkSize("send", payload, id, outlet, maxMessageBytes);
    const { heldBytes } = outlet;
    if (heldBytes > 0 && heldBytes + payload.heldBytes > maxMessageBytes) {
      throw new DOMException(
        `Cannot send: ${heldBytes} bytes wait to leave for peer "${id}" already`,
        "QuotaExceededError",
      );
    }
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  push(payload, outlets, options.signal).then(resolve, (error) => {
    if (error instanceof SendError && error.cause === GONE) {
      promise.catch(() => {});
    }
    reject(error);
  });
  return promise;
}

async function push(
  payload: Payload,
  outlets: ReadonlyMap<string, Outlet>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let left = 0;
  let waiting = outlets.size;
  const lost: string[] = [];
  const errors: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const settle = () => --waiting === 0 && resolve();
  const items = [...outlets].map(([id, outlet]) =>
    [
      outlet,
      outlet.push(payload, (peers = 1) => {
        left += peers;
        settle();
      }, (error) => {
        lost.push(id);
        errors.push(error);
        settle();
      }),
    ] as const
  );
  if (waiting > 0) {
    payload.keep();
    const abort = () => {
      for (const [outlet, item] of items) if (item) outlet.remove(item);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort);
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
  if (lost.length > 0) throw new SendError(lost, { cause: errors[0] });
  return left;
}

/**
 * Refuses data that is too large for one side.
 *
 * @throws {RangeError} If it is.
 */
export function checkSize(
  action: string,
  { byteLength }: Payload,
  peerId: string,
  outlet: Pick<Outlet, "maxMessageBytes">,
  maxMessageBytes: number,
): void {
  if (byteLength > maxMessageBytes) {
    throw new RangeError(
      `Cannot ${action}: "data" must have at most ${maxMessageBytes} bytes, got ${byteLength}`,
    );
  }
  if (byteLength > outlet.maxMessageBytes) {
    throw new RangeError(
      `Cannot ${action}: peer "${peerId}" takes at most ${outlet.maxMessageBytes} bytes, got ${byteLength}`,
    );
  }
}
