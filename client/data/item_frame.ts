/**
 * How items travel on a lane, one after the other: each is cut into counted
 * frames as small as needed.
 *
 * | frame  | first byte                | then                                          |
 * | ------ | ------------------------- | --------------------------------------------- |
 * | whole  | `ITEM` + `START` + `END`  | kind u8, bytes                                |
 * | start  | `ITEM` + `START`          | kind u8, length of the whole item f64, bytes  |
 * | middle | `ITEM`                    | bytes                                         |
 * | end    | `ITEM` + `END`            | bytes                                         |
 * | abort  | `ITEM` + `START` + `END`  | nothing: what came of the item is void        |
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
  /** A channel that the sender asks for: name, number of the asking and settings, as JSON. */
  channel: 8,
  /** One that it asks for no more: name and number of the asking, as JSON. */
  channelEnd: 9,
  /** A text of a comparison of emoji. */
  comparison: 10,
} as const;

/** One of {@linkcode KIND}. */
export type Kind = typeof KIND[keyof typeof KIND];

/** Largest item that is neither message, request nor answer. */
export const SMALL_ITEM_BYTES = 16 * 1024;

/** Whether an item is a message. */
export function isMessage(kind: number): boolean {
  return kind <= KIND.binary;
}

/** First byte of every frame, but for the following. */
export const ITEM = COUNTED;
/** The frame starts an item. */
export const START = 1;
/** The frame ends one. */
export const END = 2;
