import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { type ConnectOptions, readOptions } from "../../client/options.ts";
import { Signaling } from "../../client/signaling.ts";
import { LIMITS, type Welcome } from "../../protocol.ts";
import { FakeTime } from "../support/fake_time.ts";
import { FakeWebSockets } from "../support/fake_web_socket.ts";
import { WELCOME as EMPTY } from "../support/welcome.ts";

const WELCOME: Welcome = { ...EMPTY, id: "me", resume: "token-1" };

/** A signaling whose network, clock and events a test has in its hands. */
class Scene implements Disposable {
  readonly time = new FakeTime();
  readonly sockets = new FakeWebSockets();
  readonly signaling: Signaling;
  readonly told: unknown[] = [];

  constructor(options: Partial<ConnectOptions> = {}) {
    const settings = readOptions({
      host: "localhost",
      room: "r",
      id: "me",
      WebSocket: this.sockets.WebSocket,
      ...options,
    });
    const { told } = this;
    this.signaling = new Signaling(settings, () => {});
    this.signaling.listener = {
      onOpen: () => void told.push("open"),
      onMessage: (message) => {
        told.push(message.type);
        if (message.type === "welcome") this.signaling.welcomed(message);
      },
      onDown: (code, comingBack) => void told.push([code, comingBack]),
      onFail: (cause) => void told.push(["fail", cause]),
      onWake: (changed) => void told.push(["wake", changed]),
    };
  }

  /** Lets time pass, and whatever waits for it go on. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 50) {
      this.time.pass(passed === 0 ? 0 : 50);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  }

  /** The first socket, open and welcomed. */
  async joined(welcome: Partial<Welcome> = {}) {
    await this.pass(0);
    const { last } = this.sockets;
    last.open();
    last.say({ ...WELCOME, ...welcome });
    return last;
  }

  /** Resumes on the next socket, whenever it comes. */
  async resumed(welcome: Partial<Welcome> = {}) {
    const { length } = this.sockets.made;
    while (this.sockets.made.length === length) await this.pass(50);
    const { last } = this.sockets;
    last.open();
    last.say({ ...WELCOME, session: "resumed", ...welcome });
    return last;
  }

  [Symbol.dispose](): void {
    this.signaling.close();
    this.time[Symbol.dispose]();
  }
}

/** The signals among what was sent. */
function signals(sent: readonly { readonly type: string }[]): unknown[] {
  return sent.flatMap((message) =>
    message.type === "signal" && "data" in message ? [message.data] : []
  );
}

Deno.test("Signaling connects at once, and answers a welcome with a ping before anything else", async () => {
  using scene = new Scene();
  const socket = await scene.joined({ sent: 0 });
  assertEquals(socket.url, "ws://localhost/parties/main/r?_pk=me");
  assertEquals(socket.protocols, ["webrtc.v1"]);
  scene.signaling.signal("you", "hello");
  assertEquals(socket.sent, [
    { type: "ping", seen: 0 },
    { type: "signal", to: "you", data: "hello" },
  ]);
});

Deno.test("Signaling shows its token and what it has seen, within 300 ms, when the socket is lost", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  first.say({ type: "signal", from: "you", data: "1" });
  first.say({ type: "signal", from: "you", data: "2" });
  first.end(1006);
  await scene.pass(300);
  const [, second] = scene.sockets.made;
  assertEquals(second?.protocols, [
    "webrtc.v1",
    "resume.token-1",
    "seen.2",
  ]);
  assertEquals(scene.told.at(-1), [1006, true]);
});

Deno.test("Signaling counts from where the server says when signals were lost", async () => {
  using scene = new Scene();
  (await scene.joined()).end(1006);
  const second = await scene.resumed({ sent: 7, resume: "token-2" });
  second.say({ type: "signal", from: "you", data: "8" });
  second.end(1006);
  const third = await scene.resumed({ sent: 8 });
  assertEquals(third.protocols, ["webrtc.v1", "resume.token-2", "seen.8"]);
});

Deno.test("Signaling counts a signal that it cannot read, as the server has", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  first.dispatchEvent(
    new MessageEvent("message", {
      data: '{"type":"signal","from":"you","data":"\\x"}',
    }),
  );
  first.end(1006);
  const second = await scene.resumed();
  assertEquals(second.protocols.at(-1), "seen.1");
});

Deno.test("Signaling gives up a socket that opens and is not welcomed within five seconds", async () => {
  using scene = new Scene();
  await scene.pass(0);
  scene.sockets.last.open();
  await scene.pass(5_000);
  assertEquals(scene.sockets.last.closedWith, 4003);
  await scene.pass(300);
  assertEquals(scene.sockets.made.length, 2);
});

Deno.test("Signaling comes back ever more rarely when it is let in and dropped again", async () => {
  using scene = new Scene();
  let welcomes = 0;
  for (let passed = 0; passed < 600_000; passed += 50) {
    await scene.pass(50);
    const { last } = scene.sockets;
    if (last.readyState !== WebSocket.CONNECTING) continue;
    welcomes++;
    last.open();
    last.say(WELCOME);
    last.end(4002);
  }
  // Every two and a half seconds on average, once the bound of the wait is reached.
  assertLessOrEqual(welcomes, 400);
});

Deno.test("Signaling drops a signal that is too large, rather than lose its socket for it", async () => {
  using scene = new Scene();
  const socket = await scene.joined();
  scene.signaling.signal("you", "x".repeat(LIMITS.frameBytes));
  scene.signaling.signal("you", "y");
  assertEquals(signals(socket.sent), ["y"]);
});

/** Attempts within a time in which every one of them fails. */
async function attempts(scene: Scene, ms: number): Promise<number> {
  const before = scene.sockets.made.length;
  for (let passed = 0; passed < ms; passed += 50) {
    await scene.pass(50);
    const { last } = scene.sockets;
    if (last.readyState === WebSocket.CONNECTING) last.end(1006);
  }
  // The wait for the next one begins a turn later.
  await scene.pass(0);
  return scene.sockets.made.length - before;
}

Deno.test("Signaling tries again and again, ever more rarely, when every attempt fails", async () => {
  using scene = new Scene();
  (await scene.joined()).end(1006);
  const firstMinute = await attempts(scene, 60_000);
  assert(firstMinute >= 8, `${firstMinute} attempts in the first minute`);
  const secondMinute = await attempts(scene, 60_000);
  // One in two and a half seconds on average, five seconds apart at the most.
  assert(secondMinute >= 5, `${secondMinute} attempts in the second minute`);
  assertLessOrEqual(secondMinute, 40);
});

for (
  const [state, fake, patience] of [
    ["offline", { navigator: { onLine: false } }, 3],
    ["hidden", { document: { hidden: true } }, 8],
  ] as const
) {
  Deno.test(`Signaling makes no storm when the page is ${state}`, async () => {
    const name = Object.keys(fake)[0] ?? "";
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, {
      configurable: true,
      value: Object.values(fake)[0],
    });
    try {
      using scene = new Scene();
      (await scene.joined()).end(1006);
      const firstMinute = await attempts(scene, 60_000);
      // Its peers are not to notice a server that blinks.
      assert(
        firstMinute >= Math.min(patience, 5),
        `${firstMinute} attempts in the first minute`,
      );
      const later = await attempts(scene, 300_000);
      assert(later >= 4 && later <= 12, `${later} attempts in five minutes`);
    } finally {
      if (before) Object.defineProperty(globalThis, name, before);
      else Reflect.deleteProperty(globalThis, name);
    }
  });
}

for (const event of ["online", "pageshow", "visibilitychange"]) {
  Deno.test(`Signaling tries at once when there is ${event}`, async () => {
    using scene = new Scene();
    (await scene.joined()).end(1006);
    await attempts(scene, 60_000);
    const { length } = scene.sockets.made;
    globalThis.dispatchEvent(new Event(event));
    await scene.pass(0);
    assertEquals(scene.sockets.made.length, length + 1);
  });

  Deno.test(`Signaling tells of ${event}, and whether the network may be another`, async () => {
    using scene = new Scene();
    await scene.joined();
    globalThis.dispatchEvent(new Event(event));
    assertEquals(scene.told.at(-1), ["wake", event === "online"]);
  });
}

for (const event of ["pageshow", "visibilitychange"]) {
  Deno.test(`Signaling asks a socket that seems to live, and gives it up after two seconds, when there is ${event}`, async () => {
    using scene = new Scene();
    const first = await scene.joined();
    first.say({ type: "pong", seen: 0 });
    globalThis.dispatchEvent(new Event(event));
    assertEquals(first.sent.map(({ type }) => type), ["ping", "ping"]);
    await scene.pass(2_000);
    assertEquals(first.closedWith, 4003);
    await scene.pass(300);
    assertEquals(scene.sockets.made.length, 2);
  });
}

Deno.test("Signaling replaces its socket at once when the page is online again, whatever has failed before", async () => {
  using scene = new Scene();
  (await scene.joined()).end(1006);
  await attempts(scene, 60_000);
  const last = await scene.resumed();
  const { length } = scene.sockets.made;
  globalThis.dispatchEvent(new Event("online"));
  assertEquals(last.closedWith, 4003);
  await scene.pass(0);
  assertEquals(scene.sockets.made.length, length + 1);
});

Deno.test("Signaling begins one attempt when it is told twice that the page is online, and another one if that takes long", async () => {
  using scene = new Scene();
  await scene.joined();
  globalThis.dispatchEvent(new Event("online"));
  await scene.pass(0);
  globalThis.dispatchEvent(new Event("online"));
  await scene.pass(950);
  globalThis.dispatchEvent(new Event("online"));
  await scene.pass(0);
  assertEquals(scene.sockets.made.length, 2);
  await scene.pass(50);
  globalThis.dispatchEvent(new Event("online"));
  await scene.pass(0);
  assertEquals(scene.sockets.made.length, 3);
});

Deno.test("Signaling gives up a silent socket that is doubted as soon as it is told to", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  first.say({ type: "pong", seen: 0 });
  scene.signaling.doubt(1_500);
  await scene.pass(1_450);
  assertEquals(first.closedWith, undefined);
  await scene.pass(50);
  assertEquals(first.closedWith, 4003);
});

Deno.test("Signaling says goodbye when the page goes, and joins anew should it be shown again", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  globalThis.dispatchEvent(new Event("pagehide"));
  assertEquals(first.closedWith, 1000);
  await scene.pass(300);
  assertEquals(scene.sockets.made.length, 2);
});

Deno.test("Signaling finds a dead socket within 16 seconds, and says that it comes back", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  first.say({ type: "pong", seen: 0 });
  await scene.pass(16_000);
  assertEquals(first.closedWith, 4003);
  assertEquals(scene.told.at(-1), [4003, true]);
});

Deno.test("Signaling stays with a socket that answers", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  for (let beats = 0; beats < 10; beats++) {
    await scene.pass(4_000);
    first.say({ type: "pong", seen: 0 });
    await scene.pass(4_000);
  }
  assertEquals(first.closedWith, undefined);
  assertEquals(scene.sockets.made.length, 1);
});

Deno.test("Signaling answers when the server asks whether it lives", async () => {
  using scene = new Scene();
  const socket = await scene.joined();
  socket.say({ type: "ping" });
  assertEquals(socket.sent.at(-1), { type: "pong" });
  assertEquals(scene.told, ["open", "welcome"]);
});

Deno.test("Signaling sends again what the server has not seen, and only that, when it resumes", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  for (const data of ["1", "2", "3"]) scene.signaling.signal("you", data);
  first.say({ type: "pong", seen: 1 });
  first.end(1006);
  scene.signaling.signal("you", "4");
  const second = await scene.resumed({ seen: 2 });
  assertEquals(signals(first.sent), ["1", "2", "3"]);
  assertEquals(signals(second.sent), ["3", "4"]);
});

Deno.test("Signaling sends what no server was told when the server was restarted, and nothing when it is another membership", async () => {
  for (
    const [session, expected] of [
      ["restored", ["2"]],
      ["new", []],
    ] as const
  ) {
    using scene = new Scene();
    const first = await scene.joined();
    scene.signaling.signal("you", "1");
    first.end(1006);
    scene.signaling.signal("you", "2");
    const second = await scene.resumed({ session });
    assertEquals(signals(second.sent), [...expected], session);
  }
});

Deno.test("Signaling moves to another socket within a second when the server is about to stop", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  first.say({ type: "drain" });
  assertEquals(first.closedWith, undefined);
  await scene.pass(1_000);
  assertEquals(first.closedWith, 4003);
  await scene.pass(300);
  assertEquals(scene.sockets.made.length, 2);
});

for (const code of [4500, 4501, 1009]) {
  Deno.test(`Signaling does not come back when it is sent away with ${code}`, async () => {
    using scene = new Scene();
    (await scene.joined()).end(code);
    assertEquals(scene.told.at(-1), [code, false]);
    await scene.pass(60_000);
    assertEquals(scene.sockets.made.length, 1);
  });
}

Deno.test("Signaling says goodbye, leaves no timer behind and hears of nothing when it is closed", async () => {
  using scene = new Scene();
  const first = await scene.joined();
  scene.signaling.signal("you", "x");
  scene.signaling.close();
  assertEquals(first.closedWith, 1000);
  globalThis.dispatchEvent(new Event("online"));
  await scene.pass(60_000);
  assertEquals([scene.sockets.made.length, scene.time.timers], [1, 0]);
  assertEquals(scene.told, ["open", "welcome"]);
});

Deno.test("Signaling leaves no timer behind when it is closed between two attempts", async () => {
  using scene = new Scene();
  (await scene.joined()).end(1006);
  await attempts(scene, 20_000);
  scene.signaling.close();
  await scene.pass(20_000);
  assertEquals(scene.time.timers, 0);
});

Deno.test("Signaling asks for a token anew before each attempt", async () => {
  let asked = 0;
  using scene = new Scene({ token: () => Promise.resolve(`(t ${++asked})`) });
  const first = await scene.joined();
  assertEquals(first.protocols, ["webrtc.v1", "bearer.%28t%201%29"]);
  first.end(1006);
  const second = await scene.resumed();
  assertEquals(second.protocols.at(-1), "bearer.%28t%202%29");
});

Deno.test("Signaling says so, and tries again, when there is no token", async () => {
  const error = new Error("signed out");
  let signedIn = false;
  using scene = new Scene({
    token: () => {
      if (!signedIn) throw error;
      return "t";
    },
  });
  await scene.pass(0);
  assertEquals(scene.told, [["fail", error]]);
  assertEquals(scene.sockets.made.length, 0);
  signedIn = true;
  await scene.pass(1_000);
  assertEquals(scene.sockets.last.protocols, ["webrtc.v1", "bearer.t"]);
});

Deno.test("Signaling publishes the last presence alone, when it may", async () => {
  using scene = new Scene();
  scene.signaling.publish("early");
  scene.signaling.publish("last");
  const socket = await scene.joined();
  assertEquals(socket.sent.at(-1), { type: "presence", presence: "last" });
  assertEquals(socket.sent.length, 2);
});
