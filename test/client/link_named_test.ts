import { assertEquals } from "@std/assert";
import { Link, type LinkOptions } from "../../client/link.ts";
import type { Line } from "../../client/peer_connections.ts";
import { FakePeerConnection } from "../support/fake_peer_connection.ts";
import { FakeTime } from "../support/fake_time.ts";
import { NO_DATA } from "../support/no_data.ts";

/** A link whose other side says who it is when the test wants it, and what its listeners were told. */
class Scene implements Disposable {
  readonly time = new FakeTime();
  readonly pc = new FakePeerConnection({});
  readonly channel = this.pc.createDataChannel("webrtc", { negotiated: true });
  readonly told: string[] = [];
  readonly link: Link;
  /** The other side says who it is. */
  name: () => void = () => {};
  /** Called at whatever is told. */
  onTold: () => void = () => {};

  constructor(options: Partial<LinkOptions> = {}) {
    const { pc, channel } = this;
    const lane = (label: string) =>
      pc.createDataChannel(label, { negotiated: true });
    const line = {
      pc,
      channel,
      messages: lane("messages"),
      requests: lane("requests"),
      files: lane("files"),
    };
    const tell = (what: string) => {
      this.told.push(what);
      this.onTold();
    };
    this.link = new Link({
      line: line as unknown as Line,
      polite: true,
      plane: {
        ...NO_DATA,
        attach: (_line, onNamed = () => {}) => void (this.name = onNamed),
      },
      made: new Set(),
      send: () => {},
      onChange: () => tell(`change ${pc.connectionState}`),
      onRoute: () => {},
      onOpen: ({ label }) => tell(`open ${label}`),
      onMessage: (data) =>
        tell(
          typeof data === "string"
            ? `said ${data}`
            : `bytes ${data.byteLength}`,
        ),
      onClose: ({ label }) => tell(`close ${label}`),
      onTrack: ({ track }) => tell(`track ${track.id}`),
      onError: () => {},
      onImpostor: () => {},
      ...options,
    });
  }

  /** The other side adds a track. */
  track(id: string): void {
    this.pc.ontrack?.({ track: { id } });
  }

  /** The other side sends bytes. */
  bytes(length: number): void {
    const data = new ArrayBuffer(length);
    this.channel.onmessage?.({ data } as unknown as { data: string });
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.link.close();
    this.time.pass(0);
    this.time[Symbol.dispose]();
    assertEquals(this.time.timers, 0);
  }
}

Deno.test("Link tells of nothing before the other side has said who it is, and then of everything in order", () => {
  using scene = new Scene();
  const { channel, pc, told, link } = scene;
  channel.open();
  channel.say("one");
  scene.track("camera");
  const other = pc.announce("chat");
  other.say("two");
  scene.bytes(3);
  channel.say("three");
  assertEquals([told, link.open], [[], false]);
  scene.name();
  assertEquals(told, [
    "change new",
    "open webrtc",
    "open chat",
    "said one",
    "track camera",
    "said two",
    "bytes 3",
    "said three",
  ]);
  assertEquals(link.open, true);
  told.length = 0;
  channel.say("four");
  scene.track("screen");
  assertEquals(told, ["said four", "track screen"]);
});

Deno.test("Link tells of a channel when that opens if the other side has said before who it is", () => {
  using scene = new Scene();
  const { channel, told } = scene;
  scene.name();
  assertEquals(told, []);
  scene.track("camera");
  channel.open();
  channel.say("one");
  assertEquals(told, [
    "track camera",
    "change new",
    "open webrtc",
    "said one",
  ]);
});

Deno.test("Link tells of nothing more when a listener closes it while it tells of what came before", () => {
  using scene = new Scene();
  const { channel, told, link } = scene;
  channel.open();
  channel.say("one");
  channel.say("two");
  scene.track("camera");
  scene.onTold = () => {
    if (told.at(-1) === "said one") link.close();
  };
  scene.name();
  assertEquals(told, [
    "change new",
    "open webrtc",
    "said one",
    "close webrtc",
  ]);
});

Deno.test("Link tells of nothing when it is closed before the other side has said who it is", () => {
  using scene = new Scene();
  const { channel, told, link } = scene;
  channel.open();
  channel.say("one");
  link.close();
  scene.name();
  assertEquals(told, []);
});

/** What is no more than may come early, and what is. */
const BOUNDS: readonly (readonly [
  what: string,
  enough: (scene: Scene) => void,
  count: number,
  more: (scene: Scene) => void,
])[] = [
  [
    "1024 messages",
    ({ channel }) => {
      for (let index = 0; index < 1024; index++) channel.say("");
    },
    1024,
    ({ channel }) => channel.say(""),
  ],
  [
    "1024 tracks",
    (scene) => {
      for (let index = 0; index < 1024; index++) scene.track(`${index}`);
    },
    1024,
    (scene) => scene.track("one too many"),
  ],
  [
    "1 MiB",
    (scene) => scene.bytes(2 ** 20),
    1,
    ({ channel }) => channel.say("x"),
  ],
  [
    "1 MiB in parts",
    (scene) => {
      for (let index = 0; index < 16; index++) scene.bytes(2 ** 16);
    },
    16,
    (scene) => scene.bytes(1),
  ],
];

for (const [what, enough, count, more] of BOUNDS) {
  Deno.test(`Link keeps ${what} until the other side has said who it is`, () => {
    using scene = new Scene();
    const { channel, told, pc } = scene;
    channel.open();
    enough(scene);
    assertEquals([told, pc.connectionState], [[], "new"]);
    scene.name();
    assertEquals(told.length, count + 2);
  });

  Deno.test(`Link closes the connection when more than ${what} come before the other side has said who it is`, () => {
    using scene = new Scene();
    const { channel, told, pc } = scene;
    channel.open();
    enough(scene);
    more(scene);
    // No event tells of it in every browser.
    assertEquals([told, pc.connectionState], [["change closed"], "closed"]);
  });
}
