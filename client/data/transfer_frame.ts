/**
 * How files travel on their lane. Every frame is counted, and has the number
 * of its transfer behind its type; who offers counts up.
 *
 * | type | frame   | then                                    | sent by, when                                     |
 * | ---- | ------- | --------------------------------------- | ------------------------------------------------- |
 * | 16   | offer   | name, type and size as JSON             | sender: has something                             |
 * | 17   | data    | bytes                                   | sender: within what was granted                   |
 * | 18   | end     | how many bytes f64, digest (32 bytes)   | sender: that was all                              |
 * | 19   | abandon | code and reason as JSON                 | sender: there is no more                          |
 * | 20   | grant   | granted f64, confirmed f64              | receiver: accepts, and has read so much           |
 * | 21   | done    | nothing                                 | receiver: has read all of it, and the digest is right |
 * | 22   | refuse  | code and reason as JSON                 | receiver: does not want it, or no more of it      |
 *
 * @module
 */
import { isFields, readJson } from "../../protocol.ts";
import { takeFrame } from "./frame_pool.ts";
import { isCount, viewOf } from "./lane_frame.ts";
import { toData } from "./to_data.ts";

/** Types of frames. */
export const TRANSFER = {
  offer: 16,
  data: 17,
  end: 18,
  abandon: 19,
  grant: 20,
  done: 21,
  refuse: 22,
} as const;

/** What stands before the body of each frame: type and number. */
export const TRANSFER_HEAD_BYTES = 5;
/** Most characters of a name or a type of a file. */
export const NAME_CHARS = 255;
/** Most characters of a reason. */
const REASON_CHARS = 1024;

/** What a file is called. */
export interface Offer {
  /** As its sender says; any characters, so no path to write to. */
  readonly name: string;
  /** Media type (RFC 6838), as its sender says; empty if unknown. */
  readonly type: string;
  /** In bytes; `null` for a stream. */
  readonly size: number | null;
}

/** Why a transfer ended early. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** How far a transfer may go, and has gone. */
export interface Grant {
  /** How many bytes may be sent in all. */
  readonly granted: number;
  /** How many the receiving app has read. */
  readonly confirmed: number;
}

/** The end of the content. */
export interface Ending {
  readonly byteLength: number;
  readonly digest: Uint8Array;
}

const encoder = new TextEncoder();

/** Writes a frame with some bytes. */
export function transferFrame(
  type: number,
  number: number,
  body: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const frame = takeFrame(TRANSFER_HEAD_BYTES + body.byteLength);
  frame[0] = type;
  viewOf(frame).setUint32(1, number);
  frame.set(body, TRANSFER_HEAD_BYTES);
  return frame;
}

/** Writes an offer or a refusal. */
export function jsonFrame(
  type: number,
  number: number,
  value: Offer | Refusal,
): Uint8Array<ArrayBuffer> {
  return transferFrame(type, number, encoder.encode(JSON.stringify(value)));
}

/** Writes how far a transfer may go. */
export function grantFrame(
  number: number,
  { granted, confirmed }: Grant,
): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(16);
  viewOf(body).setFloat64(0, granted);
  viewOf(body).setFloat64(8, confirmed);
  return transferFrame(TRANSFER.grant, number, body);
}

/** Writes the end of the content. */
export function endFrame(
  number: number,
  { byteLength, digest }: Ending,
): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(8 + digest.byteLength);
  viewOf(body).setFloat64(0, byteLength);
  body.set(digest, 8);
  return transferFrame(TRANSFER.end, number, body);
}

/** Reads an offer; `undefined` for anything else, as all that follow. */
export function readOffer(body: Uint8Array<ArrayBuffer>): Offer | undefined {
  const value = readFields(body);
  if (!value) return;
  const { name, type, size } = value;
  if (!isShort(name, NAME_CHARS) || !isShort(type, NAME_CHARS)) return;
  if (size !== null && !(typeof size === "number" && isCount(size))) return;
  return { name, type, size };
}

/** Reads why a transfer ended early. */
export function readRefusal(
  body: Uint8Array<ArrayBuffer>,
): Refusal | undefined {
  const value = readFields(body);
  if (!value) return;
  const { code, reason } = value;
  if (!isShort(code, NAME_CHARS) || !isShort(reason, REASON_CHARS)) return;
  return { code, reason };
}

/** Reads how far a transfer may go. */
export function readGrant(body: Uint8Array): Grant | undefined {
  if (body.byteLength !== 16) return;
  const granted = viewOf(body).getFloat64(0);
  const confirmed = viewOf(body).getFloat64(8);
  return isCount(granted) && isCount(confirmed)
    ? { granted, confirmed }
    : undefined;
}

/** Reads the end of the content. */
export function readEnding(body: Uint8Array): Ending | undefined {
  if (body.byteLength !== 40) return;
  const byteLength = viewOf(body).getFloat64(0);
  return isCount(byteLength)
    ? { byteLength, digest: body.slice(8) }
    : undefined;
}

/** As much of a reason as is told. */
export function shortReason(reason: string): string {
  return reason.slice(0, REASON_CHARS);
}

function readFields(
  body: Uint8Array<ArrayBuffer>,
): Record<string, unknown> | undefined {
  const value = readJson(toData(body, true) as string);
  return isFields(value) ? value : undefined;
}

function isShort(value: unknown, maxChars: number): value is string {
  return typeof value === "string" && value.length <= maxChars;
}
