import { assert, assertEquals } from "@std/assert";
import type { Connection } from "../../mod.ts";
import { serve } from "../../server/mod.ts";
import { startBrowser } from "../support/browsers.ts";
import { openPage } from "../support/open_page.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startSite } from "../support/site.ts";

/** More joins than Chromium makes connections that it has not collected, instead of as many as show whether one is left. */
const JOINS = Deno.args.includes("--whole") ? 500 : 100;

declare global {
  /** Connections that a test comes back to. */
  var others: Record<"a" | "b" | "c" | "d" | "e", Connection> & {
    events: [name: string, payload: unknown][];
  };
  /** Collects garbage. */
  var gc: () => void;
  /** Two connections of one page to one room, connected with each other. */
  var two: (
    host: string,
    room: string,
  ) => Promise<[a: Connection, b: Connection]>;
}

/** Makes `two` in the page. */
function defineTwo(): void {
  globalThis.two = async (host, room) => {
    const a = await webrtc.connect({ host, room, id: "a" });
    const met = next(a, "peer");
    const b = await webrtc.connect({ host, room, id: "b" });
    await Promise.all([met, next(b, "peer")]);
    return [a, b];
  };
}

/** What a page does in a room of its own, and what must come of it. */
type Case = readonly [
  name: string,
  run: (host: string, room: string) => Promise<unknown>,
  expected: unknown,
];

const CASES: readonly Case[] = [
  [
    "gives the present list and socket to a listener that comes later",
    async (host, room) => {
      const a = await webrtc.connect({ host, room, id: "a" });
      const b = await webrtc.connect({ host, room });
      const list = await next(b, "peerlist");
      const same = await next(b, "socket") === b.socket;
      let heard = 0;
      b.on("peerlist", () => heard++)();
      await next(b, "peerlist");
      a.close();
      b.close();
      return { list, same, heard };
    },
    { list: ["a"], same: true, heard: 0 },
  ],

  [
    "calls once only once, on until it is undone, and every listener when one throws",
    async (host, room) => {
      const [a, b] = await two(host, room);
      const heard: string[] = [];
      const uncaught = (event: ErrorEvent) => {
        event.preventDefault();
        heard.push("uncaught");
      };
      addEventListener("error", uncaught);
      a.once("message", ({ data }) => heard.push(`once ${data}`));
      const off = a.on("message", ({ data }) => heard.push(`on ${data}`));
      const offThrowing = a.on("message", () => {
        throw new Error("mine");
      });
      for (const word of ["1", "2", "3"]) {
        const arrived = next(a, "message");
        await b.send(word);
        await arrived;
        if (word === "1") offThrowing();
        if (word === "2") off();
      }
      removeEventListener("error", uncaught);
      a.close();
      b.close();
      return heard;
    },
    ["once 1", "on 1", "uncaught", "on 2"],
  ],

  [
    "tells who is here, who is polite and where each pair stands",
    async (host, room) => {
      const [a, b] = await two(host, room);
      if (!a.peers.get("b")?.path) await next(a, "peer-state");
      const seen = [a, b].map(({ peers, polite, connections, state }) => ({
        peers: [...peers.values()].map(({ id, polite, state, away }) => ({
          id,
          polite,
          state,
          away,
        })),
        polite,
        connections,
        state,
      }));
      const path = a.peers.get("b")?.path;
      a.close();
      b.close();
      return { seen, path };
    },
    {
      seen: [
        {
          peers: [{ id: "b", polite: true, state: "connected", away: false }],
          polite: true,
          connections: ["b"],
          state: "joined",
        },
        {
          peers: [{ id: "a", polite: false, state: "connected", away: false }],
          polite: false,
          connections: ["a"],
          state: "joined",
        },
      ],
      path: "host",
    },
  ],

  [
    "tells the presence of others, from the start and at every change",
    async (host, room) => {
      const a = await webrtc.connect({
        host,
        room,
        id: "a",
        presence: { name: "Ada" },
      });
      const b = await webrtc.connect({ host, room, id: "b" });
      if (b.peers.get("a")?.presence === null) await next(b, "presence");
      const heard = [b.peers.get("a")?.presence];
      for (const presence of [{ typing: true }, ["list"], "text", 0, null]) {
        const change = next(b, "presence");
        a.setPresence(presence);
        heard.push((await change).presence);
      }
      const refused: string[] = [];
      for (const presence of ["x".repeat(5000), undefined]) {
        try {
          a.setPresence(presence);
        } catch (error) {
          refused.push((error as Error).name);
        }
      }
      a.close();
      b.close();
      return { heard, refused };
    },
    {
      heard: [{ name: "Ada" }, { typing: true }, ["list"], "text", 0, null],
      refused: ["RangeError", "TypeError"],
    },
  ],

  [
    "dials a peer as soon as it comes when it was asked to before",
    async (host, room) => {
      const a = await webrtc.connect({
        host,
        room,
        id: "a",
        autoConnect: false,
      });
      const opened = a.connectToPeer("b", "files");
      const b = await webrtc.connect({
        host,
        room,
        id: "b",
        autoConnect: false,
      });
      const { label, readyState } = await opened;
      const { connections } = b;
      a.close();
      b.close();
      return { label, readyState, connections };
    },
    { label: "files", readyState: "open", connections: ["a"] },
  ],

  ["dials nobody by itself when autoConnect is off", async (host, room) => {
    const a = await webrtc.connect({ host, room, id: "a" });
    const b = await webrtc.connect({ host, room, id: "b", autoConnect: false });
    const met = next(a, "peer");
    const c = await webrtc.connect({ host, room, id: "c" });
    await Promise.all([met, c.connectToPeer("a"), c.connectToPeer("b")]);
    const states = [
      b.peers.get("a")?.state,
      a.peers.get("b")?.state,
      a.peers.get("c")?.state,
    ];
    for (const connection of [a, b, c]) connection.close();
    return states;
  }, ["new", "new", "connected"]],

  [
    "rejects what waits for a peer when the signal is aborted or the connection was closed",
    async (host, room) => {
      const a = await webrtc.connect({ host, room, id: "a" });
      const words = (error: unknown) =>
        error instanceof DOMException
          ? `${error.name}: ${error.message}`
          : error;
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = a.connectToPeer("later", undefined, { signal }).catch(
        words,
      );
      controller.abort("enough");
      const aborted = [
        await waiting,
        await a.connectToPeer("x", undefined, { signal }).catch(words),
      ];
      const closing = a.connectToPeer("never").catch(words);
      a.close();
      const closed = [await closing, await a.connectToPeer("b").catch(words)];
      return { aborted, closed };
    },
    {
      aborted: ["enough", "enough"],
      closed: [
        "NetworkError: Cannot connect to peer: the connection was closed",
        "NetworkError: Cannot connect to peer: the connection was closed",
      ],
    },
  ],

  ["ends everything, once, when it is closed twice", async (host, room) => {
    const [a, b] = await two(host, room);
    const events: string[] = [];
    for (const event of ["webrtc-close", "peer-disconnect", "state"] as const) {
      a.on(event, () => void events.push(event));
    }
    const gone = next(b, "peer-disconnect");
    a.close();
    a.close();
    await a[Symbol.asyncDispose]?.();
    const sent = await a.send("x");
    const refused = await a.send("x", { to: "b" }).catch(({ name }) => name);
    const { state, connections } = a;
    const who = await gone;
    b.close();
    return { events, state, connections, sent, refused, who };
  }, {
    events: ["webrtc-close", "peer-disconnect", "state"],
    state: "closed",
    connections: [],
    sent: 0,
    refused: "InvalidStateError",
    who: "a",
  }],

  [
    "dials again when a pair breaks, though nobody asked for it",
    async (host, room) => {
      const [a, b] = await two(host, room);
      const again = [next(a, "peer"), next(b, "peer")];
      // What a browser does that runs out of memory, or an app that should not have.
      a.peers.get("b")?.pc?.close();
      await Promise.all(again);
      const heard = next(b, "message");
      await a.send("again");
      const { data } = await heard;
      a.close();
      b.close();
      return data;
    },
    "again",
  ],
  [
    "keeps a peer whose connection breaks, and tells of every step",
    async (host, room) => {
      const [a, b] = await two(host, room);
      const named = await a.connectToPeer("b", "files");
      const events: string[] = [];
      let before = "connected: packets flow";
      a.on("peer-state", ({ state, reason }) => {
        // Its path may become known any time.
        const now = `${state}: ${reason}`;
        if (now !== before) events.push(now);
        before = now;
      });
      a.on("peer-disconnect", () => void events.push("peer-disconnect"));
      a.on("webrtc-close", ({ label }) => void events.push(`close ${label}`));
      const opened: RTCDataChannel[] = [];
      const all = new Promise<void>((resolve) => {
        a.on("datachannel", (channel) => {
          opened.push(channel);
          if (opened.length === 2) resolve();
        });
      });
      const again = next(a, "peer");
      a.peers.get("b")?.pc?.close();
      const [, channel] = await again;
      await all;
      const same = a.peers.get("b")?.channel === channel;
      const files = opened.find(({ label }) => label === "files");
      const arrived = new Promise<string>((resolve) => {
        b.on("message", ({ data }) => resolve(String(data)));
      });
      files?.send("on the channel that was made again");
      const heard = await arrived;
      // Either side may have dialled first, or both.
      const steps = events.filter((step) => !step.startsWith("connecting"));
      a.close();
      b.close();
      return {
        steps,
        same,
        heard,
        old: named.readyState,
        labels: opened.map(({ label }) => label),
      };
    },
    {
      steps: [
        "close webrtc",
        "close files",
        "failed: the connection closed",
        "connected: packets flow",
      ],
      same: true,
      heard: "on the channel that was made again",
      old: "closed",
      labels: ["webrtc", "files"],
    },
  ],

  [
    "converges when everybody is connected, and says who is not when it is no longer waited for",
    async (host, room) => {
      const a = await webrtc.connect({ host, room, id: "a" });
      await a.converged();
      // Until it has heard of anybody, it has converged with nobody.
      const met = next(a, "peer");
      const b = await webrtc.connect({ host, room, id: "b" });
      await Promise.all([met, b.converged()]);
      await a.converged();
      const both = [a.connections, b.connections];
      const c = await webrtc.connect({
        host,
        room,
        id: "c",
        autoConnect: false,
      });
      await new Promise<void>((resolve) => {
        b.on("peerlist", (list) => list.length === 2 && resolve());
      });
      const words = (error: unknown) =>
        error instanceof webrtc.ConvergeError
          ? [error.name, error.message, error.missing, error.cause]
          : error;
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = b.converged({ signal }).catch(words);
      controller.abort("enough");
      const aborted = await waiting;
      const closing = b.converged().catch(words);
      b.close();
      const closed = (await closing as string[])[1];
      const late = c.converged();
      c.connectToPeer("a");
      await late;
      a.close();
      c.close();
      return { both, aborted, closed };
    },
    {
      both: [["b"], ["a"]],
      aborted: [
        "ConvergeError",
        "Cannot converge: c is new (not dialled)",
        [{ peer: "c", state: "new", reason: "not dialled" }],
        "enough",
      ],
      closed:
        "Cannot converge: a is closed (the connection was closed), c is closed (the connection was closed)",
    },
  ],

  [
    "connects again when a listener dials from within the end of a pair",
    async (host, room) => {
      const [a, b] = await two(host, room);
      const again = new Promise<string>((resolve, reject) => {
        a.once("peer-disconnect", (id) => {
          // The goodbye may come after the channel has closed; it refuses a dial that crosses it, and the next one is fine.
          a.connectToPeer(id).catch(() => a.connectToPeer(id))
            .then(({ readyState }) => resolve(readyState), reject);
        });
      });
      b.peerDisconnect("a");
      const readyState = await again;
      const { connections } = a;
      a.close();
      b.close();
      return { readyState, connections };
    },
    { readyState: "open", connections: ["b"] },
  ],

  [
    "stays apart when the other side sees the channel close before it hears why",
    async (host, room) => {
      // What this side signals takes longer than the other takes to dial again.
      class SlowSocket extends WebSocket {
        override send(data: string): void {
          setTimeout(() => {
            // It may be closed by then.
            if (this.readyState === WebSocket.OPEN) super.send(data);
          }, 1000);
        }
      }
      const a = await webrtc.connect({
        host,
        room,
        id: "a",
        WebSocket: SlowSocket,
      });
      const b = await webrtc.connect({ host, room, id: "b" });
      await b.connectToPeer("a");
      const states: string[] = [];
      a.on("peer-state", ({ state }) => void states.push(`a ${state}`));
      const over = new Promise<void>((resolve) => {
        b.on("peer-state", ({ state }) => {
          // Its path may become known any time.
          if (state !== "connected") states.push(`b ${state}`);
          if (state === "closed") {
            resolve();
          }
        });
      });
      a.peerDisconnect("b");
      await over;
      const connections = [...a.connections, ...b.connections];
      a.close();
      b.close();
      return { states, connections };
    },
    {
      states: ["a closed", "b failed", "b connecting", "b closed"],
      connections: [],
    },
  ],

  [
    "says nothing more when a listener closes it in the middle of something",
    async (host, room) => {
      const a = await webrtc.connect({ host, room, id: "a" });
      const events: string[] = [];
      for (
        const event of [
          "peer",
          "datachannel",
          "message",
          "peer-disconnect",
          "state",
        ] as const
      ) {
        a.on(event, () => void events.push(event));
      }
      a.on("peer-state", ({ state }) => state === "connected" && a.close());
      const b = await webrtc.connect({ host, room, id: "b" });
      await new Promise<void>((resolve) => {
        b.on("peerlist", (list) => list.length === 0 && resolve());
      });
      b.close();
      return events;
    },
    // The app has not heard of the peer yet.
    ["state"],
  ],
];

Deno.test("Connection", async (t) => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");
  await using opened = await openPage(chrome.browser, site.url);
  const { page, complaints } = opened;
  await page.evaluate(defineTwo);

  for (const [name, run, expected] of CASES) {
    await t.step(name, async () => {
      assertEquals(await page.evaluate(run, site.url, name), expected);
    });
  }

  await t.step(
    "goes on with the others when a peer signals nonsense",
    async () => {
      await page.evaluate(async (host) => {
        const [a, b] = await two(host, "nonsense");
        globalThis.connection = a;
        // The last thing that the hostile peer does is to publish.
        globalThis.kept = next(a, "presence").then(async ({ presence }) => {
          const heard = next(a, "message");
          await b.send("still here");
          return {
            presence,
            message: await heard,
            connections: a.connections,
          };
        });
      }, site.url);
      const hostile = await RawPeer.join(site.url, "nonsense", "hostile");
      const { joinedAt } = hostile.welcome.peers.find(({ id }) => id === "a") ??
        {};
      const from = hostile.welcome.joinedAt;
      for (const each of NONSENSE) {
        const signal = typeof each === "string"
          ? each
          : JSON.stringify({ to: joinedAt, from, offer: 1, ...each });
        hostile.send({ type: "signal", to: "a", data: signal });
      }
      hostile.send({ type: "presence", presence: "{no json" });
      assertEquals(
        await page.evaluate(() => globalThis.kept),
        {
          presence: null,
          message: { data: "still here", peer: "b" },
          connections: ["b"],
        },
      );
      await page.evaluate(() => {
        globalThis.kept = new Promise((resolve) => {
          connection.on(
            "peerlist",
            (list) => list.length === 1 && resolve(list),
          );
        });
      });
      await hostile[Symbol.asyncDispose]();
      assertEquals(await page.evaluate(() => globalThis.kept), ["b"]);
      await page.evaluate(() => connection.close());
    },
  );

  await t.step("drops what belongs to an earlier membership", async () => {
    await page.evaluate(async (host) => {
      globalThis.connection = await webrtc.connect({
        host,
        room: "stale",
        id: "a",
      });
      const states: string[] = [];
      connection.on("peer-state", ({ state }) => void states.push(state));
      globalThis.kept = next(connection, "presence").then(() => [...states]);
    }, site.url);
    await using other = await RawPeer.join(site.url, "stale", "other");
    const joinedAt = other.welcome.peers[0]?.joinedAt ?? 0;
    const dial = (to: number, stale = 0) => {
      const description = { type: "offer", sdp: "v=0" };
      other.send({
        type: "signal",
        to: "a",
        data: JSON.stringify({
          to,
          from: other.welcome.joinedAt - stale,
          generation: 1,
          description,
          offer: 1,
        }),
      });
    };
    dial(joinedAt - 1);
    dial(joinedAt, 1);
    other.send({ type: "presence", presence: "1" });
    assertEquals(await page.evaluate(() => globalThis.kept), []);
    await page.evaluate(() => {
      globalThis.kept = next(connection, "peer-state").then(({ state }) =>
        state
      );
    });
    dial(joinedAt);
    assertEquals(await page.evaluate(() => globalThis.kept), "connecting");
    await page.evaluate(() => connection.close());
  });

  assertEquals(complaints, []);
});

Deno.test(`Connection leaves no RTCPeerConnection behind over ${JOINS} joins and leaves`, async () => {
  await using site = await startSite();
  // Chromium makes no more than 500 that it has not collected.
  await using chrome = await startBrowser("chrome", {
    args: ["--js-flags=--expose-gc"],
  });
  await using opened = await openPage(chrome.browser, site.url);
  const counts = await opened.page.evaluate(async ({ host, count }) => {
    const living = new Set<RTCPeerConnection>();
    let made = 0;
    class Counted extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        made++;
        living.add(this);
      }
      override close(): void {
        super.close();
        living.delete(this);
      }
    }
    const options = { host, room: "leak", RTCPeerConnection: Counted };
    const stays = await webrtc.connect({ ...options, id: "stays" });
    const before = living.size;
    // Some leave before they are connected, some break, some say goodbye to the pair first.
    const ways: ((guest: typeof stays) => Promise<unknown> | void)[] = [
      (guest) => guest.connectToPeer("stays"),
      () => {},
      async (guest) => {
        await guest.connectToPeer("stays");
        guest.peerDisconnect();
      },
      async (guest) => {
        await guest.connectToPeer("stays");
        guest.peers.get("stays")?.pc?.close();
      },
      (guest) => void guest.connectToPeer("stays", "more"),
    ];
    for (let joins = 0; joins < count; joins += ways.length) {
      gc();
      await Promise.all(ways.map(async (way) => {
        const guest = await webrtc.connect({ ...options });
        await way(guest);
        guest.close();
      }));
      await new Promise<void>((resolve) => {
        const off = stays.on("peerlist", (list) => {
          if (list.length > 0) return;
          off();
          resolve();
        });
      });
    }
    const after = living.size;
    stays.close();
    return { made, before, after, end: living.size };
  }, { host: site.url, count: JOINS });
  assert(counts.made >= JOINS, `${counts.made} were made`);
  assertEquals({ ...counts, made: 0 }, {
    made: 0,
    before: 1,
    after: 0,
    end: 0,
  });
});

const NONSENSE: readonly (string | Record<string, unknown>)[] = [
  "",
  "{",
  "null",
  { to: 0, generation: 1, bye: true },
  { generation: 1, description: { type: "offer", sdp: "nonsense" } },
  { generation: 2, description: { type: "offer", sdp: "" } },
  { generation: 3, description: { type: "answer", sdp: "v=0" } },
  { generation: 4, candidates: [{ candidate: "candidate:x" }] },
  { generation: 5, dial: true },
  {
    generation: 5,
    candidates: Array.from({ length: 300 }, () => ({
      candidate: "candidate:1 1 udp 1 10.0.0.1 9 typ host",
      sdpMid: "0",
    })),
  },
  { generation: 5, description: { type: "answer", sdp: "v=0" } },
  { generation: 4, description: { type: "offer", sdp: "stale" } },
  { generation: Number.MAX_SAFE_INTEGER, bye: true },
  {
    generation: Number.MAX_SAFE_INTEGER,
    description: { type: "offer", sdp: "v=0" },
  },
  { generation: -1, bye: true },
];

Deno.test("Connection goes on as if nothing had happened when the server restarts", async () => {
  const first = await startSite();
  const { port } = first.addr;
  await using chrome = await startBrowser("chrome");
  await using opened = await openPage(chrome.browser, first.url);
  const { page } = opened;
  await page.evaluate(defineTwo);
  await page.evaluate(async (host) => {
    const [a, b] = await two(host, "restart");
    a.setPresence("here");
    await next(b, "presence");
    // Two that dial by hand and have ended their pair, and one that closes while it is let in again.
    const manual = { host, room: "manual", autoConnect: false };
    const c = await webrtc.connect({ ...manual, id: "c" });
    const d = await webrtc.connect({ ...manual, id: "d" });
    await c.connectToPeer("d");
    const ended = next(d, "peer-disconnect");
    c.peerDisconnect("d");
    await ended;
    const e = await webrtc.connect({ host, room: "closing", id: "e" });
    const events: [name: string, payload: unknown][] = [];
    for (const connection of [a, b, c, d, e]) {
      const names = [
        "peerlist",
        "presence",
        "peer-away",
        "peer",
        "peer-disconnect",
        "webrtc-close",
        "peer-state",
      ] as const;
      for (const name of names) {
        connection.on(
          name,
          (payload: unknown) => void events.push([name, payload]),
        );
      }
      connection.on("state", ({ state }) => {
        events.push([connection.socket.id, state]);
        if (connection === e && state === "joining") e.close();
      });
    }
    // A late listener hears the present list, in a microtask.
    await Promise.resolve();
    events.length = 0;
    globalThis.others = { a, b, c, d, e, events };
    globalThis.kept = next(a, "state");
  }, first.url);
  await first.close();
  await page.evaluate(async () => {
    await globalThis.kept;
    const { a, b } = globalThis.others;
    const heard = next(b, "message");
    await a.send("the channel is untouched");
    const { data } = await heard;
    if (data !== "the channel is untouched") throw new Error(String(data));
  });
  await using _second = serve({ port, hostname: "127.0.0.1" });
  const { events, presence } = await page.evaluate(async () => {
    const { a, b, c, d, e, events } = globalThis.others;
    for (const connection of [a, b, c, d]) {
      while (connection.state !== "joined") await next(connection, "state");
    }
    while (e.state !== "closed") await next(e, "state");
    // What is said through the server arrives after all that it had to tell before.
    a.setPresence("news");
    await next(b, "presence");
    const presence = b.peers.get("a")?.presence;
    const seen = events.slice();
    for (const connection of [a, b, c, d]) connection.close();
    return { events: seen, presence };
  });
  assertEquals(presence, "news");
  const statesOf = (id: string) =>
    events.filter(([name]) => name === id).map(([, state]) => state).join(" ");
  for (const id of ["a", "b", "c", "d"]) {
    assertEquals(statesOf(id), "away joining joined", id);
  }
  assertEquals(statesOf("e"), "away joining closed");
  assertEquals(
    events.filter(([name]) => name.length > 1),
    [["presence", { peer: "a", presence: "news" }]],
  );
});

Deno.test("Connection uses the TURN servers that come after the welcome", async () => {
  const late = Promise.withResolvers<
    {
      iceServers: { urls: string[]; username: string; credential: string }[];
      expiresAt: null;
    }
  >();
  const turn = {
    name: "late",
    description: "late",
    credentials: () => late.promise,
  };
  await using site = await startSite({ turn });
  await using chrome = await startBrowser("chrome");
  await using opened = await openPage(chrome.browser, site.url);
  const { page } = opened;
  await page.evaluate(defineTwo);
  await page.evaluate(async (host) => {
    const [a] = await two(host, "late");
    globalThis.connection = a;
  }, site.url);
  const urls = () =>
    page.evaluate(() =>
      connection.peers.get("b")?.pc?.getConfiguration().iceServers?.map((
        { urls },
      ) => urls)
    );
  assertEquals(await urls(), [["stun:stun.cloudflare.com:3478"]]);
  late.resolve({
    iceServers: [{
      urls: ["turn:127.0.0.1:3478"],
      username: "u",
      credential: "c",
    }],
    expiresAt: null,
  });
  let found = await urls();
  for (
    let asked = 0;
    asked < 1000 && found?.[0]?.[0] !== "turn:127.0.0.1:3478";
    asked++
  ) found = await urls();
  assertEquals(found, [["turn:127.0.0.1:3478"]]);
  // A server that has none just now takes none away.
  await page.evaluate(() => {
    const data = JSON.stringify({
      type: "ice",
      iceServers: [{ urls: ["stun:127.0.0.1:3479"] }],
      iceExpiresAt: null,
      turn: "failed",
    });
    connection.socket.dispatchEvent(new MessageEvent("message", { data }));
  });
  assertEquals(await urls(), [["turn:127.0.0.1:3478"]]);
});
