import type { Sendable } from "./data/payload.ts";

/**
 * What an app says of its own room to {@linkcode connect}, for the compiler
 * alone: what peers really send is not checked.
 */
export interface RoomTypes {
  /** What each publishes about itself. */
  readonly presence?: unknown;
  /** What messages, requests and answers hold when they arrive: `string`, or a narrower one, `ArrayBuffer`, or both. */
  readonly messages?: string | ArrayBuffer;
}

/** The presence of a room. */
export type PresenceOf<Types extends RoomTypes> = Types extends
  { readonly presence: infer Presence } ? Presence : unknown;

/** What arrives in a room. */
export type MessageOf<Types extends RoomTypes> = Types extends
  { readonly messages: infer Data extends string | ArrayBuffer } ? Data
  : string | ArrayBuffer;

/** What can be sent so that it arrives as `Data`. */
export type SendableAs<Data extends string | ArrayBuffer> =
  | (Data extends string ? Data : never)
  | (ArrayBuffer extends Data ? Exclude<Sendable, string> : never);
