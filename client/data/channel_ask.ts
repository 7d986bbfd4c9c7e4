import { isFields, readJson } from "../../protocol.ts";
import { type ChannelSettings, readChannelOptions } from "./channel_options.ts";
import { isCount } from "./lane_frame.ts";
import { toData } from "./to_data.ts";

/** What a peer says of a channel: that it asks for it, or does so no more. */
export interface ChannelAsk {
  /** Name of the channel. */
  readonly name: string;
  /** Number of the asking, higher each time. */
  readonly ask: number;
  /** What it asks for. */
  readonly settings: ChannelSettings;
}

/** Reads the item of a channel; `undefined` if no honest peer sends it. */
export function readChannelAsk(
  bytes: Uint8Array<ArrayBuffer>,
): ChannelAsk | undefined {
  const value = readJson(toData(bytes, true) as string);
  if (!isFields(value)) return;
  const { name, ask } = value;
  if (typeof name !== "string" || typeof ask !== "number") return;
  if (!isCount(ask)) return;
  try {
    return { name, ask, settings: readChannelOptions(name, value) };
  } catch {
    // The same rules as for our own app.
    return;
  }
}
