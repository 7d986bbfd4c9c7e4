import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Payload } from "../../../client/data/payload.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { type HeardPlane, JoinedPlanes } from "../../support/joined_planes.ts";

/** Something that two apps do, or that happens to what joins them. */
type Deed =
  | {
    readonly type: "send";
    readonly side: "a" | "b";
    readonly size: number;
    readonly text: boolean;
  }
  /** Takes one of the messages back, if it has not left. */
  | { readonly type: "abort"; readonly side: "a" | "b"; readonly which: number }
  | { readonly type: "hold" | "release"; readonly side: "a" | "b" }
  | {
    readonly type: "leave" | "arrive";
    readonly side: "a" | "b";
    readonly count: number;
  }
  | { readonly type: "renew" };

const side = fc.constantFrom("a" as const, "b" as const);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("send" as const),
      side,
      size: fc.oneof(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 65_500, max: 65_560 }),
        fc.integer({ min: 0, max: 500_000 }),
      ),
      text: fc.boolean(),
    }),
  },
  fc.record({
    type: fc.constant("abort" as const),
    side,
    which: fc.nat({ max: 20 }),
  }),
  fc.record({ type: fc.constantFrom("hold" as const, "release"), side }),
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("leave" as const, "arrive"),
      side,
      count: fc.integer({ min: 1, max: 10 }),
    }),
  },
  fc.record({ type: fc.constant("renew" as const) }),
);

/** One side: what it has said that was not taken back, and what holds it. */
class Speaker {
  readonly heard: HeardPlane;
  /** In order; `item` until it has left. */
  readonly said: { item?: unknown; text: boolean; size: number }[] = [];
  holds = 0;

  constructor(heard: HeardPlane) {
    this.heard = heard;
  }

  send(size: number, text: boolean): void {
    const { plane } = this.heard;
    const bytes = new Uint8Array(size).fill(97 + this.said.length % 26);
    const data = text ? new TextDecoder().decode(bytes) : bytes;
    const message: { item?: unknown; text: boolean; size: number } = {
      text,
      size,
    };
    this.said.push(message);
    const payload = new Payload("send", data);
    let left = false;
    const item = plane.push(payload, () => {
      left = true;
      delete message.item;
    }, () => {});
    payload.keep();
    if (!left) message.item = item;
    bytes.fill(0);
  }

  abort(which: number): void {
    const waiting = this.said.filter(({ item }) => item);
    const message = waiting[which % Math.max(1, waiting.length)];
    if (!message) return;
    this.heard.plane.remove(
      message.item as Parameters<HeardPlane["plane"]["remove"]>[0],
    );
    this.said.splice(this.said.indexOf(message), 1);
  }
}

/** What tells messages apart. */
function sketch(data: string | ArrayBuffer): [boolean, number, boolean] {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : new Uint8Array(data);
  const [first] = bytes;
  return [
    typeof data === "string",
    bytes.byteLength,
    first !== 0 && bytes.every((byte) => byte === first),
  ];
}

Deno.test("Two data planes give every message whole, once and in order whatever happens", () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60, size: "max" }), (deeds) => {
      using time = new FakeTime();
      using test = new JoinedPlanes();
      const speakers = { a: new Speaker(test.a), b: new Speaker(test.b) };
      test.join();
      for (const deed of deeds) {
        switch (deed.type) {
          case "send":
            speakers[deed.side].send(deed.size, deed.text);
            break;
          case "abort":
            speakers[deed.side].abort(deed.which);
            break;
          case "hold":
            speakers[deed.side].holds++;
            test[deed.side].plane.hold();
            break;
          case "release":
            if (speakers[deed.side].holds === 0) break;
            speakers[deed.side].holds--;
            test[deed.side].plane.release();
            break;
          case "leave":
          case "arrive": {
            const { channel } = test;
            const end = deed.side === "a" ? channel : channel.other;
            end[deed.type](deed.count);
            break;
          }
          case "renew":
            test.cut();
            test.join();
            break;
          default:
            deed satisfies never;
        }
      }
      test.cut();
      test.join();
      for (const { holds, heard } of Object.values(speakers)) {
        for (let hold = 0; hold < holds; hold++) heard.plane.release();
      }
      for (let turn = 0; turn < 20; turn++) {
        test.flush();
        time.pass(100);
      }
      for (const [one, other] of [["a", "b"], ["b", "a"]] as const) {
        assertEquals(
          test[other].heard.map(sketch),
          speakers[one].said.map(({ text, size }) => [text, size, true]),
        );
        assertEquals(test[one].plane.heldBytes, 0);
        assertEquals(test[one].events, []);
      }
    }),
    { numRuns: 100 },
  );
});
