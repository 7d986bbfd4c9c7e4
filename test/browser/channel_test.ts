import { assertEquals } from "@std/assert";
import type { Channel, ChannelEvents, Connection } from "../../mod.ts";
import { startBrowser } from "../support/browsers.ts";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";

declare global {
  /** Two connections of one page to one room, connected with each other; `a` is the polite one. */
  var pairOf: (
    host: string,
    room: string,
  ) => Promise<[a: Connection, b: Connection]>;
  /** Resolves with the payload of the next event of a channel. */
  var nextOf: <
    Name extends keyof ChannelEvents,
    Data extends string | ArrayBuffer,
  >(
    channel: Channel<Data>,
    event: Name,
  ) => Promise<Parameters<ChannelEvents<Data>[Name]>[0]>;
  /** Resolves with so many messages. */
  var take: <Data extends string | ArrayBuffer>(
    channel: Channel<Data>,
    count: number,
  ) => Promise<Data[]>;
}

/** Makes `pairOf`, `nextOf` and `take` in the page. */
function defineChannels(): void {
  globalThis.pairOf = async (host, room) => {
    const a = await webrtc.connect({ host, room, id: "a" });
    const met = next(a, "peer");
    const b = await webrtc.connect({ host, room, id: "b" });
    await Promise.all([met, next(b, "peer")]);
    return [a, b];
  };
  globalThis.nextOf = (channel, event) =>
    new Promise((resolve) => channel.once(event, resolve as () => void));
  globalThis.take = <Data extends string | ArrayBuffer>(
    channel: Channel<Data>,
    count: number,
  ) =>
    new Promise<Data[]>((resolve) => {
      const all: Data[] = [];
      const off = channel.on("message", ({ data }) => {
        if (all.push(data) < count) return;
        off();
        resolve(all);
      });
    });
}

/** What a page does in a room of its own, and what must come of it. */
type Case = readonly [
  name: string,
  run: (host: string, room: string) => Promise<unknown>,
  expected: unknown,
];

const CASES: readonly Case[] = [
  [
    "opens once in each pair when both sides ask at the same moment",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const names = Array.from({ length: 40 }, (_, index) => `name ${index}`);
      const heard = await Promise.all(names.map(async (name, index) => {
        const sides = index % 2 ? [a, b] : [b, a];
        // Every second one is of datagrams.
        const options = index % 4 < 2 ? {} : { ordered: false };
        return await Promise.all(sides.map(async (side) => {
          const channel = side.channel<string>(name, options);
          const heard = take(channel, 1);
          const peer = await nextOf(channel, "open");
          await channel.send(`${name} to ${peer}`);
          return await heard;
        }));
      }));
      const wrong = heard.flatMap((both, index) =>
        both.flat().filter((each) => !`${each}`.startsWith(`${names[index]} `))
      );
      const counts = await Promise.all([a, b].map(async (side) => {
        const [peer] = side.peers.values();
        const report = await peer?.pc?.getStats() as unknown as Map<
          string,
          { type: string; label?: string }
        >;
        return [...report.values()].filter(({ type, label }) =>
          type === "data-channel" && label?.startsWith("name ")
        ).length;
      }));
      a.close();
      b.close();
      return { wrong, counts };
    },
    { wrong: [], counts: [40, 40] },
  ],

  [
    "opens when the other side asks later, from either side",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const results: unknown[] = [];
      for (const [early, late] of [[a, b], [b, a]] as const) {
        const name = early.socket.id;
        const first = early.channel<string>(name);
        const open = nextOf(first, "open");
        const nobody = await first.send("nobody hears it");
        const refused = await first.send("x", { to: late.socket.id })
          .catch(({ name }) => name);
        // The asking has arrived before this has.
        const before = next(late, "message");
        await early.send("after the asking");
        await before;
        const second = late.channel<string>(name);
        const heard = take(second, 1);
        await open;
        const sent = await first.send("hello", { to: late.socket.id });
        results.push([
          nobody,
          refused,
          sent,
          await heard,
          first.peers,
          late.channel(name) === second,
        ]);
      }
      a.close();
      b.close();
      return results;
    },
    [
      [0, "InvalidStateError", 1, ["hello"], ["b"], true],
      [0, "InvalidStateError", 1, ["hello"], ["a"], true],
    ],
  ],

  [
    "opens to a peer that comes later, and closes when it leaves",
    async (host, room) => {
      const a = await webrtc.connect({ host, room, id: "a" });
      const chat = a.channel<string>("chat");
      const events: string[] = [];
      chat.on("open", (peer) => events.push(`open ${peer}`));
      chat.on("message", ({ data }) => events.push(`message ${data}`));
      chat.on("close", (peer) => events.push(`close ${peer}`));
      a.on("peer", ([peer]) => events.push(`peer ${peer}`));
      a.on("peer-disconnect", (peer) => events.push(`peer-disconnect ${peer}`));
      const b = await webrtc.connect({ host, room, id: "b" });
      const other = b.channel<string>("chat");
      const heard = take(chat, 1);
      await nextOf(other, "open");
      await other.send("hello");
      await heard;
      const gone = next(a, "peer-disconnect");
      b.close();
      await gone;
      const { peers } = chat;
      a.close();
      return { events, peers, others: other.peers };
    },
    {
      events: [
        "peer b",
        "open b",
        "message hello",
        "close b",
        "peer-disconnect b",
      ],
      peers: [],
      others: [],
    },
  ],

  [
    "says so on both sides when their options differ, and opens when they do no more",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const results: unknown[] = [];
      for (const [one, other] of [[a, b], [b, a]] as const) {
        const name = one.socket.id;
        const first = one.channel(name, { maxRetransmits: 0 });
        const second = other.channel(name, { priority: "high" });
        const errors = await Promise.all([
          nextOf(first, "error"),
          nextOf(second, "error"),
        ]);
        let thrown: unknown;
        try {
          one.channel(name);
        } catch (error) {
          thrown = String(error);
        }
        first.close();
        const again = one.channel(name, { priority: "high" });
        const peers = await Promise.all([
          nextOf(again, "open"),
          nextOf(second, "open"),
        ]);
        results.push([errors, thrown, peers]);
      }
      a.close();
      b.close();
      return results;
    },
    ["a", "b"].map((one) => {
      const other = one === "a" ? "b" : "a";
      const none = { maxRetransmits: null, maxPacketLifeTime: null };
      return [
        [
          {
            peer: other,
            code: "options-differ",
            settings: { ordered: true, ...none, priority: "high" },
          },
          {
            peer: one,
            code: "options-differ",
            settings: {
              ordered: true,
              ...none,
              maxRetransmits: 0,
              priority: "low",
            },
          },
        ],
        `TypeError: Cannot open channel: "${one}" is there already, with other options`,
        [other, one],
      ];
    }),
  ],

  [
    "gives what was sent before it was closed, then tells the other side, and opens again",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const results: unknown[] = [];
      for (const [one, other] of [[a, b], [b, a]] as const) {
        const name = one.socket.id;
        for (const options of [{}, { ordered: false }]) {
          const events: string[] = [];
          const stays = other.channel<string>(name, options);
          stays.on("open", () => events.push("open"));
          stays.on("message", ({ data }) => events.push(data));
          stays.on("close", () => events.push("close"));
          for (const word of ["1", "2"]) {
            const channel = one.channel<string>(name, options);
            await Promise.all([nextOf(channel, "open"), nextOf(stays, "open")]);
            // Chromium loses what is sent on a channel that is as young as that and closed at once.
            const answer = take(channel, 1);
            await stays.send("hello");
            await answer;
            const closed = nextOf(stays, "close");
            const closes: string[] = [];
            channel.on("close", (peer) => closes.push(peer));
            await channel.send(word);
            channel.close();
            channel.close();
            await closed;
            events.push(`closed for ${closes}`, `${await channel.send("x")}`);
          }
          stays.close();
          results.push(events.join(" "));
        }
      }
      a.close();
      b.close();
      return results;
    },
    ["b", "b", "a", "a"].map((peer) =>
      `open 1 close closed for ${peer} 0 open 2 close closed for ${peer} 0`
    ),
  ],

  [
    "ends open on both sides however often either has closed it and asked again at once",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const heard: unknown[] = [];
      for (let round = 0; round < 30; round++) {
        const name = `${round % 3}`;
        const options = round % 2 ? {} : { maxRetransmits: 0 };
        for (let times = 0; times <= round % 5; times++) {
          const side = (round + times) % 2 ? a : b;
          side.channel(name, options).close();
          side.channel(name, options);
          // Some in the same task, some after what they have said has left.
          if (times % 3 === 2) await a.send("wait");
        }
        const both = [a, b].map((side) => side.channel<string>(name, options));
        const last = Promise.all(
          both.map((channel) =>
            new Promise<void>((resolve) => {
              channel.on("message", ({ data }) => {
                heard.push(data);
                if (data === `last ${round}`) resolve();
              });
            })
          ),
        );
        // What is said on one that is about to be closed is lost; on the last one, it arrives.
        for (const channel of both) {
          channel.on("open", () => void channel.send(`last ${round}`));
          if (channel.peers.length > 0) void channel.send(`last ${round}`);
        }
        await last;
        for (const channel of both) channel.close();
      }
      a.close();
      b.close();
      return new Set(heard).size;
    },
    30,
  ],

  [
    "hears nothing of a stranger's RTCDataChannel, and closes it",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const heard: string[] = [];
      for (const side of [a, b]) {
        side.on("datachannel", ({ label }) => heard.push(label));
        side.on("message", ({ data }) => heard.push(String(data)));
        side.on("webrtc-close", ({ label }) => heard.push(`close ${label}`));
        side.channel("wanted").on(
          "message",
          ({ data }) => heard.push(String(data)),
        );
      }
      await nextOf(a.channel("wanted"), "open");
      const closed: Promise<void>[] = [];
      for (const side of [a, b]) {
        const [peer] = side.peers.values();
        for (const label of ["wanted", "unknown", "__proto__", ""]) {
          const channel = peer?.pc?.createDataChannel(label, {
            protocol: "webrtc-channel.1.2",
          });
          if (!channel) continue;
          channel.onopen = () => channel.send("from a stranger");
          closed.push(
            new Promise((resolve) => channel.onclose = () => resolve()),
          );
        }
      }
      await Promise.all(closed);
      const raw = next(a, "datachannel");
      await b.connectToPeer("a", "raw");
      await raw;
      const state = [a.connections, b.connections];
      a.close();
      b.close();
      return { heard: heard.slice(0, 2), state };
    },
    { heard: ["raw", "raw"], state: [["b"], ["a"]] },
  ],

  [
    "stands beside a raw channel of the same name, and is none of the connection's",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const heard: string[] = [];
      a.on(
        "datachannel",
        ({ label, protocol }) => heard.push(`datachannel ${label}${protocol}`),
      );
      a.on("message", ({ data }) => heard.push(`message ${data}`));
      a.on("webrtc-close", ({ label }) => heard.push(`webrtc-close ${label}`));
      const mine = a.channel<string>("same", { ordered: false });
      const yours = b.channel<string>("same", { ordered: false });
      mine.on("message", ({ data }) => heard.push(`channel ${data}`));
      const opened = next(a, "datachannel");
      const raw = await b.connectToPeer("a", "same");
      await opened;
      if (yours.peers.length === 0) await nextOf(yours, "open");
      const first = take(mine, 1);
      await yours.send("one");
      await first;
      const second = next(a, "message");
      raw.send("two");
      await second;
      const closed = nextOf(yours, "close");
      mine.close();
      await closed;
      const shut = next(a, "webrtc-close");
      raw.close();
      await shut;
      a.close();
      b.close();
      return heard;
    },
    [
      "datachannel same",
      "channel one",
      "message two",
      "webrtc-close same",
      // The default one, at the end.
      "webrtc-close webrtc",
    ],
  ],

  [
    "carries every kind of message of any size when it is reliable",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const [one, other] = [a, b].map((side) => side.channel("any")) as [
        Channel,
        Channel,
      ];
      const heard = take(other, 5);
      await nextOf(one, "open");
      const bytes = new Uint8Array(3_000_000).fill(7);
      const sent = [
        await one.send(""),
        await one.send("x".repeat(1_000_000)),
        await one.send(bytes),
        await one.send(new Blob([bytes, "end"])),
        await one.send(new Uint8Array([1, 2, 3]).subarray(1)),
      ];
      const shapes = (await heard).map((data) =>
        typeof data === "string"
          ? `string ${data.length}`
          : `${(data as ArrayBuffer).constructor.name} ${
            (data as ArrayBuffer).byteLength
          }`
      );
      a.close();
      b.close();
      return { sent, shapes };
    },
    {
      sent: [1, 1, 1, 1, 1],
      shapes: [
        "string 0",
        "string 1000000",
        "ArrayBuffer 3000000",
        "ArrayBuffer 3000003",
        "ArrayBuffer 2",
      ],
    },
  ],

  [
    "carries every kind of datagram, and refuses what is none",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const options = { ordered: false };
      const one = a.channel("any", options);
      const other = b.channel("any", options);
      const heard = take(other, 3);
      await nextOf(one, "open");
      await one.send("");
      await one.send("text");
      await one.send(new Uint8Array([1, 2, 3]).subarray(1));
      const shapes = (await heard).map((data) =>
        typeof data === "string" ? data : (data as ArrayBuffer).byteLength
      );
      const refused = await Promise.all([
        new Blob(["x"]),
        new Uint8Array(300_000),
        5 as unknown as string,
      ].map((data) => one.send(data).catch((error) => String(error))));
      a.close();
      b.close();
      return { shapes: shapes.toSorted(), refused };
    },
    {
      shapes: ["", 2, "text"],
      refused: [
        "TypeError: Cannot send: only a reliable, ordered channel takes a Blob",
        'RangeError: Cannot send: peer "b" takes at most 262144 bytes, got 300000',
        'TypeError: Cannot send: "data" must be a string, an ArrayBuffer, a view of one or a Blob, got number',
      ],
    },
  ],

  [
    "loses nothing and says nothing twice when the connection is made anew and it is reliable",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const [one, other] = [a, b].map((side) => side.channel<string>("c")) as [
        Channel<string>,
        Channel<string>,
      ];
      await Promise.all([nextOf(one, "open"), nextOf(other, "open")]);
      const events: string[] = [];
      for (const channel of [one, other]) {
        channel.on("open", () => events.push("open"));
        channel.on("close", () => events.push("close"));
        channel.on("undelivered", () => events.push("undelivered"));
      }
      const heard = [take(one, 400), take(other, 400)];
      for (let number = 0; number < 400; number++) {
        const sent = [one.send(`${number}`), other.send(`${number}`)];
        if (number % 100 === 50) {
          const side = number % 200 === 50 ? a : b;
          const again = next(side, "peer");
          [...side.peers.values()][0]?.pc?.close();
          await again;
        }
        await Promise.all(sent);
      }
      const all = await Promise.all(heard);
      const right = all.map((each) =>
        each.every((data, index) => data === `${index}`)
      );
      const before = events.slice();
      a.close();
      b.close();
      return { right, before };
    },
    { right: [true, true], before: [] },
  ],

  [
    "goes on with datagrams when the connection was made anew, and drops them meanwhile",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const options = { maxPacketLifeTime: 100 };
      const one = a.channel<string>("c", options);
      const other = b.channel<string>("c", options);
      await Promise.all([nextOf(one, "open"), nextOf(other, "open")]);
      const events: string[] = [];
      for (const channel of [one, other]) {
        channel.on("open", () => events.push("open"));
        channel.on("close", () => events.push("close"));
      }
      const results: unknown[] = [];
      for (const side of [a, b]) {
        const again = [next(a, "peer"), next(b, "peer")];
        const broken = new Promise<void>((resolve) => {
          side.on("peer-state", ({ state }) => state === "failed" && resolve());
        });
        [...side.peers.values()][0]?.pc?.close();
        await broken;
        const mine = side === a ? one : other;
        const yours = side === a ? other : one;
        const dropped = await mine.send(new Uint8Array(10) as never);
        await Promise.all(again);
        const heard = take(yours, 1);
        // It opens with its connection, and says so by what it takes.
        while (await mine.send("again") === 0) await side.send("wait");
        results.push(dropped, await heard, mine.peers.length);
      }
      a.close();
      b.close();
      return { results, events };
    },
    {
      results: [0, ["again"], 1, 0, ["again"], 1],
      events: ["close", "close"],
    },
  ],

  [
    "drops datagrams of which the buffer is full",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const pc = b.peers.get("a")?.pc;
      if (!pc) throw new Error("There is no connection");
      const made: RTCDataChannel[] = [];
      const make = pc.createDataChannel.bind(pc);
      pc.createDataChannel = (label, options) => {
        const channel = make(label, options);
        made.push(channel);
        return channel;
      };
      const options = { ordered: false, maxRetransmits: 0 };
      const one = b.channel<ArrayBuffer>("c", options);
      const other = a.channel<ArrayBuffer>("c", options);
      await Promise.all([nextOf(one, "open"), nextOf(other, "open")]);
      const numbers: number[] = [];
      other.on("message", ({ data }) => {
        numbers.push(new DataView(data).getUint32(0));
      });
      let handed = 0;
      let peak = 0;
      const data = new Uint8Array(16_384);
      for (let number = 0; number < 3_000; number++) {
        new DataView(data.buffer).setUint32(0, number);
        const sent = one.send(data);
        peak = Math.max(peak, made[0]?.bufferedAmount ?? Infinity);
        // Twenty in the same task.
        const counted = sent.then((count) => void (handed += count));
        if (number % 20 === 19) await counted;
      }
      // What is said last may be lost as well; it arrives when the buffer has drained.
      const end = new Uint8Array(8);
      new DataView(end.buffer).setUint32(0, 3_000);
      while (!numbers.includes(3_000)) {
        void one.send(end);
        const heard = next(b, "message");
        await a.send("meanwhile");
        await heard;
      }
      const arrived = numbers.filter((number) => number < 3_000);
      a.close();
      b.close();
      return {
        some: handed > 0 && arrived.length > 0,
        dropped: handed < 3_000,
        atMost: arrived.length <= handed,
        once: new Set(arrived).size === arrived.length,
        bounded: peak <= 65_536 + 16_384,
        made: made.length,
      };
    },
    {
      some: true,
      dropped: true,
      atMost: true,
      once: true,
      bounded: true,
      made: 1,
    },
  ],

  [
    "is one for three peers, and opens for those of them that ask",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const met = [a, b].map((side) => next(side, "peer"));
      const c = await webrtc.connect({ host, room, id: "c" });
      await Promise.all([...met, c.converged()]);
      const [one, other] = [a, b].map((side) => side.channel<string>("c")) as [
        Channel<string>,
        Channel<string>,
      ];
      await Promise.all([nextOf(one, "open"), nextOf(other, "open")]);
      const few = await one.send("few");
      const opens = [one, other].map((channel) => nextOf(channel, "open"));
      const third = c.channel<string>("c");
      const all = await Promise.all(opens);
      while (third.peers.length < 2) await nextOf(third, "open");
      const heard = [other, third].map((channel) => take(channel, 1));
      const many = await one.send("many");
      const words = await Promise.all(heard);
      const alone = take(third, 1);
      const one1 = await one.send("alone", { to: ["c", "c"] });
      const closed = [one, third].map((channel) => nextOf(channel, "close"));
      await alone;
      other.close();
      const closers = await Promise.all(closed);
      const peers = [one, other, third].map((channel) =>
        channel.peers.toSorted()
      );
      for (const connection of [a, b, c]) connection.close();
      return { few, all, many, words, one1, closers, peers };
    },
    {
      few: 1,
      all: ["c", "c"],
      many: 2,
      words: [["many"], ["many"]],
      one1: 1,
      closers: ["b", "b"],
      peers: [["c"], [], ["a"]],
    },
  ],

  [
    "rejects what has not left when it closes or the signal is aborted",
    async (host, room) => {
      const [a, b] = await pairOf(host, room);
      const one = a.channel<string>("c");
      const other = b.channel<string>("c");
      await Promise.all([nextOf(one, "open"), nextOf(other, "open")]);
      const long = "x".repeat(20_000_000);
      const words = (error: Error & { lost?: string[] }) =>
        error.lost ? [error.name, error.lost] : error;
      const first = one.send(long).catch(words);
      const controller = new AbortController();
      const { signal } = controller;
      const second = one.send("second", { signal }).catch(words);
      controller.abort("enough");
      const third = one.send("third").catch(words);
      const undelivered = nextOf(one, "undelivered");
      one.close();
      const results = await Promise.all([first, second, third]);
      const late = await one.send("x", { signal }).catch(words);
      const { peer, messages } = await undelivered;
      a.close();
      b.close();
      return { results, late, peer, messages };
    },
    {
      results: [["SendError", ["b"]], "enough", ["SendError", ["b"]]],
      late: "enough",
      peer: "b",
      messages: 2,
    },
  ],
];

/** The largest message is another in Firefox. */
const CHROMIUM_ONLY = /^carries every kind of datagram/;

for (const name of ["chrome", "firefox"] as const) {
  Deno.test(`Channel in ${name}`, async (t) => {
    await using site = await startSite();
    await using started = await startBrowser(name);
    await using opened = await openPage(started.browser, site.url);
    await opened.page.evaluate(defineChannels);
    for (const [what, run, expected] of CASES) {
      if (name === "firefox" && CHROMIUM_ONLY.test(what)) continue;
      await t.step(what, async () => {
        assertEquals(await opened.page.evaluate(run, site.url, what), expected);
      });
    }
    assertEquals(opened.complaints, []);
  });
}

Deno.test("Channel joins Chromium and Firefox, whoever comes first", async () => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");
  await using firefox = await startBrowser("firefox");
  for (
    const browsers of [[chrome, firefox], [firefox, chrome]] as const
  ) {
    await using first = await openPage(browsers[0].browser, site.url);
    await using second = await openPage(browsers[1].browser, site.url);
    const pages = [first, second];
    for (const { page } of pages) await page.evaluate(defineChannels);
    const joined = pages.map(({ page }) =>
      page.evaluate(async (host) => {
        const connection = globalThis.connection = await webrtc.connect({
          host,
          room: "mixed",
        });
        const results: unknown[] = [];
        for (
          const options of [{}, { ordered: false }, { maxPacketLifeTime: 500 }]
        ) {
          const name = JSON.stringify(options);
          const channel = connection.channel(name, options);
          const heard = take(channel, 2);
          await nextOf(channel, "open");
          await channel.send("text");
          await channel.send(new Uint8Array([1, 2, 3]));
          results.push(
            (await heard).map((data) =>
              typeof data === "string" ? data : [...new Uint8Array(data)].join()
            ).toSorted(),
          );
        }
        return results;
      }, site.url)
    );
    const each = [["1,2,3", "text"], ["1,2,3", "text"], ["1,2,3", "text"]];
    assertEquals(await Promise.all(joined), [each, each]);
    await first.page.evaluate(() => {
      globalThis.kept = Promise.all([
        nextOf(connection.channel("{}"), "close"),
        next(connection, "peer-disconnect"),
      ]);
    });
    const id = await second.page.evaluate(async () => {
      const channel = connection.channel("{}");
      const closed = nextOf(channel, "close");
      channel.close();
      await closed;
      connection.close();
      return connection.socket.id;
    });
    assertEquals(await first.page.evaluate(() => globalThis.kept), [id, id]);
    await first.page.evaluate(() => connection.close());
    assertEquals([...first.complaints, ...second.complaints], []);
  }
});
