import { assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import type { PeerIdentity } from "../../../client/trust/identity.ts";
import {
  describing,
  fingerprintOf,
  identityBy,
  Page,
  Protected,
  PROTECTIONS,
  secretOf,
  signalText,
} from "../../support/guards.ts";
import {
  type GuardedPage,
  GuardedRoom,
  type GuardedWish,
} from "../../support/guarded_room.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { UncaughtErrors } from "../../support/uncaught_errors.ts";

const ADA = await identityBy("Ed25519");
const BOB = await identityBy("Ed25519");

const dial = (generation: number) => signalText(generation, { dial: true });

/** Ada, then Bob, in a room with a key; they know each other, and nothing is on its way. */
async function both(
  room: GuardedRoom,
  wishes: { ada?: GuardedWish; bob?: GuardedWish } = {},
): Promise<[ada: GuardedPage, bob: GuardedPage]> {
  const { secret } = room;
  const ada = await room.join("ada", {
    secret,
    presence: '"a"',
    ...wishes.ada,
  });
  const bob = await room.join("bob", {
    secret,
    presence: '"b"',
    ...wishes.bob,
  });
  return [ada, bob];
}

/** The same, and what they were told until then is forgotten. */
async function quiet(
  room: GuardedRoom,
  wishes: { ada?: GuardedWish; bob?: GuardedWish } = {},
): Promise<[ada: GuardedPage, bob: GuardedPage]> {
  const pages = await both(room, wishes);
  for (const page of pages) {
    page.news();
    page.sent();
  }
  return pages;
}

for (const protection of PROTECTIONS) {
  Deno.test(`GuardedSignaling tells in clear what is said when rooms are protected by ${protection}`, async () => {
    await using room = await GuardedRoom.open();
    const { secret } = await Protected.make(protection, room.secret);
    const algorithm = protection === "ECDSA" ? "ECDSA" : "Ed25519";
    const make = async (name: string) =>
      protection === "key"
        ? { id: name }
        : { identity: await identityBy(algorithm) };
    const ada = await room.join("ada", {
      secret,
      presence: '{"name":"Ada"}',
      ...await make("ada"),
    });
    assertEquals(ada.news(), ["welcome"]);
    assertEquals(ada.sent(), ["all presence"]);
    const bob = await room.join("bob", { secret, ...await make("bob") });
    // Who is trusted from the beginning is dialled by the welcome, and not again.
    assertEquals(bob.news(), [`welcome ${ada.id}={"name":"Ada"}`]);
    assertEquals(bob.sent(), ["all presence"]);
    assertEquals(ada.news(), [
      `join ${bob.id}=null`,
      `presence ${bob.id} null`,
      `trusted ${bob.id}`,
    ]);
    const text = signalText(1, describing(fingerprintOf("bob")));
    bob.guarded.signal(ada.id, text, 1);
    ada.guarded.publish('{"name":"Ada","busy":true}');
    await room.settle();
    assertEquals(ada.news(), [`signal ${bob.id} ${text}`]);
    assertEquals(bob.news(), [`presence ${ada.id} {"name":"Ada","busy":true}`]);
    ada.guarded.signal(bob.id, dial(2), 2);
    ada.guarded.publish(null);
    await room.settle();
    assertEquals(bob.news(), [
      `signal ${ada.id} ${dial(2)}`,
      `presence ${ada.id} null`,
    ]);
    assertEquals(ada.sent().concat(bob.sent()), [
      "all presence",
      `${bob.id} signal`,
      "all presence",
      `${ada.id} signal`,
    ]);
    for (const page of [ada, bob]) {
      const [other = page] = room.pages.filter((each) => each !== page);
      assertEquals(page.guarded.whyNot(other.id), undefined);
      const { identity } = page.guarded.session(other.id) ?? {};
      assertEquals(identity?.id, protection === "key" ? undefined : other.id);
      assertEquals(page.troubles, []);
    }
  });
}

Deno.test("GuardedSignaling keeps the order of what comes when it takes time to open it", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  const sealed: string[] = [];
  room.alter = (message) => {
    if (message.type === "signal") sealed.push(message.data);
    else if (message.presence) sealed.push(message.presence);
    return [];
  };
  for (const generation of [1, 2, 3]) {
    bob.guarded.signal("ada", dial(generation), generation);
  }
  bob.guarded.publish('"busy"');
  await room.settle();
  const [first = "", second = "", third = "", presence = ""] = sealed;

  room.watched.hold();
  ada.events.onWake(true);
  ada.tell({ type: "signal", from: "bob", data: first });
  ada.tell({ type: "away", id: "bob" });
  ada.tell({ type: "signal", from: "bob", data: second });
  ada.tell({ type: "presence", id: "bob", presence });
  ada.events.onDown(4000, true);
  ada.events.onFail("no token");
  ada.events.onOpen();
  ada.tell({ type: "back", id: "bob" });
  ada.tell({ type: "signal", from: "bob", data: third });
  ada.tell({ type: "leave", id: "bob", reason: "goodbye" });
  ada.tell({ type: "signal", from: "bob", data: third });
  await undefined;
  room.watched.release();
  await room.settle();
  assertEquals(ada.news(), [
    "wake true",
    `signal bob ${dial(1)}`,
    "away bob",
    `signal bob ${dial(2)}`,
    'presence bob "busy"',
    "down 4000 true",
    "fail no token",
    "open",
    "back bob",
    `signal bob ${dial(3)}`,
    "leave bob",
  ]);
});

Deno.test("GuardedSignaling keeps the order of what leaves when it takes time to seal it", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  room.watched.hold();
  for (const generation of [1, 2, 3]) {
    ada.guarded.signal("bob", dial(generation), generation);
    ada.guarded.publish(`${generation}`);
  }
  assertEquals(ada.sent(), []);
  room.watched.release();
  await room.settle();
  assertEquals(
    ada.sent(),
    Array(3).fill(["bob signal", "all presence"]).flat(),
  );
  assertEquals(
    bob.news(),
    [1, 2, 3].flatMap((generation) => [
      `signal ada ${dial(generation)}`,
      `presence ada ${generation}`,
    ]),
  );
});

Deno.test("GuardedSignaling tells the signaling of a welcome at once, and only then", async () => {
  await using room = await GuardedRoom.open();
  const [ada] = await quiet(room);
  assertEquals(ada.asked.splice(0), ["welcomed new"]);
  room.watched.hold();
  ada.tell(room.welcome(ada, { session: "resumed" }));
  assertEquals(ada.asked.splice(0), ["welcomed resumed"]);
  ada.guarded.welcomed();
  assertEquals([ada.asked, ada.told], [[], []]);
  room.watched.release();
  await room.settle();
  assertEquals([ada.asked, ada.news()], [[], ['welcome bob="b"']]);
  // Of another version nothing is known.
  ada.tell(room.welcome(ada, { version: 2 }));
  await room.settle();
  assertEquals(ada.asked, []);
});

Deno.test("GuardedSignaling passes on the rest", async () => {
  await using room = await GuardedRoom.open();
  const [ada] = await quiet(room);
  ada.guarded.doubt(7);
  assertEquals(ada.asked.splice(0), ["welcomed new", "doubt 7"]);
  assertEquals<unknown>(await ada.guarded.whyDown(), "why");
  assertEquals(ada.guarded.socket.id, "ada");
});

Deno.test("GuardedSignaling greets a member that has published nothing, and is trusted by it", async () => {
  await using room = await GuardedRoom.open();
  const { secret } = room;
  const ada = room.page("ada", { secret });
  // Its presence is on its way to the server.
  room.enter(ada);
  room.alter = (message) => message.type === "presence" ? [] : [message];
  const bob = room.page("bob", { secret });
  room.enter(bob);
  await room.settle();
  assertEquals(bob.news(), ["welcome ada=null", "trusted ada"]);
  assertEquals(ada.news(), ["welcome", "join bob=null", "trusted bob"]);
  // One question and one answer.
  assertEquals(ada.sent().filter((each) => /hello/.test(each)), ["bob hello"]);
  assertEquals(bob.sent().filter((each) => /hello/.test(each)), ["ada hello"]);
});

Deno.test("GuardedSignaling answers a peer that asks who it is, and tells that it may have missed something", async () => {
  await using room = await GuardedRoom.open();
  const { secret } = room;
  const ada = await room.join("ada", { secret });
  const bob = new Page("bob", { secret });
  const peer = {
    id: "bob",
    joinedAt: 9,
    away: false,
    presence: await bob.guard.sealPresence(null),
  };
  ada.tell({ type: "join", peer });
  await room.settle();
  ada.sent();
  assertEquals(ada.news(), ["welcome", "join bob=null"]);
  for (const ask of [false, true]) {
    const data = await bob.guard.sealHello("ada", undefined, ask);
    ada.tell({ type: "signal", from: "bob", data });
    await room.settle();
    assertEquals(ada.news(), ask ? ["trusted bob"] : []);
    assertEquals(ada.sent(), ask ? ["bob hello"] : []);
  }
});

Deno.test("GuardedSignaling greets nobody when all have published", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await both(room);
  const carol = await room.join("carol", { secret: room.secret });
  for (const page of [ada, bob, carol]) {
    assertEquals(page.sent(), ["all presence"]);
  }
  assertEquals(carol.news(), ['welcome ada="a" bob="b"']);
});

Deno.test("GuardedSignaling greets a peer eight times in ten seconds at most, whatever it is told", async () => {
  let now = 0;
  const real = performance.now;
  performance.now = () => now;
  try {
    await using room = await GuardedRoom.open();
    const [ada, bob] = await quiet(room);
    const questions: string[] = [];
    const page = new Page("bob", { secret: room.secret });
    const ask = async (count: number) => {
      for (let asked = 0; asked < count; asked++) {
        const data = await page.guard.sealHello("ada", undefined, true);
        questions.push(data);
        ada.tell({ type: "signal", from: "bob", data });
      }
      await room.settle();
      return ada.sent();
    };
    assertEquals(await ask(20), Array(8).fill("bob hello"));
    assertEquals(await ask(20), []);
    now = 9_999;
    assertEquals(await ask(20), []);
    now = 10_000;
    assertEquals(await ask(20), Array(8).fill("bob hello"));
    // Nobody else has to wait for that.
    const { id, joinedAt } = room.member(bob);
    const peer = { id: "carol", joinedAt, presence: null, away: false };
    ada.tell({ type: "join", peer });
    const carol = new Page("carol", { secret: room.secret });
    const data = await carol.guard.sealHello("ada", undefined, true);
    ada.tell({ type: "signal", from: "carol", data });
    await room.settle();
    assertEquals([ada.sent(), id], [["carol hello"], "bob"]);
  } finally {
    performance.now = real;
  }
});

Deno.test("GuardedSignaling greets a member again every five seconds until that says who it is", async () => {
  await using room = await GuardedRoom.open();
  const bob = room.page("bob", { secret: room.secret });
  using time = new FakeTime();
  const ada = new Page("ada", { secret: room.secret });
  const peers = [{ id: "ada", joinedAt: 1, away: false, presence: null }];
  bob.tell(room.welcome(bob, { peers }));
  await room.watched.idle();
  await time.flow(0);
  await room.settle();
  assertEquals(bob.sent(), ["ada hello", "all presence"]);
  for (let times = 0; times < 2; times++) {
    await time.flow(4_999);
    await room.settle();
    assertEquals(bob.sent(), []);
    await time.flow(1);
    await room.settle();
    assertEquals(bob.sent(), ["ada hello"]);
  }
  const data = await ada.guard.sealHello("bob", undefined, false);
  bob.tell({ type: "signal", from: "ada", data });
  await room.settle();
  await time.flow(20_000);
  await room.settle();
  assertEquals([bob.sent(), time.timers], [[], 0]);
});

Deno.test("GuardedSignaling greets nobody any more when it is closed", async () => {
  await using room = await GuardedRoom.open();
  const bob = room.page("bob", { secret: room.secret });
  using time = new FakeTime();
  const peers = [{ id: "ada", joinedAt: 1, away: false, presence: null }];
  bob.tell(room.welcome(bob, { peers }));
  await room.watched.idle();
  await time.flow(0);
  assertEquals(time.timers, 1);
  bob.guarded.close();
  assertEquals(time.timers, 0);
});

Deno.test("GuardedSignaling.names are the sessions of both when they prove who they are, else nothing", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  assertEquals(ada.guarded.names(bob.id), undefined);
  await using signed = await GuardedRoom.open();
  const [one, other] = await quiet(signed, {
    ada: { identity: ADA },
    bob: { identity: BOB },
  });
  const [first, second] = [
    one.guarded.names(other.id),
    other.guarded.names(one.id),
  ];
  assertEquals(first?.mine, second?.theirs());
  assertEquals(second?.mine, first?.theirs());
  assertNotEquals(first?.mine, second?.mine);
  assertEquals(one.guarded.names("carol")?.theirs(), undefined);
});

Deno.test("GuardedSignaling says nothing to whom it does not know", async () => {
  await using room = await GuardedRoom.open();
  const [ada] = await quiet(room);
  for (const id of ["carol", "ada", "", "__proto__"]) {
    ada.guarded.signal(id, dial(1), 1);
    assertEquals(ada.guarded.session(id), undefined);
    assertEquals(ada.guarded.whyNot(id), "the peer is not trusted yet");
  }
  await room.settle();
  assertEquals(ada.sent(), []);
});

Deno.test("GuardedSignaling takes nothing from whom the server has not told of", async () => {
  await using room = await GuardedRoom.open();
  const [ada] = await quiet(room);
  const carol = new Page("carol", { secret: room.secret });
  const presence = await carol.guard.sealPresence("1");
  const data = await carol.guard.sealHello("ada", undefined, true);
  ada.tell({ type: "signal", from: "carol", data });
  ada.tell({ type: "presence", id: "carol", presence });
  await room.settle();
  assertEquals(ada.news(), ["presence carol null"]);
  assertEquals([ada.sent(), ada.guarded.session("carol")], [[], undefined]);
});

for (
  const [what, code, alter] of [
    ["was altered", "forged", (data: string) => data.slice(0, -2) + "AA"],
    ["is cut", "forged", (data: string) => data.slice(0, 90)],
    ["is plain", "key-mismatch", () => dial(1)],
  ] as const
) {
  Deno.test(`GuardedSignaling tells ${code} when a signal ${what}, and goes on`, async () => {
    await using room = await GuardedRoom.open();
    const [ada, bob] = await quiet(room);
    room.alter = (message) =>
      message.type === "signal"
        ? [{ ...message, data: alter(message.data) }, message]
        : [message];
    bob.guarded.signal("ada", dial(1), 1);
    await room.settle();
    assertEquals(ada.news(), [
      `untrusted bob ${code}`,
      `signal bob ${dial(1)}`,
    ]);
    // The same alone: a server must not be able to end a pair by it.
    room.alter = (message) =>
      message.type === "signal"
        ? [{ ...message, data: alter(message.data) }]
        : [message];
    bob.guarded.signal("ada", dial(2), 2);
    await room.settle();
    assertEquals(ada.news(), [`untrusted bob ${code}`]);
    assertEquals(ada.guarded.whyNot("bob"), undefined);
  });
}

Deno.test("GuardedSignaling tells what is played again, reflected or missing", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  const kept: string[] = [];
  let own = "";
  room.alter = (message) => {
    if (message.type !== "signal") return [message];
    if (message.from === "bob") kept.push(message.data);
    else own = message.data;
    return [];
  };
  bob.guarded.signal("ada", dial(1), 1);
  bob.guarded.signal("ada", dial(2), 2);
  ada.guarded.signal("bob", dial(3), 3);
  await room.settle();
  const [first = "", second = ""] = kept;
  for (const data of [second, second, first, own]) {
    ada.tell({ type: "signal", from: "bob", data });
  }
  await room.settle();
  assertEquals(ada.news(), [
    `signal bob ${dial(2)}`,
    "untrusted bob missing",
    "untrusted bob replayed",
    "untrusted bob replayed",
    "untrusted bob reflected",
  ]);
});

Deno.test("GuardedSignaling shows the presence that it knows when another one is refused", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  room.alter = (message) =>
    message.type === "presence"
      ? [{ ...message, presence: '{"name":"Eve"}' }]
      : [message];
  bob.guarded.publish('"busy"');
  await room.settle();
  assertEquals(ada.news(), [
    'presence bob "b"',
    "untrusted bob key-mismatch",
  ]);
  // One that was taken back by somebody else as well.
  ada.tell({ type: "presence", id: "bob", presence: null });
  await room.settle();
  assertEquals(ada.news(), ['presence bob "b"']);
});

/** What Bob has in place of the key that Ada has, what both are told, and why there is no pair. */
const MISMATCHES = [
  [
    "has another key",
    { key: new Uint8Array(32) },
    "key-mismatch",
    "the peer has another room key",
  ],
  [
    "has an identity besides",
    { identity: BOB },
    "identity-missing",
    "only one side proves who it is",
  ],
  [
    "has an identity instead of a key",
    { secret: undefined, identity: BOB },
    "key-mismatch",
    "the peer has another room key",
  ],
] as const;

for (const [what, wish, code, reason] of MISMATCHES) {
  for (const later of [true, false]) {
    Deno.test(
      `GuardedSignaling tells ${code} once on both sides when a peer ${what} and ${
        later ? "comes later" : "was there before"
      }`,
      async () => {
        await using room = await GuardedRoom.open();
        const { secret } = room;
        const ada = room.page("ada", { secret, presence: '"a"' });
        const { key, ...rest } = { key: undefined, secret, ...wish };
        const { subtle } = room.watched.crypto;
        const another = key &&
          { secret: await secretOf({ subtle, secret: key }) };
        const bob = room.page("bob", { presence: '"b"', ...rest, ...another });
        for (const page of later ? [ada, bob] : [bob, ada]) {
          room.enter(page);
          await room.settle();
        }
        for (const [page, { id }] of [[ada, bob], [bob, ada]] as const) {
          const news = page.news();
          const told = news.filter((each) => /trusted/.test(each));
          assertEquals(told, [`untrusted ${id} ${code}`]);
          assertEquals(news.filter((each) => /"[ab]"/.test(each)), []);
          assertEquals(page.guarded.whyNot(id), reason);
          assertEquals(page.guarded.session(id), undefined);
          page.guarded.signal(id, dial(1), 1);
          page.sent();
        }
        // Whatever else it says.
        for (const page of room.pages) page.guarded.publish('"again"');
        await room.settle();
        for (const page of room.pages) {
          const news = page.news();
          assertEquals(news.filter((each) => /trusted|again/.test(each)), []);
          assertEquals(page.sent(), ["all presence"]);
        }
      },
    );
  }
}

Deno.test("GuardedSignaling trusts a peer that was refused when it proves itself after all", async () => {
  await using room = await GuardedRoom.open();
  const { secret } = room;
  const ada = await room.join("ada", { secret });
  const bob = room.page("bob", { secret });
  // A server that says something in its name.
  room.alter = (message) =>
    message.type === "presence"
      ? [{ ...message, presence: "plain" }]
      : [message];
  room.enter(bob);
  await room.settle();
  assertEquals(ada.guarded.whyNot("bob"), "the peer has another room key");
  assertEquals(ada.news().filter((each) => /trusted/.test(each)), [
    "untrusted bob key-mismatch",
  ]);
  room.alter = (message) => [message];
  bob.guarded.publish('"b"');
  await room.settle();
  assertEquals(ada.guarded.whyNot("bob"), undefined);
  assertEquals(ada.news(), ['presence bob "b"', "trusted bob"]);
});

Deno.test("GuardedSignaling is found again by a peer whose page was replaced without a word of the server", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  bob.guarded.signal("ada", dial(1), 1);
  await room.settle();
  assertEquals(ada.news(), [`signal bob ${dial(1)}`]);

  // It goes on with the same membership, as another page.
  const reloaded = room.page("bob", { secret: room.secret, presence: '"new"' });
  room.enter(reloaded);
  bob.guarded.close();
  ada.tell(room.welcome(ada, { session: "resumed" }));
  await room.settle();
  assertEquals(ada.guarded.session("bob")?.presence, '"new"');
  ada.news();
  reloaded.news();
  ada.guarded.signal("bob", dial(2), 2);
  reloaded.guarded.signal("ada", dial(3), 3);
  await room.settle();
  assertEquals(ada.news(), [`signal bob ${dial(3)}`]);
  assertEquals(reloaded.news(), [`signal ada ${dial(2)}`]);
});

Deno.test("GuardedSignaling leads a peer that speaks to a recorded page to the present one", async () => {
  await using room = await GuardedRoom.open();
  const { secret } = room;
  const recorded = await new Page("ada", { secret }).guard.sealPresence(
    '"old"',
  );
  const ada = await room.join("ada", { secret, presence: '"a"' });
  const bob = room.page("bob", { secret });
  // Whatever Ada has published, it is not shown to Bob.
  room.show(ada, recorded);
  room.enter(bob);
  await room.settle();
  assertEquals(bob.news(), ['welcome ada="old"']);
  ada.news();
  bob.guarded.signal("ada", dial(1), 1);
  await room.settle();
  assertEquals(ada.news(), ["untrusted bob stale"]);
  assertEquals(bob.news(), ["trusted ada"]);
  bob.guarded.signal("ada", dial(1), 1);
  await room.settle();
  assertEquals(ada.news(), [`signal bob ${dial(1)}`]);
  // What was recorded leads nowhere any more.
  bob.tell({ type: "presence", id: "ada", presence: recorded });
  await room.settle();
  bob.guarded.signal("ada", dial(2), 2);
  await room.settle();
  // Bob has asked who is there, which is not said to this page.
  assertEquals(ada.news(), ["untrusted bob stale", `signal bob ${dial(2)}`]);
});

Deno.test("GuardedSignaling tells what a signal to an earlier page of ours was, and answers", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  const old: string[] = [];
  room.alter = (message) => {
    if (message.type === "signal") old.push(message.data);
    return [];
  };
  ada.guarded.signal("bob", dial(1), 1);
  await room.settle();
  room.alter = (message) => [message];
  room.leave(bob);
  const reloaded = await room.join("bob", { secret: room.secret });
  reloaded.news();
  reloaded.sent();
  for (const data of old) reloaded.tell({ type: "signal", from: "ada", data });
  await room.settle();
  assertEquals(reloaded.news(), ["untrusted ada stale"]);
  assertEquals(reloaded.sent(), ["ada hello"]);
  assertEquals(ada.guarded.session("bob")?.greeted, 1);
});

Deno.test("GuardedSignaling asks a peer who it is when somebody has claimed its session before it said a word", async () => {
  await using room = await GuardedRoom.open();
  const { secret } = room;
  const bob = await room.join("bob", { secret });
  bob.sent();
  const ada = new Page("ada", { secret });
  const eve = new Page("eve", { secret, session: ada.guard.session });
  await ada.guard.open("bob", room.member(bob).presence ?? "", true);
  const bobAtAda = ada.guard.current("bob");
  if (!bobAtAda) throw new Error("She knows him");
  const member = { joinedAt: 9, away: false };
  const presence = await eve.guard.sealPresence(null);
  bob.tell({ type: "join", peer: { ...member, id: "eve", presence } });
  bob.tell({ type: "join", peer: { ...member, id: "ada", presence: null } });
  const data = await ada.guard.sealSignal(bobAtAda, 1, 1, dial(1));
  bob.tell({ type: "signal", from: "ada", data });
  await room.settle();
  assertEquals(bob.news().at(-1), "untrusted ada forged");
  assertEquals(bob.sent(), ["ada hello"]);
  const hello = await ada.guard.sealHello("bob", bobAtAda.bytes, false);
  bob.tell({ type: "signal", from: "ada", data: hello });
  bob.tell({ type: "signal", from: "ada", data });
  await room.settle();
  assertEquals(bob.news(), ["trusted ada", `signal ada ${dial(1)}`]);
});

Deno.test("GuardedSignaling forgets who has left, or came again under the same id", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  room.leave(bob);
  await room.settle();
  assertEquals(ada.news(), ["leave bob"]);
  assertEquals(ada.guarded.session("bob"), undefined);
  assertEquals(ada.guarded.whyNot("bob"), "the peer is not trusted yet");

  const again = await room.join("bob", { secret: room.secret });
  assertNotEquals(ada.guarded.session("bob"), undefined);
  ada.news();
  // The server does not tell that it left.
  const peer = { ...room.member(again), joinedAt: 99, presence: null };
  ada.tell({ type: "join", peer });
  await room.settle();
  assertEquals(ada.news(), ["join bob=null"]);
  assertEquals(ada.guarded.session("bob"), undefined);
});

Deno.test("GuardedSignaling remembers who is missing in a welcome, and what it published, until it is told to forget", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  const { id, joinedAt, away } = room.member(bob);
  ada.tell(room.welcome(ada, { session: "restored", peers: [] }));
  await room.settle();
  assertEquals(ada.guarded.session("bob")?.peer, "bob");
  // Another server has not heard of its presence yet.
  const peers = [{ id, joinedAt, away }];
  ada.news();
  ada.tell(room.welcome(ada, { session: "restored", peers }));
  await room.settle();
  assertEquals(ada.news(), ['welcome bob="b"']);
  ada.guarded.forget("bob");
  assertEquals(ada.guarded.session("bob"), undefined);
  ada.tell(room.welcome(ada, { session: "restored", peers }));
  await room.settle();
  assertEquals(ada.news()[0], "welcome bob=undefined");
});

Deno.test("GuardedSignaling takes another socket when more is told than it can open", async () => {
  await using room = await GuardedRoom.open();
  const [ada] = await quiet(room);
  room.watched.hold();
  const asked = ada.asked.length;
  const told = { type: "away", id: "bob" } as const;
  ada.tell(...Array(4095).fill(told));
  assertEquals(ada.asked.slice(asked), []);
  ada.tell(told, told, told);
  assertEquals(ada.asked.slice(asked), ["reconnect 4003"]);
  room.watched.release();
  await room.settle();
  assertEquals(ada.news().length, 4098);
});

/** A page that asks whom to admit, and answers when the test says so. */
function asking() {
  const asked: PeerIdentity[] = [];
  const answers: PromiseWithResolvers<boolean>[] = [];
  return {
    asked,
    answers,
    identity: ADA,
    onTrust(peer: PeerIdentity) {
      asked.push(peer);
      const answer = Promise.withResolvers<boolean>();
      answers.push(answer);
      return answer.promise;
    },
  };
}

for (const admitted of [true, false]) {
  Deno.test(`GuardedSignaling holds what a peer says until the app has decided, and tells it when that ${admitted ? "admits" : "does not admit"} it`, async () => {
    const ada = asking();
    await using room = await GuardedRoom.open();
    const [page, bob] = await both(room, {
      ada: { ...ada },
      bob: { identity: BOB },
    });
    const { id, algorithm, publicKey } = BOB;
    assertEquals(ada.asked, [{ id, algorithm, publicKey }]);
    assertEquals(page.news(), [
      "welcome",
      `join ${BOB.id}=null`,
      `presence ${BOB.id} "b"`,
    ]);
    assertEquals(page.guarded.whyNot(BOB.id), "the peer is not trusted yet");
    for (const generation of [1, 2]) {
      bob.guarded.signal(ADA.id, dial(generation), generation);
    }
    bob.guarded.publish('"busy"');
    await room.settle();
    // What does not concern the pair goes on.
    assertEquals(page.news(), [`presence ${BOB.id} "busy"`]);
    ada.answers[0]?.resolve(admitted);
    await room.settle();
    assertEquals(page.news(), [
      admitted ? `trusted ${BOB.id}` : `untrusted ${BOB.id} not-admitted`,
      `signal ${BOB.id} ${dial(1)}`,
      `signal ${BOB.id} ${dial(2)}`,
    ]);
    assertEquals(
      page.guarded.whyNot(BOB.id),
      admitted ? undefined : "the peer was not admitted",
    );
    bob.guarded.signal(ADA.id, dial(3), 3);
    await room.settle();
    assertEquals(page.news(), [`signal ${BOB.id} ${dial(3)}`]);
    assertEquals(ada.asked.length, 1);
  });
}

Deno.test("GuardedSignaling does not admit a peer when the app fails, which is reported", async () => {
  using uncaught = new UncaughtErrors();
  await using room = await GuardedRoom.open();
  const failure = new Error("broken");
  const [page] = await both(room, {
    ada: {
      identity: ADA,
      onTrust: () => {
        throw failure;
      },
    },
    bob: { identity: BOB },
  });
  assertStrictEquals(await uncaught.next, failure);
  assertEquals(page.news().at(-1), `untrusted ${BOB.id} not-admitted`);
  assertEquals(page.guarded.whyNot(BOB.id), "the peer was not admitted");
});

Deno.test("GuardedSignaling holds 64 signals of a peer, and no more, while the app does not answer", async () => {
  const ada = asking();
  await using room = await GuardedRoom.open();
  const [page, bob] = await both(room, {
    ada: { ...ada },
    bob: { identity: BOB },
  });
  page.news();
  for (let generation = 1; generation <= 70; generation++) {
    bob.guarded.signal(ADA.id, dial(generation), generation);
  }
  await room.settle();
  assertEquals(page.news(), []);
  page.guarded.trust(BOB.id, true);
  await room.settle();
  assertEquals(page.news(), [
    `trusted ${BOB.id}`,
    ...Array.from(
      { length: 64 },
      (_, index) => `signal ${BOB.id} ${dial(index + 1)}`,
    ),
  ]);
});

Deno.test("GuardedSignaling asks nobody about a peer of which trust has said something before it came", async () => {
  for (const trusted of [true, false]) {
    const ada = asking();
    await using room = await GuardedRoom.open();
    const page = await room.join("ada", { ...ada });
    page.guarded.trust(BOB.id, trusted);
    await room.settle();
    page.news();
    await room.join("bob", { identity: BOB });
    assertEquals(ada.asked, []);
    assertEquals(
      page.news().filter((each) => /trusted/.test(each)),
      trusted ? [`trusted ${BOB.id}`] : [],
    );
    assertEquals(
      page.guarded.whyNot(BOB.id),
      trusted ? undefined : "the peer was not admitted",
    );
  }
});

Deno.test("GuardedSignaling follows trust when that changes its mind, at once", async () => {
  await using room = await GuardedRoom.open();
  const [ada] = await quiet(room, {
    ada: { identity: ADA },
    bob: { identity: BOB },
  });
  ada.guarded.trust(BOB.id, false);
  assertEquals(ada.guarded.whyNot(BOB.id), "the peer was not admitted");
  ada.guarded.trust(BOB.id, false);
  await room.settle();
  assertEquals(ada.news(), [`untrusted ${BOB.id} not-admitted`]);
  ada.guarded.trust(BOB.id, true);
  assertEquals(ada.guarded.whyNot(BOB.id), undefined);
  await room.settle();
  assertEquals(ada.news(), [`trusted ${BOB.id}`]);
});

Deno.test("GuardedSignaling keeps what trust has said when the app answers later", async () => {
  const ada = asking();
  await using room = await GuardedRoom.open();
  const [page] = await both(room, { ada: { ...ada }, bob: { identity: BOB } });
  page.news();
  page.guarded.trust(BOB.id, false);
  ada.answers[0]?.resolve(true);
  await room.settle();
  assertEquals(page.news(), [`untrusted ${BOB.id} not-admitted`]);
  assertEquals(page.guarded.whyNot(BOB.id), "the peer was not admitted");
});

Deno.test("GuardedSignaling tells nothing more when it is closed, whatever was on its way", async () => {
  const ada = asking();
  await using room = await GuardedRoom.open();
  const [page, bob] = await quiet(room, {
    ada: { ...ada },
    bob: { identity: BOB },
  });
  room.watched.hold();
  bob.guarded.signal(ADA.id, dial(1), 1);
  bob.guarded.publish('"busy"');
  page.tell(room.welcome(page));
  page.events.onDown(1006, true);
  room.watched.release();
  page.guarded.close();
  assertEquals(page.asked.at(-1), "close");
  ada.answers[0]?.resolve(true);
  page.guarded.trust(BOB.id, false);
  await room.settle();
  assertEquals([page.news(), page.listens], [[], false]);
});

Deno.test("GuardedSignaling says nothing more when it is closed, also what was being sealed", async () => {
  await using room = await GuardedRoom.open();
  const [ada] = await quiet(room);
  room.watched.hold();
  const asked = room.watched.next();
  ada.guarded.publish('"busy"');
  ada.guarded.signal("bob", dial(1), 1);
  // It is at work on the first.
  await asked;
  ada.guarded.close();
  ada.guarded.publish('"late"');
  room.watched.release();
  await room.settle();
  assertEquals(ada.sent(), []);
});

Deno.test("GuardedSignaling asks the app about nobody when it is closed", async () => {
  const ada = asking();
  await using room = await GuardedRoom.open();
  const page = await room.join("ada", { ...ada });
  const bob = new Page("bob", { identity: BOB });
  const presence = await bob.guard.sealPresence(null);
  room.watched.hold();
  const asked = room.watched.next();
  const peer = { id: BOB.id, joinedAt: 9, away: false, presence };
  page.tell({ type: "join", peer });
  await asked;
  page.guarded.close();
  room.watched.release();
  await room.settle();
  assertEquals([ada.asked, page.sent()], [[], ["all presence"]]);
});

for (const protection of PROTECTIONS) {
  Deno.test(`GuardedSignaling.fits is exact at the bound when rooms are protected by ${protection}`, async () => {
    await using room = await GuardedRoom.open();
    const made = await Protected.make(protection, room.secret);
    const { identity } = made.page("ada");
    const { secret } = made;
    const ada = await room.join("ada", { secret, identity });
    ada.said.splice(0);
    for (const text of ["", "x", "ü✓😀", '"\\\n', "\ud800", "x".repeat(999)]) {
      const presence = JSON.stringify(text);
      ada.guarded.publish(presence);
      await room.settle();
      const [said] = ada.said.splice(0);
      const frame = said?.type === "presence" && said.presence || "";
      const bytes = new TextEncoder().encode(frame).length;
      assertEquals(ada.guarded.fits(presence, bytes), true);
      assertEquals(ada.guarded.fits(presence, bytes - 1), false);
    }
  });
}

Deno.test("GuardedSignaling knows a member once when a server tells of it twice", async () => {
  await using room = await GuardedRoom.open();
  const [ada, bob] = await quiet(room);
  const carol = room.page("carol", { secret: room.secret });
  room.enter(carol);
  const [first, second] = [room.member(ada), room.member(bob)];
  await room.settle();
  carol.news();
  carol.tell(room.welcome(carol, { peers: [second, second, first] }));
  await room.settle();
  assertEquals(carol.news(), ['welcome bob="b" ada="a"']);
  carol.guarded.signal("bob", dial(1), 1);
  bob.guarded.signal("carol", dial(2), 2);
  await room.settle();
  assertEquals(carol.news(), [`signal bob ${dial(2)}`]);
  bob.guarded.signal("carol", dial(3), 3);
  carol.guarded.signal("bob", dial(4), 4);
  bob.news();
  await room.settle();
  assertEquals(carol.news(), [`signal bob ${dial(3)}`]);
  assertEquals(bob.news(), [`signal carol ${dial(4)}`]);
});
