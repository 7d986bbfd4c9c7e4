import { isName } from "../../protocol.ts";

/** Longest name of a channel. */
const NAME_CHARS = 128;
/** Most of what the W3C gives 16 bits. */
const MOST = 65_535;

/** How important a channel is beside others (W3C WebRTC Priority §4). */
export type ChannelPriority = "very-low" | "low" | "medium" | "high";

const PRIORITIES: readonly unknown[] = ["very-low", "low", "medium", "high"];

/** Options of {@linkcode Connection.channel}, as those of an `RTCDataChannel` (W3C WebRTC §6.2). */
export interface ChannelOptions {
  /** Whether messages arrive in the order in which they were sent. @default {true} */
  readonly ordered?: boolean;
  /** How often what got lost is sent again, 0 to 65535. @default {until it arrives} */
  readonly maxRetransmits?: number;
  /** For how long what got lost is sent again, in milliseconds, 0 to 65535. Not together with `maxRetransmits`. @default {until it arrives} */
  readonly maxPacketLifeTime?: number;
  /** Handed to the browser, which may heed it. None did when this was written. @default {"low"} */
  readonly priority?: ChannelPriority;
}

/** {@linkcode ChannelOptions}, complete. */
export interface ChannelSettings {
  /** Whether messages arrive in order. */
  readonly ordered: boolean;
  /** How often what got lost is sent again; `null` without a limit. */
  readonly maxRetransmits: number | null;
  /** For how long, in milliseconds; `null` without a limit. */
  readonly maxPacketLifeTime: number | null;
  /** How important it is. */
  readonly priority: ChannelPriority;
}

/**
 * Checks the options of a channel.
 *
 * @throws {TypeError} If one has the wrong type, or both limits are there.
 * @throws {RangeError} If the name has the wrong length, or a number is out of range.
 */
export function readChannelOptions(
  name: unknown,
  options: { readonly [Name in keyof ChannelOptions]: unknown },
): ChannelSettings {
  const {
    ordered = true,
    maxRetransmits = null,
    maxPacketLifeTime = null,
    priority = "low",
  } = options;
  if (typeof name !== "string") {
    refuse(TypeError, `"name" must be a string, got ${typeof name}`);
  }
  if (!isName(name as string, NAME_CHARS)) {
    refuse(
      RangeError,
      `"name" must be a name of 1 to ${NAME_CHARS} characters`,
    );
  }
  if (typeof ordered !== "boolean") {
    refuse(TypeError, `"ordered" must be a boolean, got ${typeof ordered}`);
  }
  const limits = { maxRetransmits, maxPacketLifeTime };
  for (const [option, value] of Object.entries(limits)) {
    const fits = value === null ||
      Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST;
    if (!fits) {
      refuse(
        RangeError,
        `"${option}" must be an integer of 0 to ${MOST}, got ${value}`,
      );
    }
  }
  if (maxRetransmits !== null && maxPacketLifeTime !== null) {
    refuse(
      TypeError,
      '"maxRetransmits" and "maxPacketLifeTime" exclude each other',
    );
  }
  if (!PRIORITIES.includes(priority)) {
    refuse(
      TypeError,
      `"priority" must be one of ${PRIORITIES.join(", ")}, got ${priority}`,
    );
  }
  return { ordered, ...limits, priority } as ChannelSettings;
}

/** Whether nothing gets lost, and nothing overtakes. */
export function isReliable(settings: ChannelSettings): boolean {
  const { ordered, maxRetransmits, maxPacketLifeTime } = settings;
  return ordered && maxRetransmits === null && maxPacketLifeTime === null;
}

/** Whether two channels are of one kind. */
export function isSameChannel(
  one: ChannelSettings,
  other: ChannelSettings,
): boolean {
  // Both were made above, with the same fields in the same order.
  return JSON.stringify(one) === JSON.stringify(other);
}

function refuse(error: typeof TypeError, words: string): never {
  throw new error(`Cannot open channel: ${words}`);
}
