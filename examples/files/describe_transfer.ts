import { formatBytes } from "./format_bytes.ts";
import { formatSeconds } from "./format_seconds.ts";
import type { TransferState } from "./transfer_state.ts";

/** What there is to say of a transfer. */
export interface TransferFacts {
  /** Whether we send it or get it. */
  readonly direction: "out" | "in";
  /** Name of the person at the other side. */
  readonly peer: string;
  /** Whether packets get there now. */
  readonly connected: boolean;
  /** Where it stands. */
  readonly state: TransferState;
  /** How many bytes the receiving side has read. */
  readonly bytes: number;
  /** How many there are; `null` if nobody knows. */
  readonly size: number | null;
  /** How many come in a second; `undefined` while that is not known. */
  readonly pace: number | undefined;
}

/** A transfer, as its row shows it. */
export interface TransferDescription {
  /** How much of it has arrived. */
  readonly amount: string;
  /** Where it stands. */
  readonly words: string;
  /** Picks colour and pattern of the bar. */
  readonly look: "offered" | "moving" | "paused" | "done" | "over" | "failed";
}

/** Puts a transfer into words. */
export function describeTransfer(facts: TransferFacts): TransferDescription {
  const { direction, peer, connected, state, bytes, size } = facts;
  const whole = size === null ? "size unknown" : formatBytes(size);
  const part = size === null ? formatBytes(bytes) : formatPart(bytes, size);
  switch (state.state) {
    case "offered": {
      const waits = connected
        ? `Waits for ${peer} to accept`
        : "The connection is gone; the offer stands when it is back";
      const words = direction === "out" ? waits : `${peer} offers it to you`;
      return { amount: whole, words, look: "offered" };
    }
    case "moving":
      return connected
        ? { amount: part, words: describeMotion(facts), look: "moving" }
        : {
          amount: part,
          words: "The connection is gone; it goes on when it is back",
          look: "paused",
        };
    case "done": {
      const words = `${state.saved ? "Saved" : "Done"}, digest right`;
      return { amount: whole, words, look: "done" };
    }
    case "declined": {
      const who = direction === "out" ? peer : "You";
      return { amount: whole, words: `${who} declined`, look: "over" };
    }
    case "cancelled": {
      const who = state.by === "us" ? "You" : peer;
      return { amount: part, words: `${who} cancelled it`, look: "over" };
    }
    case "failed":
      return { amount: part, words: `Failed: ${state.why}`, look: "failed" };
    default:
      return state satisfies never;
  }
}

/** Names the unit once where it is the same. */
function formatPart(bytes: number, size: number): string {
  const [part, unit] = formatBytes(bytes).split(" ");
  const whole = formatBytes(size);
  return whole.endsWith(` ${unit}`)
    ? `${part} of ${whole}`
    : `${part} ${unit} of ${whole}`;
}

function describeMotion({ bytes, size, pace }: TransferFacts): string {
  if (bytes === size) return "Checking the digest…";
  if (pace === undefined) return "On its way";
  if (pace < 1) return "Stands still";
  const speed = `${formatBytes(pace)}/s`;
  if (size === null) return speed;
  return `${speed}, ${formatSeconds((size - bytes) / pace)} left`;
}
