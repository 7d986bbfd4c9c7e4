import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { connect } from "../../client/connect.ts";
import { type ConnectOptions, readOptions } from "../../client/options.ts";
import { RoomSecret } from "../../client/trust/room_secret.ts";
import { FakePeerConnections } from "../support/fake_peer_connection.ts";
import { FakeWebSockets } from "../support/fake_web_socket.ts";
import {
  fingerprintOf,
  identityBy,
  Page,
  ROOM_KEY,
} from "../support/guards.ts";
import { WELCOME } from "../support/welcome.ts";

const identity = await identityBy("Ed25519");
const onTrust = () => true;

const PROTECTING = { roomKey: ROOM_KEY, identity, onTrust } as const;

/** Options that are found, but are no own properties. */
function inherited(options: object): ConnectOptions {
  return Object.assign(Object.create(options), {
    host: "localhost",
    room: "room",
  });
}

for (const [name, value] of Object.entries(PROTECTING)) {
  Deno.test(`readOptions reads ${name} when that is inherited, or a getter of a class`, () => {
    class Config {
      readonly host = "localhost";
      readonly room = "room";
    }
    Object.defineProperty(Config.prototype, name, { get: () => value });
    for (const options of [inherited({ [name]: value }), new Config()]) {
      const settings = readOptions(options);
      assertStrictEquals(settings.isProtected, true);
      assertEquals(Reflect.get(settings, name), value);
    }
  });
}

Deno.test("readOptions takes the id of an identity that is inherited", () => {
  const settings = readOptions(inherited({ identity }));
  assertStrictEquals(settings.id, identity.id);
});

Deno.test("readOptions keeps a room key of its own, also of what a view shows", () => {
  const buffer = new Uint8Array(96);
  buffer.set(ROOM_KEY, 32);
  const roomKey = buffer.subarray(32, 64);
  const settings = readOptions({ host: "localhost", room: "room", roomKey });
  buffer.fill(255);
  assertEquals(settings.roomKey, ROOM_KEY);
});

for (const name of ["roomKey", "password", "identity", "onTrust"] as const) {
  Deno.test(`connect rejects when ${name} is inherited and has no value`, async () => {
    const options = inherited({ [name]: undefined });
    const { RTCPeerConnection } = new FakePeerConnections();
    const { WebSocket, made } = new FakeWebSockets();
    await assertRejects(
      () => connect(Object.assign(options, { RTCPeerConnection, WebSocket })),
      TypeError,
      "Cannot connect",
    );
    assertEquals(made, []);
  });
}

/** Joins a room in which nobody is; resolves with what a page that has the key can read of what was published. */
async function published(
  options: ConnectOptions,
  meanwhile: () => void = () => {},
): Promise<string | null> {
  class Described {
    setConfiguration(): void {}
    close(): void {}
    createDataChannel(): object {
      return {};
    }
    createOffer(): Promise<RTCSessionDescriptionInit> {
      const sdp = `a=fingerprint:${fingerprintOf("ada")}\r\n`;
      return Promise.resolve({ type: "offer", sdp });
    }
  }
  const sockets = new FakeWebSockets();
  const opening = Promise.withResolvers<void>();
  const presence = Promise.withResolvers<string>();
  class Watched extends sockets.WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      opening.resolve();
    }
    override send(frame: string): void {
      const message = JSON.parse(frame);
      if (message.type === "presence") presence.resolve(message.presence);
    }
  }
  const joining = connect(Object.assign(options, {
    id: "ada",
    presence: "here",
    WebSocket: Watched,
    RTCPeerConnection: Described as unknown as typeof RTCPeerConnection,
  }));
  meanwhile();
  await opening.promise;
  sockets.last.open();
  sockets.last.say({ ...WELCOME, id: "ada" });
  await using connection = await joining;
  // What follows the welcome is told only in a task of its own.
  const joined = new Promise<void>((resolve) => {
    connection.on("peerlist", (ids) => ids.includes("bob") && resolve());
  });
  const peer = { id: "bob", joinedAt: 2, away: false, presence: null };
  sockets.last.say({ type: "join", peer });
  await joined;
  const { subtle } = crypto;
  const party = "main";
  const secret = await RoomSecret.make({
    subtle,
    secret: ROOM_KEY,
    party,
    room: "room",
  });
  const { guard } = new Page("bob", { secret });
  const opened = await guard.open("ada", await presence.promise, true);
  if (!("session" in opened)) throw new Error(JSON.stringify(opened));
  return opened.session.presence;
}

Deno.test("connect seals what it publishes when the room key is a getter of a class", async () => {
  class Config {
    readonly host = "localhost";
    readonly room = "room";
    get roomKey(): Uint8Array {
      return ROOM_KEY;
    }
  }
  assertEquals(await published(new Config()), '"here"');
});

Deno.test("connect seals with the key that it was given when the app wipes that at once", async () => {
  const roomKey = ROOM_KEY.slice();
  const options = { host: "localhost", room: "room", roomKey };
  assertEquals(
    await published(options, () => void roomKey.fill(0)),
    '"here"',
  );
});
