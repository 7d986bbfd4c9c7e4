// Joins protected rooms from one process, writes down what happened in each, and ends by itself: werift leaves timers behind, for which a test would fail.
import {
  type Connection,
  type ConnectOptions,
  createIdentity,
  createRoomKey,
} from "../../mod.ts";
import { serve } from "../../server/mod.ts";
import { freePort } from "./free_port.ts";
import { connectHeadless } from "./headless.ts";
import { startServer } from "./start_server.ts";

type Options = Omit<ConnectOptions, "host" | "room">;

/** A connection, and what happened in it. */
class Visit implements Disposable {
  readonly connection: Connection;
  readonly happenings: string[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
    connection.on("peer", ([peer]) => this.#note(`peer ${peer}`));
    connection.on("peer-disconnect", (peer) => this.#note(`left ${peer}`));
    connection.on(
      "message",
      ({ data, peer }) => this.#note(`message ${peer} ${data}`),
    );
    connection.on(
      "presence",
      ({ peer, presence }) =>
        this.#note(`presence ${peer} ${JSON.stringify(presence)}`),
    );
    connection.on(
      "untrusted",
      ({ peer, code }) => this.#note(`untrusted ${peer} ${code}`),
    );
    connection.on(
      "peer-state",
      ({ peer, state, reason }) => this.#note(`${state} ${peer}: ${reason}`),
    );
    connection.on("peerlist", (peers) => this.#note(`list ${peers}`));
    connection.on("state", ({ state }) => this.#note(state));
  }

  get id(): string {
    return this.connection.socket.id;
  }

  /** Resolves when it has happened, which may be long ago; then it counts no more. */
  async happened(what: string): Promise<void> {
    for (;;) {
      const at = this.happenings.indexOf(what);
      if (at >= 0) return void this.happenings.splice(at, 1);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** What happened of this kind. */
  all(kind: RegExp): string[] {
    return this.happenings.filter((each) => kind.test(each));
  }

  /** Why it is not connected with a peer, as everybody can see. */
  why(peer: string): unknown[] {
    const { state, reason, channel, identity, presence } =
      this.connection.peers.get(peer) ?? {};
    return [state, reason, channel ?? null, identity ?? null, presence ?? null];
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }

  #note(what: string): void {
    this.happenings.push(what);
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** A room of a server of its own. */
class Place implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  host: string;

  constructor(host?: string) {
    this.host = host ?? this.#stack.use(startServer()).url;
  }

  async join(options: Options): Promise<Visit> {
    const { host } = this;
    const joined = await connectHeadless({ host, room: "r", ...options });
    return this.#stack.use(new Visit(joined));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Name of an error, and what it says. */
async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    return `${error}`;
  }
}

/** Name of an error alone. */
async function failureName(promise: Promise<unknown>): Promise<string> {
  return (await failure(promise)).replace(/:.*/, "");
}

async function meet(one: Visit, other: Visit): Promise<void> {
  await Promise.all([
    one.happened(`peer ${other.id}`),
    other.happened(`peer ${one.id}`),
  ]);
}

/** Both meet, say something to each other, and see what the other one publishes. */
async function met(a: Options, b: Options): Promise<unknown> {
  await using place = new Place();
  const ada = await place.join({ presence: { name: "Ada" }, ...a });
  const bob = await place.join({ presence: { name: "Bob" }, ...b });
  await meet(ada, bob);
  await ada.connection.send("hello");
  await bob.happened(`message ${ada.id} hello`);
  bob.connection.setPresence("busy");
  await ada.happened(`presence ${bob.id} "busy"`);
  await Promise.all([ada.connection.converged(), bob.connection.converged()]);
  const seen = (by: Visit, of: Visit) => {
    const { state, reason, identity, presence } =
      by.connection.peers.get(of.id) ?? {};
    const known = identity && identity.id === of.id && identity.algorithm;
    return [state, reason, known, presence];
  };
  return [
    seen(ada, bob),
    seen(bob, ada),
    [...ada.all(/^untrusted/), ...bob.all(/^untrusted/)],
  ];
}

/** Neither connects, both are told so, and nobody waits for it. Ids are left out. */
async function apart(a: Options, b: Options): Promise<unknown> {
  await using place = new Place();
  const ada = await place.join({ presence: 1, ...a });
  const bob = await place.join({ presence: 2, ...b });
  const told = async (by: Visit, of: Visit) => {
    while (by.all(/^untrusted/).length === 0) {
      await new Promise<void>((resolve) =>
        by.connection.once("untrusted", () => resolve())
      );
    }
    await by.connection.converged();
    const refused = await failure(by.connection.connectToPeer(of.id));
    return [
      ...by.all(/^(untrusted|peer )/).map((each) =>
        each.replace(of.id, "peer")
      ),
      ...by.why(of.id),
      refused,
      by.connection.connections.length,
    ];
  };
  return [await told(ada, bob), await told(bob, ada)];
}

const key = createRoomKey();
const [adas, bobs] = [await createIdentity(), await createIdentity()];

/** What happens, by name. */
const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  "room key": () =>
    met({ id: "ada", roomKey: key }, { id: "bob", roomKey: key.slice() }),
  password: () =>
    met({ id: "ada", password: "Käse" }, {
      id: "bob",
      password: "Ka\u0308se",
    }),
  identity: () => met({ identity: adas }, { identity: bobs }),
  "room key and identity": () =>
    met({ identity: adas, roomKey: key }, { identity: bobs, roomKey: key }),

  "another key": () =>
    apart({ id: "ada", roomKey: key }, { id: "bob", roomKey: createRoomKey() }),
  "another password": () =>
    apart({ id: "ada", password: "one" }, { id: "bob", password: "two" }),
  "a key, then none": () => apart({ id: "ada", roomKey: key }, { id: "bob" }),
  "no key, then one": () => apart({ id: "ada" }, { id: "bob", roomKey: key }),
  "an identity, then none": () => apart({ identity: adas }, { id: "bob" }),
  "no identity, then one": () => apart({ id: "ada" }, { identity: bobs }),
  "a key, then an identity": () =>
    apart({ id: "ada", roomKey: key }, { identity: bobs }),
  "a key, then an identity besides": () =>
    apart({ id: "ada", roomKey: key }, { roomKey: key, identity: bobs }),

  async "refused by onTrust"() {
    await using place = new Place();
    const asked: string[] = [];
    const ada = await place.join({
      identity: adas,
      onTrust: ({ id, algorithm }) => {
        asked.push(`${id === bobs.id} ${algorithm}`);
        return false;
      },
    });
    const bob = await place.join({ identity: bobs });
    await ada.happened(`untrusted ${bob.id} not-admitted`);
    await ada.connection.converged();
    const before = [
      ...ada.why(bob.id).slice(0, 2),
      await failure(ada.connection.connectToPeer(bob.id)),
      ...bob.all(/^peer /),
    ];
    ada.connection.trust(bob.id);
    await meet(ada, bob);
    return [...before, asked, ada.why(bob.id).slice(0, 2)];
  },

  async "admitted later by onTrust"() {
    await using place = new Place();
    const question = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<boolean>();
    const ada = await place.join({
      identity: adas,
      onTrust: () => {
        question.resolve();
        return answer.promise;
      },
    });
    const bob = await place.join({ identity: bobs });
    await question.promise;
    const before = ada.why(bob.id).slice(0, 2);
    answer.resolve(true);
    await meet(ada, bob);
    return [before, ada.all(/^untrusted/), bob.all(/^untrusted/)];
  },

  async "trust taken back and given again"() {
    await using place = new Place();
    const ada = await place.join({ identity: adas });
    const bob = await place.join({ identity: bobs });
    await meet(ada, bob);
    ada.connection.trust(bob.id, false);
    await ada.happened(`left ${bob.id}`);
    await bob.happened(`left ${ada.id}`);
    const apart = [
      ...ada.why(bob.id).slice(0, 2),
      ...ada.all(/^untrusted/).map((each) => each.replace(bob.id, "bob")),
      ...bob.all(/^(closed|untrusted)/).map((each) =>
        each.replace(ada.id, "ada")
      ),
    ];
    // Whom the other one dials in vain.
    const again = bob.connection.connectToPeer(ada.id);
    const vain = await failure(again);
    ada.connection.trust(bob.id, true);
    await meet(ada, bob);
    await bob.connection.send("again");
    await ada.happened(`message ${bob.id} again`);
    return [...apart, vain];
  },

  async "trust without an identity"() {
    await using place = new Place();
    const wishes: Options[] = [{}, { roomKey: key }];
    return await Promise.all(wishes.map(async (wish) => {
      const { connection } = await place.join(wish);
      return await failure(
        new Promise<void>((resolve) => resolve(connection.trust("bob"))),
      );
    }));
  },

  async "the server was restarted"() {
    const port = freePort();
    const options = {
      port,
      hostname: "127.0.0.1",
      sessionSecret: "a secret that outlives the server",
    };
    const first = serve(options);
    await using place = new Place(`http://127.0.0.1:${port}`);
    const ada = await place.join({ identity: adas, roomKey: key, presence: 1 });
    const bob = await place.join({ identity: bobs, roomKey: key, presence: 2 });
    await meet(ada, bob);
    await first.close();
    await Promise.all([ada.happened("away"), bob.happened("away")]);
    await using _second = serve(options);
    await Promise.all([ada.happened("joined"), bob.happened("joined")]);
    ada.connection.setPresence("restarted");
    bob.connection.setPresence("restarted");
    await bob.happened(`presence ${ada.id} "restarted"`);
    await ada.happened(`presence ${bob.id} "restarted"`);
    await ada.connection.send("on it goes");
    await bob.happened(`message ${ada.id} on it goes`);
    // Somebody who comes now finds both.
    const carol = await place.join({
      identity: await createIdentity(),
      roomKey: key,
    });
    await Promise.all([meet(ada, carol), meet(bob, carol)]);
    return [ada, bob, carol].map((each) => each.all(/^(left|untrusted)/));
  },

  async "the session was lost"() {
    await using server = startServer({ limits: { graceMs: 1 } });
    await using place = new Place(server.url);
    const sockets: WebSocket[] = [];
    /** Never goes on with a session, however fast it is back. */
    class Forgetful extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols.filter((each) => !each.startsWith("resume.")));
        sockets.push(this);
      }
    }
    const ada = await place.join({
      identity: adas,
      roomKey: key,
      presence: 1,
      WebSocket: Forgetful as unknown as typeof WebSocket,
    });
    const bob = await place.join({ identity: bobs, roomKey: key, presence: 2 });
    await meet(ada, bob);
    const { joinedAt } = bob.connection.peers.get(ada.id) ?? {};
    sockets[0]?.close(4003);
    await meet(ada, bob);
    const { joinedAt: later = 0 } = bob.connection.peers.get(ada.id) ?? {};
    await bob.connection.send("there you are");
    await ada.happened(`message ${bob.id} there you are`);
    return [
      later > (joinedAt ?? 0),
      ada.why(bob.id)[4],
      bob.why(ada.id)[4],
      ada.all(/^untrusted/),
      bob.all(/^untrusted/),
    ];
  },

  async "a page was reloaded"() {
    await using place = new Place();
    const ada = await place.join({ identity: adas, presence: 1 });
    const before = await place.join({ identity: bobs, presence: "before" });
    await meet(ada, before);
    before.connection.close();
    await ada.happened(`left ${bobs.id}`);
    const after = await place.join({ identity: bobs, presence: "after" });
    await meet(ada, after);
    await after.connection.send("again");
    await ada.happened(`message ${bobs.id} again`);
    return [ada.why(bobs.id)[4], ada.all(/^untrusted/)];
  },

  async "a presence that is too large"() {
    await using place = new Place();
    const ada = await place.join({ id: "ada", roomKey: key, presence: 0 });
    const bob = await place.join({ id: "bob", roomKey: key, presence: 0 });
    const fits = (presence: string) => {
      try {
        ada.connection.setPresence(presence);
        return true;
      } catch (error) {
        return `${error}`;
      }
    };
    const refused = [fits("x".repeat(4094)), fits("x".repeat(3500))];
    let chars = 2000;
    while (fits("x".repeat(chars)) === true) chars++;
    // The largest one passes the server.
    await bob.happened(`presence ada ${JSON.stringify("x".repeat(chars - 1))}`);
    const early = await failure(
      place.join({ roomKey: key, presence: "x".repeat(chars + 200) }),
    );
    return [...refused, chars > 2500 && chars < 4000, early];
  },

  async "safety numbers"() {
    await using place = new Place();
    const numbers = async (a: Options, b: Options) => {
      const [ada, bob] = [await place.join(a), await place.join(b)];
      await meet(ada, bob);
      const [one, other] = await Promise.all([
        ada.connection.safetyNumber(bob.id),
        bob.connection.safetyNumber(ada.id),
      ]);
      const again = await ada.connection.safetyNumber(bob.id);
      const strangers = [
        await failureName(ada.connection.safetyNumber("carol")),
        await failureName(ada.connection.safetyNumber(ada.id)),
      ];
      bob.connection.close();
      await ada.happened(`left ${bob.id}`);
      const late = await failureName(ada.connection.safetyNumber(bob.id));
      ada.connection.close();
      return [
        one === other && one === again,
        /^(\d{5} ){11}\d{5}$/.test(one),
        ...strangers,
        late,
      ];
    };
    return [
      await numbers({ id: "ada" }, { id: "bob" }),
      await numbers({ id: "ada", roomKey: key }, { id: "bob", roomKey: key }),
      await numbers({ identity: adas }, { identity: bobs }),
    ];
  },

  async "safety emoji"() {
    await using place = new Place();
    const ada = await place.join({ id: "ada", roomKey: key });
    const bob = await place.join({ id: "bob", roomKey: key });
    await meet(ada, bob);
    const stranger = await failureName(ada.connection.safetyEmoji("carol"));
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = failure(ada.connection.safetyEmoji("bob", { signal }));
    controller.abort(new Error("changed my mind"));
    const before = await failure(
      ada.connection.safetyEmoji("bob", { signal }),
    );
    const [one, other] = await Promise.all([
      ada.connection.safetyEmoji("bob"),
      bob.connection.safetyEmoji("ada"),
    ]);
    const again = await bob.connection.safetyEmoji("ada");
    const text = JSON.stringify(one);
    return [
      stranger,
      await aborted,
      before,
      one.length,
      one.every(({ emoji, name }) => emoji !== "" && name !== ""),
      text === JSON.stringify(other) && text === JSON.stringify(again),
    ];
  },

  async "safety emoji of a peer that leaves"() {
    await using place = new Place();
    const ada = await place.join({ id: "ada" });
    const bob = await place.join({ id: "bob" });
    await meet(ada, bob);
    const asked = failure(ada.connection.safetyEmoji("bob"));
    bob.connection.close();
    return [
      await asked,
      await failureName(ada.connection.safetyEmoji("bob")),
    ];
  },
};

// Three at a time: mostly they wait, but werift finds no way when it is short of time.
const waiting = Object.entries(scenarios);
async function work(): Promise<void> {
  for (;;) {
    const [name, run] = waiting.shift() ?? [];
    if (!run) return;
    const told = await run().catch((error) => `failed: ${error.stack}`);
    console.log(JSON.stringify([name, told]));
  }
}
await Promise.all([work(), work(), work()]);
