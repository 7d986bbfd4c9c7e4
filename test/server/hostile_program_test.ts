import { assert, assertEquals } from "@std/assert";
import { CLOSE } from "../../protocol.ts";
import { rss } from "../bench/rss.ts";
import { fragments } from "../support/fragments.ts";
import { knock } from "../support/knock.ts";
import { openByHand } from "../support/open_by_hand.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { sign } from "../support/sign.ts";
import { startProgram } from "../support/start_program.ts";

const SECRET = "a secret of more than thirty-two bytes";
/** How often the two talk: below the rate at which a server drops a peer. */
const BEAT_MS = 40;

/** Two peers of a room that talk all the time. */
class Canaries implements AsyncDisposable {
  /** How often both have heard each other. */
  beats = 0;
  readonly #a: RawPeer;
  readonly #b: RawPeer;
  readonly #life: Promise<void>;
  #over = false;
  #onBeat = () => {};

  private constructor(a: RawPeer, b: RawPeer) {
    this.#a = a;
    this.#b = b;
    this.#life = this.#talk();
    this.#life.catch(() => this.#onBeat());
  }

  static async join(url: string, bearer: string): Promise<Canaries> {
    const options = { bearer };
    const a = await RawPeer.join(url, "r", "canary a", options);
    const b = await RawPeer.join(url, "r", "canary b", options);
    await a.next("join");
    return new Canaries(a, b);
  }

  /** Resolves when both have heard each other again; rejects when one of them has missed something. */
  async alive(): Promise<void> {
    const { beats } = this;
    while (this.beats < beats + 2) {
      await Promise.race([
        this.#life,
        new Promise<void>((resolve) => this.#onBeat = resolve),
      ]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#life;
    await this.#a[Symbol.asyncDispose]();
    await this.#b[Symbol.asyncDispose]();
  }

  async #talk(): Promise<void> {
    for (let number = 0; !this.#over; number++) {
      await this.#say(this.#a, this.#b, number);
      await this.#say(this.#b, this.#a, number);
      this.beats++;
      this.#onBeat();
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    }
  }

  async #say(from: RawPeer, to: RawPeer, number: number): Promise<void> {
    const other = to === this.#a ? "canary a" : "canary b";
    from.send({ type: "signal", to: other, data: String(number) });
    for (;;) {
      const { data, from: sender } = await to.next("signal");
      // Attackers signal the canaries, too.
      if (!sender.startsWith("canary")) continue;
      return assertEquals(data, String(number), "a beat was missed");
    }
  }
}

/** What an attack has to work with. */
interface Target {
  readonly url: string;
  /** A token that lets in. */
  readonly bearer: string;
  /** Joins the room of the canaries. */
  join(id?: string): Promise<RawPeer>;
}

type Attack = readonly [
  what: string,
  run: (target: Target) => Promise<void>,
  counted: string,
];

/** Sends one frame, and is closed for it. */
function closedFor(
  what: string,
  frame: string | Uint8Array<ArrayBuffer>,
  code: number,
): Attack {
  return [what, async ({ join }) => {
    await using peer = await join();
    peer.socket.send(frame);
    assertEquals((await peer.closed).code, code);
  }, `drops_total{code="${code}"}`];
}

/** Sends one message, and is told what is wrong with it. */
function toldOf(what: string, message: unknown, code: string): Attack {
  return [what, async ({ join }) => {
    await using peer = await join();
    peer.send(message);
    assertEquals((await peer.next("error")).code, code);
  }, `faults_total{code="${code}"}`];
}

/** Knocks, and is refused. */
function refusedFor(
  what: string,
  code: string,
  make: (target: Target) => Promise<{
    bearer?: string;
    id?: string;
    headers?: Record<string, string>;
  }>,
): Attack {
  return [what, async (target) => {
    const { bearer = target.bearer, id, headers } = await make(target);
    const answer = await knock(target.url, {
      room: "r",
      protocols: ["webrtc.v1", `bearer.${bearer}`],
      ...(id !== undefined && { id }),
      ...(headers && { headers }),
    });
    assertEquals(answer.code, code);
  }, `refusals_total{code="${code}"}`];
}

/** Writes a message in fragments over a bare socket, and is cut off. */
function fragmented(what: string, bytes: number): Attack {
  return [what, async ({ url, bearer }) => {
    using conn = await openByHand(url, "r", "fragments", [
      "webrtc.v1",
      `bearer.${bearer}`,
    ]);
    const reading = readToEnd(conn);
    try {
      for (const frame of fragments(bytes, 64 * 1024)) {
        await writeAll(conn, frame);
      }
    } catch {
      // It was cut off before the end.
    }
    const text = await reading;
    assert(text.includes("frame-too-large"), text.slice(-200));
  }, `drops_total{code="${CLOSE.frameTooLarge}"}`];
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** Everything the server says until it closes the connection or says the close frame that follows an error. */
async function readToEnd(conn: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  while (!text.includes("frame-too-large")) {
    const read = await conn.read(buffer).catch(() => null);
    if (read === null) break;
    text += decoder.decode(buffer.subarray(0, read));
  }
  return text;
}

const UNSIGNED = `${btoa('{"alg":"none"}')}.${btoa('{"exp":9999999999}')}.`
  .replaceAll("=", "");

const ATTACKS: readonly Attack[] = [
  closedFor("a binary frame", new Uint8Array(64), CLOSE.badFrame),
  closedFor("JSON that is none", '{"type":', CLOSE.badFrame),
  closedFor("deeply nested arrays", "[".repeat(60_000), CLOSE.badFrame),
  closedFor("an array", "[]", CLOSE.badFrame),
  closedFor("a frame of 1 MiB", " ".repeat(2 ** 20), CLOSE.frameTooLarge),
  fragmented("a message of 1 MiB in fragments", 2 ** 20),
  fragmented("a message of 70 MiB in fragments", 70 * 2 ** 20),
  toldOf("deeply nested objects", {
    type: "presence",
    presence: JSON.parse('{"a":'.repeat(5_000) + "1" + "}".repeat(5_000)),
  }, "bad-frame"),
  toldOf("an unknown type", { type: "__proto__" }, "bad-frame"),
  toldOf("a message of the server", { type: "drain" }, "bad-frame"),
  toldOf("a signal to __proto__", {
    type: "signal",
    to: "__proto__",
    data: "x",
  }, "unknown-peer"),
  toldOf("a signal to an id of 10 kB", {
    type: "signal",
    to: "x".repeat(10_000),
    data: "x",
  }, "unknown-peer"),
  toldOf("a signal to a stranger", {
    type: "signal",
    to: "stranger",
    data: "x",
  }, "unknown-peer"),
  toldOf("a presence that is too large", {
    type: "presence",
    presence: "x".repeat(5_000),
  }, "presence-too-large"),
  ["signals to oneself and to a canary", async ({ join }) => {
    await using peer = await join("echo");
    for (const to of ["echo", "canary a"]) {
      peer.send({ type: "signal", to, data: "x" });
    }
    assertEquals((await peer.next("signal")).from, "echo");
  }, "peers"],
  ["a peer called __proto__", async ({ join }) => {
    await using peer = await join("__proto__");
    peer.send({ type: "presence", presence: "__proto__" });
    await peer.settled();
  }, "peers"],
  ["10,000 frames in a burst", async ({ join }) => {
    await using peer = await join();
    for (let frame = 0; frame < 10_000; frame++) {
      peer.send({ type: "signal", to: "canary a", data: "x" });
    }
    assertEquals((await peer.next("error")).code, "rate-limited");
    await peer.closed;
  }, `drops_total{code="${CLOSE.rateLimited}"}`],
  ["a reader that never reads, in a room where all talk", async (target) => {
    using _deaf = await openByHand(target.url, "loud", "deaf", [
      "webrtc.v1",
      `bearer.${target.bearer}`,
    ]);
    await using stack = new AsyncDisposableStack();
    const options = { bearer: target.bearer };
    const talkers: RawPeer[] = [];
    for (let index = 0; index < 20; index++) {
      talkers.push(
        stack.use(
          await RawPeer.join(target.url, "loud", `talker-${index}`, options),
        ),
      );
    }
    const [first] = talkers;
    let gone = false;
    const leaving = (async () => {
      for (;;) {
        const { id } = await first?.next("leave") ?? { id: "deaf" };
        if (id === "deaf") return;
      }
    })().finally(() => gone = true);
    // As fast as the rate allows, in turns, so that nobody is dropped for that.
    for (let round = 0; !gone && round < 3_000; round++) {
      const presence = String(round).padEnd(4_000);
      for (const talker of talkers) talker.send({ type: "presence", presence });
      await Promise.all(talkers.map((talker) => talker.settled()));
      for (const talker of talkers) if (talker !== first) talker.heard();
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    }
    await leaving;
  }, `drops_total{code="${CLOSE.tooSlow}"}`],
  ["1,000 sockets from one address", async ({ url, bearer }) => {
    const conns: Deno.Conn[] = [];
    for (let index = 0; index < 1_000; index++) {
      conns.push(
        await openByHand(url, `crowd-${index % 40}`, `p${index}`, [
          "webrtc.v1",
          `bearer.${bearer}`,
        ]),
      );
    }
    // The last one was answered, so all before it were.
    const buffer = new Uint8Array(4_096);
    const read = await conns.at(-1)?.read(buffer) ?? 0;
    const text = new TextDecoder().decode(buffer.subarray(0, read));
    for (const conn of conns) conn.close();
    assert(text.startsWith("HTTP/1.1 429"), text);
  }, 'refusals_total{code="too-many-sockets"}'],
  refusedFor(
    "a foreign origin",
    "bad-origin",
    () => Promise.resolve({ headers: { Origin: "https://evil.example" } }),
  ),
  refusedFor(
    "a token without a signature",
    "unauthorized",
    () => Promise.resolve({ bearer: UNSIGNED }),
  ),
  refusedFor(
    "an expired token",
    "unauthorized",
    async () => ({ bearer: await sign(SECRET, { exp: 1 }) }),
  ),
  refusedFor(
    "a token for another room",
    "forbidden",
    async () => ({ bearer: await sign(SECRET, { room: "other" }) }),
  ),
  refusedFor(
    "an id of 10 kB",
    "bad-id",
    () => Promise.resolve({ id: "x".repeat(10_000) }),
  ),
  refusedFor(
    "the id of a canary",
    "id-taken",
    () => Promise.resolve({ id: "canary a" }),
  ),
];

/** What is counted under a name at /metrics. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((line) =>
    line.startsWith(`webrtc_${name} `)
  );
  return Number(line?.split(" ").at(-1) ?? 0);
}

Deno.test("the program answers and counts every attack, its canaries miss no beat, and its memory comes back", async (t) => {
  await using program = await startProgram({
    env: {
      HOST: "127.0.0.1",
      PORT: "0",
      AUTH_SECRET: SECRET,
      ALLOWED_ORIGINS: "https://good.example",
      // Attackers that vanish hold their seats no longer than they must.
      LIMITS: "graceMs=300",
    },
  });
  const url = await program.listening;
  const bearer = await sign(SECRET);
  await using canaries = await Canaries.join(url, bearer);
  const target: Target = {
    url,
    bearer,
    join: (id) => RawPeer.join(url, "r", id, { bearer }),
  };
  /** Waits until nobody but the canaries is left. */
  async function quiet(): Promise<void> {
    while (await metric(url, "peers") > 2) await canaries.alive();
    await canaries.alive();
  }
  // What is compiled and allocated once has been by then.
  for (const [what, run] of ATTACKS) {
    if (what.includes("70 MiB")) continue;
    await run(target);
    await quiet();
  }
  const before = await rss(program.pid);

  for (const [what, run, counted] of ATTACKS) {
    await t.step(what, async () => {
      const count = await metric(url, counted);
      await run(target);
      await quiet();
      const now = await metric(url, counted);
      if (counted !== "peers") {
        assert(now > count, `${counted}: ${count}, ${now}`);
      }
    });
  }

  await t.step("memory", async () => {
    let after = await rss(program.pid);
    // Collected garbage is given back while the canaries go on.
    for (let turn = 0; turn < 500 && after > before * 1.2; turn++) {
      await canaries.alive();
      after = await rss(program.pid);
    }
    assert(after <= before * 1.2, `${before} kB before, ${after} kB after`);
    assertEquals(program.errors, "");
  });
});
