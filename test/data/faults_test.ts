import { assertEquals } from "@std/assert";
import { startBrowser } from "../support/browsers.ts";
import { freePort } from "../support/free_port.ts";
import { type JoinedPage, openJoinedPages } from "../support/joined_pages.ts";
import {
  startTalk,
  stopTalk,
  untilAllHeard,
} from "../support/numbered_talk.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { startSite } from "../support/site.ts";
import { type Program, startProgram } from "../support/start_program.ts";

const WHOLE = Deno.args.includes("--whole");

const FAULTS = WHOLE ? 50 : 8;

/** Another one each time, unless it is given: `-- --seed=1`. */
const SEED = Number(
  Deno.args.find((arg) => arg.startsWith("--seed="))?.slice("--seed=".length) ??
    Math.floor(Math.random() * 2 ** 32),
);

/** What a fault may happen to. */
interface Scene {
  readonly one: JoinedPage;
  readonly other: JoinedPage;
  /** Ends the server and starts it again. */
  restartServer(): Promise<void>;
}

function restartIce({ one, other }: Scene): Promise<void> {
  return one.page.evaluate(
    (id) => connection.peers.get(id)?.pc?.restartIce(),
    other.id,
  );
}

function closePc({ one, other }: Scene): Promise<void> {
  return one.page.evaluate(
    (id) => connection.peers.get(id)?.pc?.close(),
    other.id,
  );
}

function dropSocket({ one }: Scene): Promise<void> {
  // Without a code it would be a goodbye.
  return one.page.evaluate(() => connection.socket.reconnect(4003));
}

function fromOther({ one, other, ...scene }: Scene): Scene {
  return { ...scene, one: other, other: one };
}

const CAUSES: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  "ICE restart": restartIce,
  "ICE restart of both": (scene) =>
    Promise.all([restartIce(scene), restartIce(fromOther(scene))]),
  "new connection": closePc,
  "new connection of the other": (scene) => closePc(fromOther(scene)),
  "new connection of both": (scene) =>
    Promise.all([closePc(scene), closePc(fromOther(scene))]),
  "socket dropped": dropSocket,
  "server restarted": ({ restartServer }) => restartServer(),
  "server restarted and new connection": (scene) =>
    Promise.all([scene.restartServer(), closePc(scene)]),
  "socket dropped and new connection of both": (scene) =>
    Promise.all([
      dropSocket(scene),
      closePc(scene),
      closePc(fromOther(scene)),
    ]),
};

Deno.test(`messages between three pages arrive exactly once and in order when there are ${FAULTS} random faults`, async () => {
  const port = freePort();
  const host = `http://127.0.0.1:${port}`;
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await startSite());
  const { browser } = stack.use(await startBrowser("chrome"));
  const third = WHOLE
    ? stack.use(await startBrowser("firefox")).browser
    : browser;
  const start = async (): Promise<Program> => {
    const program = stack.use(
      await startProgram({
        env: {
          HOST: "127.0.0.1",
          PORT: String(port),
          SESSION_SECRET: "a secret that outlives the server",
        },
      }),
    );
    await program.listening;
    return program;
  };
  let program = await start();
  const pages = await openJoinedPages([browser, browser, third], site.url, {
    host,
  });
  for (const page of pages) stack.use(page);
  await startTalk(pages);

  const random = seededRandom(SEED);
  const names = Object.keys(CAUSES);
  const happened: string[] = [];
  try {
    for (let fault = 0; fault < FAULTS; fault++) {
      const name = names[Math.floor(random() * names.length)] ?? "";
      const first = Math.floor(random() * 3);
      const second = (first + 1 + Math.floor(random() * 2)) % 3;
      const [one, other] = [pages[first], pages[second]];
      const cause = CAUSES[name];
      if (!one || !other || !cause) continue;
      happened.push(`${name} (${one.id}, ${other.id})`);
      await cause({
        one,
        other,
        async restartServer() {
          program.kill("SIGKILL");
          await program.status;
          program = await start();
        },
      });
      // Now and then the next one comes in the middle of this one.
      if (random() < 0.3) continue;
      const startedAt = performance.now();
      await untilAllHeard(pages);
      const tookMs = Math.round(performance.now() - startedAt);
      happened.push(`all heard after ${tookMs} ms`);
    }
    const { wrong, messages } = await stopTalk(pages);
    assertEquals(wrong, []);
    console.log(`  seed ${SEED}, ${messages} messages`);
  } catch (error) {
    const history = happened.join(", ");
    throw new Error(`It went wrong with --seed=${SEED}: ${history}`, {
      cause: error,
    });
  }
});
