import { median } from "../../bench/measurement.ts";
import type { Row } from "./fault.ts";

/** What became of a pair by a fault. */
export interface Outcome {
  /** Whether it had connected before. */
  readonly connected: boolean;
  /** From the end of the fault until both have a new message from the other; `null` if that took more than a minute. */
  readonly seconds: number | null;
  /** Messages that the library took and that never arrived though later ones did, of both. */
  readonly lost: number;
  /** Messages that arrived again, of both. */
  readonly doubled: number;
  /** The longest time in which one of them heard nothing. */
  readonly silenceSeconds: number;
  /** Whether the library told one of them that the other is gone. */
  readonly gone: boolean;
  /** What each of them has seen. */
  readonly notes: Readonly<Record<string, readonly string[]>>;
}

/** Of a pair to which nothing has happened. */
export const NOTHING: Outcome = {
  connected: true,
  seconds: null,
  lost: 0,
  doubled: 0,
  silenceSeconds: 0,
  gone: false,
  notes: {},
};

/** The outcomes of one fault in several runs, in a cell of a table. */
export function cell(
  outcomes: readonly Outcome[],
  shows: Row["shows"],
): string {
  if (outcomes.length === 0) return "";
  if (outcomes.every(({ connected }) => !connected)) return "never connected";
  const words: string[] = [];
  const survived = outcomes.filter(({ seconds }) => seconds !== null);
  if (survived.length < outcomes.length) {
    words.push(
      survived.length === 0
        ? "**no**"
        : `**${survived.length} of ${outcomes.length}**`,
    );
  }
  if (survived.length > 0) {
    const of = (what: (outcome: Outcome) => number) =>
      median(survived.map(what));
    words.push(
      shows === "seconds"
        ? `${of(({ seconds }) => seconds ?? NaN).toFixed(1)} s`
        : `silent ${of(({ silenceSeconds }) => silenceSeconds).toFixed(1)} s`,
    );
    const lost = Math.round(of(({ lost }) => lost));
    const doubled = Math.round(of(({ doubled }) => doubled));
    if (lost > 0) words.push(`${lost} lost`);
    if (doubled > 0) words.push(`${doubled} doubled`);
  }
  if (outcomes.filter(({ gone }) => gone).length * 2 > outcomes.length) {
    words.push("said gone");
  }
  return words.join(", ");
}
