import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { CLOSE } from "../../protocol.ts";
import { ResumeTokens } from "../../server/resume_token.ts";
import type { Handshake } from "../support/handshake.ts";
import { knock } from "../support/knock.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startServer } from "../support/start_server.ts";

const SECRET = "a secret that nobody knows";
const KEY = "main\0r";

/** What a thief may know. */
interface Loot {
  /** The token that the victim would resume with. */
  readonly current: string;
  /** The one before, which the victim has rotated away. */
  readonly rotated: string;
  /** The thief's own token in the same room. */
  readonly own: string;
  /** A token of the same id in another room. */
  readonly otherRoom: string;
  /** A token of the same id and room name in another party. */
  readonly otherParty: string;
}

type Attempt = readonly [
  what: string,
  make: (loot: Loot) => Partial<Handshake> & { token?: string },
];

/** `text` with the character at a place, as a part of the whole, replaced. */
function flipped(text: string, part: number): string {
  const at = Math.floor((text.length - 1) * part);
  const char = text[at] === "1" ? "2" : "1";
  return text.slice(0, at) + char + text.slice(at + 1);
}

/** `token` with one of its parts changed. */
function changed(
  token: string,
  index: number,
  change: (part: string) => string,
): string {
  return token.split(".").map((part, at) => at === index ? change(part) : part)
    .join(".");
}

/** Claims the id with whatever a secret of one's own signs. */
function forged(secret: string, key = KEY, id = "victim"): Attempt {
  return [`a token signed with "${secret}"`, ({ current }) => {
    const [joinedAt, sequence] = current.split(".").map(Number);
    const tokens = new ResumeTokens(secret);
    return { token: tokens.mint({ key, id }, joinedAt ?? 0, sequence ?? 0) };
  }];
}

const ATTEMPTS: readonly Attempt[] = [
  ["nothing but the id", () => ({})],
  ["no subprotocol", () => ({ protocols: [] })],
  ["the id twice", () => ({ headers: { "X-Id": "victim" } })],
  ["an empty token", () => ({ token: "" })],
  ["a word", () => ({ token: "token" })],
  ["dots", () => ({ token: "..." })],
  ["zeros", () => ({ token: `0.0.AAAAAAAA.${"A".repeat(43)}` })],
  ["a huge token", () => ({ token: "A".repeat(10_000) })],
  ["a huge number", () => ({
    token: `${"9".repeat(400)}.1.AAAAAAAA.${"A".repeat(43)}`,
  })],
  ["__proto__", () => ({ token: "__proto__" })],
  ["null", () => ({ token: "null" })],
  ["undefined", () => ({ token: "undefined" })],
  ["a token that was rotated away", ({ rotated }) => ({ token: rotated })],
  ["the thief's own token", ({ own }) => ({ token: own })],
  ["a token of another room", ({ otherRoom }) => ({ token: otherRoom })],
  ["a token of another party", ({ otherParty }) => ({ token: otherParty })],
  ["the token in upper case", ({ current }) => ({
    token: current.toUpperCase(),
  })],
  ["the token twice in one", ({ current }) => ({ token: current + current })],
  ["the token with a part added", ({ current }) => ({ token: `${current}.x` })],
  ["the token as a bearer", ({ current }) => ({
    protocols: ["webrtc.v1", `bearer.${current}`],
  })],
  ["the token in a header", ({ current }) => ({
    headers: { Authorization: `Bearer ${current}`, Resume: current },
  })],
  ["the token in a cookie", ({ current }) => ({
    headers: { Cookie: `resume=${current}` },
  })],
  ["the token behind a wrong one", ({ current, rotated }) => ({
    protocols: ["webrtc.v1", `resume.${rotated}`, `resume.${current}`],
  })],
  ["the token without its name", ({ current }) => ({
    protocols: ["webrtc.v1", current],
  })],
  ["a count of signals alone", () => ({
    protocols: ["webrtc.v1", "seen.0"],
  })],
  ["a token without a signature", ({ current }) => ({
    token: changed(current, 3, () => ""),
  })],
  ["a signature of another token", ({ current, own }) => ({
    token: changed(current, 3, () => own.split(".")[3] ?? ""),
  })],
  ["the rotated signature under the current words", ({ current, rotated }) => ({
    token: changed(current, 3, () => rotated.split(".")[3] ?? ""),
  })],
  ["a later sequence", ({ current }) => ({
    token: changed(current, 1, (part) => String(Number(part) + 1)),
  })],
  ["an earlier sequence", ({ current }) => ({
    token: changed(current, 1, (part) => String(Number(part) - 1)),
  })],
  ["an endless sequence", ({ current }) => ({
    token: changed(current, 1, () => "9".repeat(15)),
  })],
  ["an earlier membership", ({ current }) => ({
    token: changed(current, 0, (part) => String(Number(part) - 1)),
  })],
  ["a later membership", ({ current }) => ({
    token: changed(current, 0, (part) => String(Number(part) + 1)),
  })],
  ["another run of the server", ({ current }) => ({
    token: changed(current, 2, () => "AAAAAAAA"),
  })],
  ["another run and a later sequence", ({ current }) => ({
    token: changed(
      changed(current, 2, () => "AAAAAAAA"),
      1,
      (part) => String(Number(part) + 5),
    ),
  })],
  forged("another secret"),
  forged(""),
  forged("victim"),
  forged(SECRET, "main\0other"),
  forged(SECRET, KEY, "victim2"),
  ...[0.1, 0.5, 0.9, 0.99].map((part): Attempt => [
    `${part * 100}% of the token`,
    ({ current }) => ({
      token: current.slice(0, Math.floor(current.length * part)),
    }),
  ]),
  ...[0, 0.2, 0.4, 0.6, 0.8, 1].map((part): Attempt => [
    `a token changed at ${part * 100}%`,
    ({ current }) => ({ token: flipped(current, part) }),
  ]),
  [
    "a JSON Web Token without a signature",
    () => ({
      protocols: [
        "webrtc.v1",
        `bearer.${btoa('{"alg":"none"}')}.${btoa('{"sub":"victim"}')}.`
          .replaceAll("=", ""),
      ],
    }),
  ],
];

/** Those that only a victim who lives can refuse: whoever holds the token of a peer without a socket is that peer. */
const AGAINST_THE_LIVING: readonly Attempt[] = [
  ["the token itself", ({ current }) => ({ token: current })],
  ["the token with a count", ({ current }) => ({
    protocols: ["webrtc.v1", `resume.${current}`, "seen.1000000"],
  })],
  ["the token without the version", ({ current }) => ({
    protocols: [`resume.${current}`],
  })],
];

/** A room with a victim that has rotated its token once, somebody it talks to, and what a thief got hold of. */
async function scene(url: string, stack: AsyncDisposableStack) {
  const friend = stack.use(await RawPeer.join(url, "r", "friend"));
  const first = stack.use(await RawPeer.join(url, "r", "victim"));
  await first.settled();
  first.socket.close(CLOSE.reconnecting);
  await friend.next("away");
  const rotated = first.welcome.resume;
  const victim = stack.use(
    await RawPeer.join(url, "r", "victim", { resume: rotated }),
  );
  await victim.settled();
  await friend.next("back");
  const thief = stack.use(await RawPeer.join(url, "r", "thief"));
  const elsewhere = stack.use(await RawPeer.join(url, "other", "victim"));
  const loot: Loot = {
    current: victim.welcome.resume,
    rotated,
    own: thief.welcome.resume,
    otherRoom: elsewhere.welcome.resume,
    // The same secret, as the server has it.
    otherParty: new ResumeTokens(SECRET).mint(
      { key: "party\0r", id: "victim" },
      victim.welcome.joinedAt,
      2,
    ),
  };
  await friend.next("join");
  return { friend, victim, loot };
}

function knockFor([, make]: Attempt, loot: Loot): Handshake {
  const { token, ...rest } = make(loot);
  const protocols = token === undefined
    ? ["webrtc.v1"]
    : ["webrtc.v1", `resume.${token}`];
  return { room: "r", id: "victim", protocols, ...rest };
}

const REFUSED = { status: 409, code: "id-taken" };

Deno.test("Session of a living peer is taken over by none of fifty attempts, and never disturbed", async (t) => {
  await using server = startServer({ sessionSecret: SECRET });
  await using stack = new AsyncDisposableStack();
  const { friend, victim, loot } = await scene(server.url, stack);
  const attempts = [...ATTEMPTS, ...AGAINST_THE_LIVING];
  assertGreaterOrEqual(attempts.length, 50);
  for (const attempt of attempts) {
    await t.step(attempt[0], async () => {
      const answer = await knock(server.url, knockFor(attempt, loot));
      assertEquals(answer, REFUSED);
      friend.send({ type: "signal", to: "victim", data: attempt[0] });
      assertEquals((await victim.next("signal")).data, attempt[0]);
      victim.send({ type: "signal", to: "friend", data: attempt[0] });
      const heard = friend.heard();
      assertEquals((await friend.next("signal")).data, attempt[0]);
      assertEquals(heard, [], "nobody hears of the attempt");
    });
  }
  await t.step("the token itself, in five tabs at once", async () => {
    const tabs = Array.from(
      { length: 5 },
      () =>
        knock(
          server.url,
          knockFor(["", () => ({ token: loot.current })], loot),
        ),
    );
    assertEquals(await Promise.all(tabs), Array(5).fill(REFUSED));
    await victim.settled();
  });
});

Deno.test("Session of a peer that is away waits for it, whoever else tries", async (t) => {
  await using server = startServer({
    sessionSecret: SECRET,
    // No attempt is to be refused for being late.
    limits: { graceMs: 60_000 },
  });
  await using stack = new AsyncDisposableStack();
  const { friend, victim, loot } = await scene(server.url, stack);
  victim.socket.close(CLOSE.reconnecting);
  await friend.next("away");
  friend.send({ type: "signal", to: "victim", data: "for you alone" });
  for (const attempt of ATTEMPTS) {
    await t.step(attempt[0], async () => {
      const answer = await knock(server.url, knockFor(attempt, loot));
      assertEquals(answer, REFUSED);
    });
  }
  const { current: resume } = loot;
  await t.step("and of two with its token one gets it", async () => {
    const two = await Promise.all([1, 2].map(async () => {
      const peer = stack.use(
        new RawPeer(server.url, "r", "victim", { resume }),
      );
      return await peer.next("welcome").then(() => peer, () => undefined);
    }));
    const [winner, ...more] = two.filter((peer) => peer !== undefined);
    assertEquals(more, []);
    assertEquals((await winner?.next("signal"))?.data, "for you alone");
  });
  assertEquals(friend.heard().map(({ type }) => type), ["back"]);
});
