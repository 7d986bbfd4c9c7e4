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
  /** Whether each of them was named: then it leaves for all of them or for none. */
  readonly named: boolean;
  /** Largest message that is sent. */
  readonly maxMessageBytes: number;
  /** Takes back what has not left. */
  readonly signal: AbortSignal | undefined;
  /** A peer does not get it, though it is there. */
  onLost(peerId: string): void;
}

/**
 * Hands a message to some peers, by id; resolves with their number when it has
 * left for all of them. A rejection need not be handled: whom it is lost for is
 * told in any case. Nobody keeps it from the others, unless all were named.
 *
 * @throws {RangeError} If it is too large for us, for one of those named, or for all.
 * @throws {DOMException} `QuotaExceededError` if too much waits for one of those named, or for all.
 */
export function deliver(
  payload: Payload,
  outlets: ReadonlyMap<string, Outlet>,
  options: DeliverOptions,
): Promise<number> {
  const { maxMessageBytes, named, onLost } = options;
  checkOwnSize("send", payload, maxMessageBytes);
  const lost = new Map<string, unknown>();
  for (const [id, outlet] of outlets) {
    try {
      checkSize("send", payload, id, outlet);
      checkRoom(payload, id, outlet, maxMessageBytes);
    } catch (error) {
      if (named) throw error;
      lost.set(id, error);
    }
  }
  const [first] = lost.values();
  const refused = [...lost.keys()];
  const left = first && lost.size === outlets.size
    ? Promise.reject(first)
    : push(payload, outlets, lost, options);
  left.catch(() => {});
  // Later: a listener may send again, which must not overtake this.
  for (const id of refused) queueMicrotask(() => onLost(id));
  return left;
}

async function push(
  payload: Payload,
  outlets: ReadonlyMap<string, Outlet>,
  lost: Map<string, unknown>,
  { signal, onLost }: DeliverOptions,
): Promise<number> {
  let left = 0;
  let waiting = outlets.size - lost.size;
  let done = () => {};
  const items: [Outlet, OutgoingItem | undefined][] = [];
  for (const [id, outlet] of outlets) {
    if (lost.has(id)) continue;
    const item = outlet.push(payload, (peers = 1) => {
      left += peers;
      if (--waiting === 0) done();
    }, (error) => {
      lost.set(id, error);
      if (error !== GONE) onLost(id);
      if (--waiting === 0) done();
    });
    items.push([outlet, item]);
  }
  if (waiting > 0) {
    payload.keep();
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        for (const [outlet, item] of items) if (item) outlet.remove(item);
        reject(signal?.reason);
      };
      done = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
  const [cause] = lost.values();
  if (lost.size > 0) throw new SendError([...lost.keys()], { cause });
  return left;
}

/**
 * Refuses data that is too large to be sent.
 *
 * @throws {RangeError} If it is.
 */
export function checkOwnSize(
  action: string,
  { byteLength }: Payload,
  maxBytes: number,
): void {
  if (byteLength > maxBytes) {
    throw new RangeError(
      `Cannot ${action}: "data" must have at most ${maxBytes} bytes, got ${byteLength}`,
    );
  }
}

/**
 * Refuses data that is larger than a peer takes.
 *
 * @throws {RangeError} If it is.
 */
export function checkSize(
  action: string,
  { byteLength }: Payload,
  peerId: string,
  { maxMessageBytes }: Pick<Outlet, "maxMessageBytes">,
): void {
  if (byteLength > maxMessageBytes) {
    throw new RangeError(
      `Cannot ${action}: peer "${peerId}" takes at most ${maxMessageBytes} bytes, got ${byteLength}`,
    );
  }
}

function checkRoom(
  payload: Payload,
  peerId: string,
  { heldBytes }: Outlet,
  maxBytes: number,
): void {
  if (heldBytes > 0 && heldBytes + payload.heldBytes > maxBytes) {
    throw new DOMException(
      `Cannot send: ${heldBytes} bytes wait to leave for peer "${peerId}" already`,
      "QuotaExceededError",
    );
  }
}
