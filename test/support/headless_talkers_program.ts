/**
 * Talkers in a process of their own, which does what the lines of its standard
 * input say: werift leaves timers behind.
 *
 * @module
 */
import { answerStun } from "./answer_stun.ts";
import { connectHeadless } from "./headless.ts";
import { joinAsTalker, type Talker, type TalkerOptions } from "./talker.ts";

/** A line of its input: who is to do what. */
export interface Request {
  /** Comes back in the answer. */
  readonly number: number;
  /** Id of the talker. */
  readonly id: string;
  /** What it is to do; it begins to be with `join`. */
  readonly name: keyof Talker | "join";
  /** With what. */
  readonly args: readonly unknown[];
}

/** A line of its output: what came of it. */
export interface Answer {
  /** That of the request. */
  readonly number: number;
  /** What was returned. */
  readonly value?: unknown;
  /** What was thrown. */
  readonly error?: string;
}

const talkers = new Map<string, Talker>();
const iceServers = [{ urls: await answerStun() }];

async function answer({ number, id, name, args }: Request): Promise<Answer> {
  try {
    if (name === "join") {
      const [options] = args as [TalkerOptions];
      const join: typeof connectHeadless = (options) =>
        connectHeadless({ ...options, iceServers });
      talkers.set(id, await joinAsTalker(join, options));
      return { number };
    }
    const talker = talkers.get(id);
    if (!talker) throw new Error(`There is no ${id}`);
    const act = talker[name] as (...args: readonly unknown[]) => unknown;
    return { number, value: await act(...args) };
  } catch (error) {
    return { number, error: String(error) };
  }
}

if (import.meta.main) {
  let rest = "";
  for await (
    const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  ) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      void answer(JSON.parse(line)).then((answer) =>
        console.log(JSON.stringify(answer))
      );
    }
  }
  Deno.exit();
}
