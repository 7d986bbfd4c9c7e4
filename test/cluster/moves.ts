import { assert, assertEquals } from "@std/assert";
import { CLOSE } from "../../protocol.ts";
import { type Cluster, nodeOf } from "../support/start_cluster.ts";
import { within } from "../support/within.ts";
import { flush, WirePeer } from "../support/wire_peer.ts";
import type { Step } from "./step.ts";

/** How often a session goes on with another node. */
const ROUNDS = 9;
/** How often two nodes are asked for the same session at once. */
const DOUBLES = 30;
/** How many signals wait for who is away, of each peer. */
const WAITING = 50;

const MOVER = "mover";

/** Somebody at the first node who moves, and a friend at each node. */
interface Scene {
  readonly room: string;
  readonly mover: WirePeer;
  readonly friends: readonly WirePeer[];
}

async function scene(
  cluster: Cluster,
  room: string,
  stack: AsyncDisposableStack,
): Promise<Scene> {
  const { url } = nodeOf(cluster, 0);
  const mover = stack.use(await WirePeer.join(url, { room, id: MOVER }));
  const friends: WirePeer[] = [];
  for (const [index, { url }] of cluster.nodes.entries()) {
    const id = `friend-${index}`;
    friends.push(stack.use(await WirePeer.join(url, { room, id })));
  }
  mover.publish("published");
  await flush([mover, ...friends]);
  return { room, mover, friends };
}

/** Goes on with the session of a peer at some node. */
function resume(
  cluster: Cluster,
  index: number,
  { room, token, seen }: { room: string; token: string; seen: number },
): WirePeer {
  const { url } = nodeOf(cluster, index);
  return new WirePeer(url, { room, id: MOVER, resume: token, seen });
}

/** Lets friends signal the mover, one number after the other, each as soon as its node has taken the one before. */
function startToSignal(friends: readonly WirePeer[]): {
  stop(): Promise<ReadonlyMap<string, number>>;
} {
  const sent = new Map<string, number>();
  let stopped = false;
  const signaling = friends.map(async (friend) => {
    for (let number = 0; !stopped; number++) {
      friend.signal(MOVER, String(number));
      sent.set(friend.id, number + 1);
      await friend.settled();
    }
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(signaling);
      return sent;
    },
  };
}

/** Asserts that all numbers of all friends have come, first here, then there, each once and in order. */
function assertAllCame(
  sent: ReadonlyMap<string, number>,
  parts: readonly (readonly { from: string; data: string }[])[],
): void {
  for (const [id, count] of sent) {
    const numbers = parts.flat()
      .filter(({ from, data }) => from === id && /^\d+$/.test(data))
      .map(({ data }) => Number(data));
    assertEquals(numbers, Array.from({ length: count }, (_, n) => n), id);
  }
}

/** Resolves when a peer has got as many signals of each friend as there are. */
async function untilAllCame(
  peer: WirePeer,
  sent: ReadonlyMap<string, number>,
): Promise<void> {
  await peer.until(
    "all signals",
    () =>
      sent.entries().every(([id, count]) =>
        count === 0 || peer.signalsOf(id).includes(String(count - 1))
      ),
  );
}

/** What friends have heard of the mover since it joined. */
function storyOf({ friends }: Scene): string[][] {
  return friends.map((friend) =>
    friend.of(MOVER).filter((word) => !/^(join|presence)/.test(word))
  );
}

/** What becomes of a session that another node is asked for. */
export const MOVES: readonly Step[] = [
  {
    name:
      "moves a session from a socket that is silent, and nobody else notices",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const stage = await scene(cluster, "silent", stack);
      const { room, mover, friends } = stage;
      const talk = startToSignal(friends);
      await mover.until(
        "signals of all",
        () => friends.every(({ id }) => mover.signalsOf(id).length > 10),
      );
      mover.raw.answers = false;
      const seen = mover.signals.length;
      const token = mover.welcome.resume;
      const moved = stack.use(resume(cluster, 1, { room, token, seen }));
      assert(await moved.welcomed(), `refused: ${moved.refusal}`);
      const { session, joinedAt, sent: before } = moved.welcome;
      assertEquals([session, joinedAt], ["resumed", mover.welcome.joinedAt]);
      // Of a flood to a living socket not all is kept; this one had it.
      assert(before >= seen && before <= mover.signals.length);
      const { code } = await within(
        5_000,
        "the end of the old socket",
        mover.raw.closed,
      );
      assertEquals(code, CLOSE.replaced);
      const missed = moved.signals.length;
      await moved.until(
        "more signals",
        () => moved.signals.length > missed + 30,
      );
      const sent = await talk.stop();
      await untilAllCame(moved, sent);
      assertAllCame(sent, [mover.signals.slice(0, before), moved.signals]);
      await flush([moved, ...friends]);
      assertEquals(storyOf(stage), friends.map(() => []));
      const late = stack.use(
        await WirePeer.join(nodeOf(cluster, 2).url, { room, id: "late" }),
      );
      const known = late.welcome.peers.find(({ id }) => id === MOVER);
      assertEquals(known, {
        id: MOVER,
        joinedAt,
        presence: "published",
        away: false,
      });
    },
  },
  {
    name: "moves a session that is away, with the signals that wait for it",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const stage = await scene(cluster, "waiting", stack);
      const { room, mover, friends } = stage;
      const seen = mover.signals.length;
      await mover.settled();
      await mover.drop();
      for (const friend of friends) await friend.hears(MOVER, "away");
      for (const friend of friends) {
        for (let number = 0; number < WAITING; number++) {
          friend.signal(MOVER, String(number));
        }
      }
      await Promise.all(friends.map((friend) => friend.settled()));
      const token = mover.welcome.resume;
      const moved = stack.use(resume(cluster, 2, { room, token, seen }));
      assert(await moved.welcomed(), `refused: ${moved.refusal}`);
      assertEquals(moved.welcome.session, "resumed");
      const sent = new Map(friends.map(({ id }) => [id, WAITING]));
      await untilAllCame(moved, sent);
      await flush([moved, ...friends]);
      assertAllCame(sent, [moved.signals]);
      assertEquals(storyOf(stage), friends.map(() => ["away", "back"]));
    },
  },
  {
    name:
      `moves a session round all nodes ${ROUNDS} times, and no signal is lost or out of order`,
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const stage = await scene(cluster, "round", stack);
      const { room, friends } = stage;
      const talk = startToSignal(friends);
      let current = stage.mover;
      const parts: (readonly { from: string; data: string }[])[] = [];
      let seen = 0;
      for (let round = 1; round <= ROUNDS; round++) {
        const holder = current;
        await holder.until("signals", () => holder.signals.length > 20);
        await holder.drop();
        parts.push(holder.signals);
        seen += holder.signals.length;
        const token = holder.welcome.resume;
        const next = resume(cluster, round % 3, { room, token, seen });
        current = stack.use(next);
        assert(await next.welcomed(), `round ${round}: ${next.refusal}`);
        const { session, joinedAt, sent } = next.welcome;
        assertEquals(
          [session, joinedAt, sent],
          ["resumed", stage.mover.welcome.joinedAt, seen],
          `round ${round}`,
        );
      }
      const sent = await talk.stop();
      await untilAllCame(current, sent);
      await flush([current, ...friends]);
      assertAllCame(sent, [...parts, current.signals]);
      for (const story of storyOf(stage)) {
        assertEquals(story.filter((word) => !/^(away|back)$/.test(word)), []);
        assertEquals(story.at(-1), "back");
      }
    },
  },
  {
    name: "moves a session from and to nodes where it is alone",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const room = "alone";
      const witness = stack.use(
        await WirePeer.join(nodeOf(cluster, 0).url, { room, id: "witness" }),
      );
      const mover = stack.use(
        await WirePeer.join(nodeOf(cluster, 1).url, { room, id: MOVER }),
      );
      await witness.hears(MOVER, "join");
      let holder: WirePeer = mover;
      for (const index of [2, 1, 2, 1]) {
        await holder.settled();
        await holder.drop();
        const token = holder.welcome.resume;
        holder = stack.use(resume(cluster, index, { room, token, seen: 0 }));
        assert(await holder.welcomed(), `refused: ${holder.refusal}`);
        assertEquals(
          [holder.welcome.session, holder.welcome.joinedAt],
          ["resumed", mover.welcome.joinedAt],
        );
      }
      await flush([witness, holder]);
      const story = witness.of(MOVER).filter((word) =>
        !/^(away|back)$/.test(word)
      );
      assertEquals(story, ["join"]);
    },
  },
  {
    name:
      "refuses a session to who has an old token of it, or the token of one that answers",
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const { room, mover } = await scene(cluster, "stolen", stack);
      await mover.settled();
      await mover.drop();
      const old = mover.welcome.resume;
      const moved = stack.use(
        resume(cluster, 1, { room, token: old, seen: 0 }),
      );
      assert(await moved.welcomed(), `refused: ${moved.refusal}`);
      await moved.settled();
      for (const token of [old, moved.welcome.resume, "nonsense"]) {
        for (const index of cluster.nodes.keys()) {
          const thief = resume(cluster, index, { room, token, seen: 0 });
          const outcome = [await thief.welcomed(), thief.refusal];
          assertEquals(outcome, [false, 409], `${token} at node ${index}`);
        }
      }
      // It goes on where it is.
      await moved.settled();
    },
  },
  {
    name:
      `moves a session that two nodes are asked for at once to one of them, ${DOUBLES} times`,
    async run(cluster) {
      await using stack = new AsyncDisposableStack();
      const { room, mover } = await scene(cluster, "double", stack);
      let holder = mover;
      for (let turn = 0; turn < DOUBLES; turn++) {
        await holder.settled();
        await holder.drop();
        const token = holder.welcome.resume;
        const asked = [turn % 3, (turn + 1) % 3];
        const twins = asked.map((index) =>
          resume(cluster, index, { room, token, seen: 0 })
        );
        const in_ = await Promise.all(twins.map((twin) => twin.welcomed()));
        assertEquals(
          in_.filter(Boolean).length,
          1,
          `turn ${turn}, nodes ${asked}: ${in_}, ${
            twins.map(({ refusal }) => refusal)
          }`,
        );
        const winner = twins[in_.indexOf(true)];
        assert(winner);
        assertEquals(winner.welcome.joinedAt, mover.welcome.joinedAt);
        holder = winner;
      }
      await holder[Symbol.asyncDispose]();
    },
  },
];
