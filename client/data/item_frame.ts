/**
 * How items travel on a lane: each is cut into counted frames as small as
 * needed, so that others get their turn in between.
 *
 * | frame  | first byte                | then                                          |
 * | ------ | ------------------------- | --------------------------------------------- |
 * | whole  | slot + `START` + `END`    | kind u8, bytes                                |
 * | start  | slot + `START`            | kind u8, length of the whole item f64, bytes  |
 * | middle | slot                      | bytes                                         |
 * | end    | slot + `END`              | bytes                                         |
 * | abort  | slot + `START` + `END`    | nothing: what came of the item is void        |
 *
 * There is a slot for messages and one for everything else, and one item of
 * each is on its way at a time.
 *
 * @module
 */
import { COUNTED } from "./lane_frame.ts";

/** What an item is. */
export const KIND = {
  /** A message, UTF-8. */
  text: 0,
  /** A message, bytes. */
  binary: 1,
  /** Number u32, UTF-8. */
  textRequest: 2,
  /** Number u32, bytes. */
  binaryRequest: 3,
  /** Number u32 of the request, UTF-8. */
  textAnswer: 4,
  /** Number u32 of the request, bytes. */
  binaryAnswer: 5,
  /** Number u32 of the request, code and message as JSON. */
  failure: 6,
  /** Number u32 of the request that nobody waits for any more. */
  cancel: 7,
  /** A channel that the sender uses, as JSON. */
  channel: 8,
  /** Name of a channel that the sender uses no more, as JSON. */
  channelEnd: 9,
} as const;

/** One of {@linkcode KIND}. */
export type Kind = typeof KIND[keyof typeof KIND];

/** Largest item that is neither message, request nor answer. */
export const SMALL_ITEM_BYTES = 16 * 1024;

/** Whether an item is a message. */
export function isMessage(kind: number): boolean {
  return kind <= KIND.binary;
}

/** The frame starts an item. */
export const START = 1;
/** The frame ends one. */
export const END = 2;

/** The slot of an item: first byte of its frames, but for `START` and `END`. */
export function slotOf(kind: Kind): number {
  return COUNTED + (isMessage(kind) ? 0 : 4);
}

/** Whether there is such a slot. */
export function isSlot(slot: number): boolean {
  return slot === COUNTED || slot === COUNTED + 4;
}
