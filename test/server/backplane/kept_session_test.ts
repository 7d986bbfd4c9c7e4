import { assertEquals } from "@std/assert";
import {
  KeptSession,
  type Life,
  type Session,
} from "../../../server/backplane/kept_session.ts";

const SESSION: Session = {
  ping: () => Promise.resolve(),
  leave: () => Promise.resolve(),
};

/** Keeps sessions whose attempts go as they are told: a reason why one fails, or nothing if it does not. Closes with the last one, and says what was told. */
async function toldOf(
  attempts: readonly (string | undefined)[],
): Promise<string[]> {
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  const rest = [...attempts];
  let life: Life | undefined;
  const kept: KeptSession<Session> = new KeptSession({
    connect(next) {
      life = next;
      const reason = rest.shift();
      next.defer(() => told.push("end"));
      return reason === undefined
        ? Promise.resolve(SESSION)
        : Promise.reject(new Error(reason));
    },
    onUp() {
      told.push("up");
      if (rest.length === 0) ended.resolve();
      else queueMicrotask(() => life?.lost("lost"));
    },
    onDown: (reason) => told.push(`down: ${reason}`),
    onTrouble: (reason) => told.push(`trouble: ${reason}`),
  });
  await ended.promise;
  await kept.close();
  await kept.close();
  return told;
}

Deno.test("KeptSession tells each reason once until there is a session", async () => {
  assertEquals(await toldOf(["a", "b", "a", undefined, "a", undefined]), [
    ...["end", "trouble: a", "end", "trouble: b", "end"],
    ...["up", "end", "down: lost"],
    ...["end", "trouble: a"],
    ...["up", "end"],
  ]);
});

Deno.test("KeptSession ends what an attempt brings after it was given up", async () => {
  const begun = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const kept = new KeptSession({
    async connect(life: Life) {
      begun.resolve();
      await late.promise;
      life.defer(ended.resolve);
      return SESSION;
    },
    onUp() {
      throw new Error("It is up");
    },
    onDown() {
      throw new Error("It is down");
    },
  });
  await begun.promise;
  await kept.close();
  late.resolve();
  await ended.promise;
  assertEquals(kept.current, undefined);
});
