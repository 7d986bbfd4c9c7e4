import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Neighbour } from "../../../server/cluster/neighbour.ts";
import {
  type Datagram,
  type Ordered,
  parseNodeFrame,
} from "../../../server/cluster/node_message.ts";

/** Two nodes, each as the other one sees it, and what lies between them. */
class Between {
  readonly a: Neighbour;
  readonly b: Neighbour;
  /** What has come to each, in order, without what a stream begins with. */
  readonly came = { a: [] as string[], b: [] as string[] };
  /** How often a stream has begun at each. */
  readonly begun = { a: 0, b: 0 };
  /** Whether the next frame is lost. */
  loses: () => boolean = () => false;
  readonly #underWay: (() => void)[] = [];
  #epoch = 0;

  constructor() {
    this.b = this.#make("b", "a");
    this.a = this.#make("a", "b");
    this.b.begin();
    this.a.begin();
  }

  /** Everything that is under way arrives, and what comes of it. */
  arrive(): void {
    for (
      let next = this.#underWay.shift();
      next;
      next = this.#underWay.shift()
    ) next();
  }

  /** Each tells the other how far it has come. */
  beat(): void {
    const { a, b } = this;
    // `b` is the other node as `a` sees it.
    const [fromA, fromB] = [{ sent: b.sent, got: b.got }, {
      sent: a.sent,
      got: a.got,
    }];
    a.compare(fromA.sent, fromA.got);
    b.compare(fromB.sent, fromB.got);
    this.arrive();
  }

  #make(name: "a" | "b", own: "a" | "b"): Neighbour {
    return new Neighbour({
      name,
      own,
      link: {
        send: (node, frame) => {
          assertEquals(node, name);
          if (!this.loses()) this.#underWay.push(() => this.#hear(name, frame));
        },
      },
      nextEpoch: () => ++this.#epoch,
      *state() {
        yield { type: "rooms", rooms: [], first: true, last: true };
      },
      onMessage: (message, payload) => this.#came(own, message, payload),
      onLost() {},
      onFound() {},
    });
  }

  #came(at: "a" | "b", message: Ordered, payload: string): void {
    if (message.type === "rooms") this.begun[at]++;
    else this.came[at].push(payload);
  }

  #hear(at: "a" | "b", text: string): void {
    const frame = parseNodeFrame(text);
    assert(frame);
    const sender = at === "a" ? this.b : this.a;
    const { mark } = frame;
    if (mark) return sender.take({ ...frame, mark });
    const message = frame.message as Datagram;
    switch (message.type) {
      case "again":
        return sender.repeat(message.mark);
      case "ack":
        return sender.acknowledge(message.mark);
      default:
        throw new Error(`Nobody says ${message.type} here`);
    }
  }
}

function say(to: Neighbour, payload: string): void {
  to.send({ type: "signal", room: "r", to: "x", joinedAt: 1 }, payload);
}

Deno.test("Neighbour takes each frame once, in order, whatever is lost on the way", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          to: fc.constantFrom("a", "b"),
          lost: fc.boolean(),
          arrive: fc.boolean(),
          beat: fc.boolean(),
        }),
        { maxLength: 300, size: "max" },
      ),
      (steps) => {
        const between = new Between();
        const said = { a: [] as string[], b: [] as string[] };
        for (const [index, step] of steps.entries()) {
          const { to, lost, arrive, beat } = step;
          between.loses = () => lost;
          said[to as "a" | "b"].push(`${index}`);
          say(between[to as "a" | "b"], `${index}`);
          if (arrive) between.arrive();
          if (beat) between.beat();
        }
        between.loses = () => false;
        for (let beat = 0; beat < 3; beat++) between.beat();
        assertEquals(between.came, said);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("Neighbour begins anew, once, when more was lost than is kept", () => {
  const between = new Between();
  between.arrive();
  between.loses = () => true;
  for (let index = 0; index < 20_000; index++) say(between.b, `${index}`);
  assertEquals(between.b.busy, true);
  between.loses = () => false;
  between.beat();
  between.beat();
  assertEquals(between.begun, { a: 1, b: 2 });
  assertEquals(between.b.busy, false);
  say(between.b, "after");
  between.arrive();
  assertEquals(between.came.b, ["after"]);
});

Deno.test("Neighbour begins anew when it is asked for what it does not keep any more", () => {
  const between = new Between();
  for (let index = 0; index < 200; index++) say(between.b, `${index}`);
  between.arrive();
  between.beat();
  between.b.repeat({ ...between.b.sent, seq: 1 });
  between.arrive();
  assertEquals(between.begun.b, 2);
});

Deno.test("Neighbour is lost after three beats without a word, and found by the next one", () => {
  const told: string[] = [];
  const neighbour = new Neighbour({
    name: "a",
    own: "b",
    link: { send() {} },
    nextEpoch: () => 1,
    state: () => [],
    onMessage() {},
    onLost: () => void told.push("lost"),
    onFound: () => void told.push("found"),
  });
  neighbour.beat();
  neighbour.beat();
  neighbour.heard();
  neighbour.beat();
  neighbour.beat();
  assertEquals(told, []);
  neighbour.beat();
  neighbour.beat();
  assertEquals(told, ["lost"]);
  neighbour.heard();
  assertEquals(told, ["lost", "found"]);
});

Deno.test("Neighbour takes more after a long beginning, of which nothing has arrived yet", () => {
  let count = 0;
  const neighbour = new Neighbour({
    name: "a",
    own: "b",
    link: { send: () => void count++ },
    nextEpoch: () => 1,
    *state() {
      for (let index = 0; index < 20_000; index++) {
        yield { type: "watch", room: `${index}` };
      }
    },
    onMessage() {},
    onLost() {},
    onFound() {},
  });
  neighbour.begin();
  say(neighbour, "more");
  assertEquals(count, 20_001);
  assertEquals(neighbour.busy, false);
});
