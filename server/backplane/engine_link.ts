import type { Link, LinkOptions } from "./backplane.ts";
import { opener, seal } from "./envelope.ts";
import { KeptSession, type Life, type Session } from "./kept_session.ts";
import { within } from "./within.ts";

/** How long an engine may take to answer what it is asked. */
const CALL_MS = 1000;

/** How many names an engine is asked about at once: while it answers, it answers nobody else. */
const BATCH = 100;

/** A connection to an engine, through which frames have begun to come. */
export interface EngineSession
  extends Session, Pick<Link, "claim" | "holder" | "renew" | "release"> {
  /** Sends a text to one node, or to all that listen, this one among them. */
  publish(node: string | undefined, text: string): void;
}

/** Goes among the nodes over an engine that is somewhere else, and stays there. */
export function engineLink(
  options: LinkOptions,
  /** Connects, and from then on gives every text that comes to `onText`. */
  connect: (
    life: Life,
    onText: (text: string) => void,
  ) => Promise<EngineSession>,
): Link {
  const { node } = options;
  const open = opener(node);
  let sessions = 0;
  let closed = false;

  const kept = new KeptSession<EngineSession>({
    async connect(life) {
      let session: EngineSession | undefined = undefined;
      session = await connect(life, (text) => {
        // What a session hears before it is up, or after, is as good as lost.
        if (!session || kept.current !== session) return;
        const frame = open(text);
        if (frame !== undefined) options.onFrame(frame);
      });
      return session;
    },
    onUp() {
      sessions++;
      options.onUp();
    },
    onDown: (reason) => options.onDown(reason),
    onTrouble: (reason) => options.onTrouble?.(reason),
  });

  function publish(to: string | undefined, frame: string): void {
    kept.current?.publish(to, seal(node, sessions, frame));
  }

  async function ask<T>(
    question: (session: EngineSession) => Promise<T>,
  ): Promise<T> {
    const session = kept.current;
    if (!session) {
      throw new Error(
        `Cannot ask the engine: the link is ${closed ? "closed" : "down"}`,
      );
    }
    try {
      return await within(CALL_MS, question(session));
    } catch (cause) {
      throw new Error("Cannot ask the engine: it did not answer", { cause });
    }
  }

  return {
    send: (to, frame) => publish(to, frame),
    broadcast: (frame) => publish(undefined, frame),
    claim: (name, instead) => ask((session) => session.claim(name, instead)),
    holder: (name) => ask((session) => session.holder(name)),
    async renew(names) {
      const lost: string[] = [];
      for (const batch of batches(names)) {
        lost.push(...await ask((session) => session.renew(batch)));
      }
      return lost;
    },
    async release(names) {
      for (const batch of batches(names)) {
        await ask((session) => session.release(batch));
      }
    },
    close() {
      closed = true;
      return kept.close();
    },
  };
}

function* batches(names: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < names.length; start += BATCH) {
    yield names.slice(start, start + BATCH);
  }
}
