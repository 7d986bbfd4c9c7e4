import { assert, assertEquals } from "@std/assert";
import type { ServerMessage } from "../../protocol.ts";
import type { PeerIdentity } from "../../client/trust/identity.ts";
import { FakeTime } from "../support/fake_time.ts";
import { identityBy, Page, Protected } from "../support/guards.ts";
import {
  type GuardedConnection,
  guardedConnection,
} from "../support/guarded_connection.ts";
import { GuardedRoom } from "../support/guarded_room.ts";

const [ADA, BOB] = await Promise.all([
  identityBy("Ed25519"),
  identityBy("Ed25519"),
]);

/** What one page sees of the other. */
function sees({ connection }: GuardedConnection, id: string) {
  const { state, reason, identity } = connection.peers.get(id) ?? {};
  return { state, reason, identity: identity?.id ?? null };
}

/** Whether both have described themselves to each other, and agree. */
function negotiated(...pages: readonly GuardedConnection[]): boolean {
  return pages.every(({ fakes }) =>
    fakes.open.some(({ signalingState, currentRemoteDescription }) =>
      signalingState === "stable" && currentRemoteDescription
    )
  );
}

/** A scene with time that stands still. */
class Scene implements AsyncDisposable {
  readonly time = new FakeTime();
  readonly room: GuardedRoom;
  readonly #made: GuardedConnection[] = [];

  constructor(room: GuardedRoom) {
    this.room = room;
  }

  /** Lets a page in. */
  async join(
    name: string,
    wish: Parameters<typeof guardedConnection>[2] = {},
  ): Promise<GuardedConnection> {
    const made = guardedConnection(this.room, name, wish);
    const page = this.room.pages.at(-1);
    if (!page) throw new Error("There is no page");
    this.room.enter(page);
    await this.settle();
    const joined = await made;
    this.#made.push(joined);
    return joined;
  }

  /** Lets everything happen that takes no time. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      await this.room.watched.idle();
      await this.time.flow(0);
      await this.room.settle();
    }
  }

  /** Closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { connection } of this.#made) connection.close();
    await this.settle();
    await this.room[Symbol.asyncDispose]();
    const { timers } = this.time;
    this.time[Symbol.dispose]();
    assertEquals(timers, 0);
  }
}

for (const protection of ["key", "identity"] as const) {
  for (
    const [what, junk] of [
      [
        "junk was said",
        (id: string) => ({ type: "signal", from: id, data: "x" }),
      ],
      [
        "something was published in clear",
        (id: string) => ({ type: "presence", id, presence: '"x"' }),
      ],
    ] as const satisfies readonly [string, (id: string) => ServerMessage][]
  ) {
    for (const order of [["ada", "bob"], ["bob", "ada"]] as const) {
      Deno.test(`Connection meets a peer in whose name ${what} before it had introduced itself, when the room is protected by ${protection} and ${order[0]} was there first`, async () => {
        await using scene = new Scene(await GuardedRoom.open());
        const { room } = scene;
        const made = await Protected.make(protection, room.secret);
        const join = async (name: string) => {
          const { id, identity } = made.page(name);
          const { secret } = made;
          const joined = await scene.join(name, { id, identity, secret });
          // Bob is not shown what Ada has published.
          if (name === "ada") room.show(joined.page, null);
          return joined;
        };
        const late: ServerMessage[] = [];
        const { id } = made.page("bob");
        room.alter = (message, to) => {
          if (to.id !== id) return [message];
          late.push(message);
          return [];
        };
        const pages = [await join(order[0]), await join(order[1])] as const;
        const [ada, bob] = order[0] === "ada" ? pages : pages.toReversed();
        if (!ada || !bob) throw new Error("There are two");
        bob.page.tell(junk(ada.page.id));
        await scene.settle();
        const code = protection === "key" ? "key-mismatch" : "identity-missing";
        assertEquals(bob.refused, [`${ada.page.id} ${code}`]);

        room.alter = (message) => [message];
        bob.page.tell(...late);
        await scene.settle();
        for (const [page, other] of [[ada, bob], [bob, ada]] as const) {
          assertEquals(sees(page, other.page.id).state, "connecting");
          assertEquals(page.fakes.open.length, 1);
        }
        assert(negotiated(ada, bob));
      });
    }
  }
}

Deno.test("Connection knows who a peer is, and is understood by it, when a server that was restarted has not told of it again", async () => {
  await using scene = new Scene(await GuardedRoom.open());
  const { room } = scene;
  const ada = await scene.join("ada", { identity: ADA });
  const bob = await scene.join("bob", { identity: BOB });
  assert(negotiated(ada, bob));
  const seen = sees(bob, ADA.id);
  assertEquals([seen.state, seen.identity], ["connecting", ADA.id]);
  const { joinedAt } = room.member(bob.page);
  for (const session of ["restored", "resumed"] as const) {
    bob.page.events.onDown(1006, true);
    bob.page.events.onOpen();
    bob.page.tell(room.welcome(bob.page, { joinedAt, peers: [], session }));
    await scene.settle();
    assertEquals(sees(bob, ADA.id), seen, session);
  }
  bob.page.sent();
  bob.connection.peerDisconnect(ADA.id);
  await scene.settle();
  assertEquals(bob.page.sent(), [`${ADA.id} signal`]);
  assertEquals(sees(ada, BOB.id).state, "new");
  assertEquals(ada.fakes.open.length, 0);
  assertEquals([bob.refused, ada.refused], [[], []]);
});

Deno.test("Connection forgets who a peer was when that does not come back after a restart of the server", async () => {
  await using scene = new Scene(await GuardedRoom.open());
  const { room, time } = scene;
  const ada = await scene.join("ada", { identity: ADA });
  const bob = await scene.join("bob", { identity: BOB });
  const { joinedAt } = room.member(bob.page);
  const peers: [] = [];
  bob.page.tell(
    room.welcome(bob.page, { joinedAt, peers, session: "restored" }),
  );
  ada.connection.close();
  await scene.settle();
  assertEquals(bob.page.guarded.session(ADA.id)?.identity?.id, ADA.id);
  await time.flow(120_000);
  await scene.settle();
  assertEquals(bob.connection.peers.has(ADA.id), false);
  assertEquals(bob.page.guarded.session(ADA.id), undefined);
});

Deno.test("Connection neither dials itself nor asks the app about itself when a server shows it an earlier page of its own", async () => {
  await using scene = new Scene(await GuardedRoom.open());
  const { room } = scene;
  const asked: string[] = [];
  const onTrust = ({ id }: PeerIdentity) => {
    asked.push(id);
    return true;
  };
  const earlier = new Page("bob", { identity: BOB });
  const presence = await earlier.guard.sealPresence('"earlier"');
  const made = guardedConnection(room, "bob", { identity: BOB, onTrust });
  const [page] = room.pages;
  if (!page) throw new Error("There is no page");
  const self = { id: BOB.id, joinedAt: 1, away: false, presence };
  page.tell(room.welcome(page, { peers: [self] }));
  await scene.settle();
  using bob = await made;
  const hello = await earlier.guard.sealHello(BOB.id, undefined, true);
  page.tell({ type: "signal", from: BOB.id, data: hello });
  await scene.settle();
  assertEquals(asked, []);
  assertEquals(bob.fakes.made.length, 0);
  assertEquals(bob.connection.peers.size, 0);
});
