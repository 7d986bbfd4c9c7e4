import { assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { FRAME_BYTES, WINDOW_BYTES } from "../../../client/data/lane_frame.ts";
import { FakeTime } from "../../support/fake_time.ts";
import type { JoinedChannel } from "../../support/joined_channels.ts";
import { join, NumberedLane } from "../../support/joined_lanes.ts";

/** Something that happens to two lanes and what joins them. */
type Deed =
  | { readonly type: "say"; readonly side: 0 | 1; readonly sizes: number[] }
  | { readonly type: "pause" | "resume"; readonly side: 0 | 1 }
  /** A listener pauses it at one of the next frames. */
  | { readonly type: "balk"; readonly side: 0 | 1; readonly after: number }
  | {
    readonly type: "leave" | "arrive";
    readonly side: 0 | 1;
    readonly count: number;
  }
  /** The channel is lost, and both sides get the next one, which opens or does not. */
  | { readonly type: "renew"; readonly opens: boolean }
  /** Only one side notices yet that it is lost. */
  | { readonly type: "half"; readonly side: 0 | 1 }
  | { readonly type: "wait"; readonly ms: number };

const side = fc.constantFrom(0 as const, 1 as const);
const count = fc.integer({ min: 1, max: 40 });
const size = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 5, max: 2000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 2000, max: FRAME_BYTES }) },
  { weight: 1, arbitrary: fc.constant(FRAME_BYTES) },
);
const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.array(size, { minLength: 1, maxLength: 20 }) },
  // More than a window.
  { weight: 1, arbitrary: fc.constant(Array<number>(80).fill(FRAME_BYTES)) },
);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ type: fc.constant("say" as const), side, sizes }),
  fc.record({ type: fc.constantFrom("pause" as const, "resume"), side }),
  fc.record({
    type: fc.constant("balk" as const),
    side,
    after: fc.integer({ min: 0, max: 10 }),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("leave" as const, "arrive"),
      side,
      count,
    }),
  },
  fc.record({ type: fc.constant("renew" as const), opens: fc.boolean() }),
  fc.record({ type: fc.constant("half" as const), side }),
  fc.record({
    type: fc.constant("wait" as const),
    ms: fc.integer({ min: 1, max: 150 }),
  }),
);

/** Two lanes in such a history. */
class History {
  readonly lanes = [new NumberedLane(), new NumberedLane()] as const;
  readonly #said = [0, 0];
  #ends: readonly JoinedChannel[] = [];
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
    this.#renew(true);
  }

  run(deed: Deed): void {
    switch (deed.type) {
      case "say":
        this.#said[deed.side] = (this.#said[deed.side] ?? 0) +
          deed.sizes.length;
        this.lanes[deed.side].say(...deed.sizes);
        break;
      case "pause":
      case "resume":
        this.lanes[deed.side].lane[deed.type]();
        break;
      case "balk": {
        const listener = this.lanes[deed.side];
        let left = deed.after;
        listener.onHeard = () => {
          if (left-- === 0) listener.lane.pause();
        };
        break;
      }
      case "leave":
      case "arrive":
        this.#ends[deed.side]?.[deed.type](deed.count);
        break;
      case "renew":
        this.#renew(deed.opens);
        break;
      case "half":
        this.lanes[deed.side].lane.detach();
        break;
      case "wait":
        this.#time.pass(deed.ms);
        break;
      default:
        deed satisfies never;
    }
    this.#check();
  }

  /** Nothing stands in the way any more. */
  finish(): void {
    for (const each of this.lanes) each.onHeard = () => {};
    this.#renew(true);
    for (let turn = 0; turn < 20; turn++) {
      for (const { lane } of this.lanes) lane.resume();
      this.#ends[0]?.flush();
      this.#time.pass(100);
    }
    this.#check();
    for (const [index, listener] of this.lanes.entries()) {
      assertEquals(listener.heard.length, this.#said[1 - index]);
      assertEquals(listener.lane.unacknowledged.length, 0);
    }
    for (const { lane } of this.lanes) lane.end();
    assertEquals(this.#time.timers, 0);
  }

  #renew(opens: boolean): void {
    this.#ends[0]?.die();
    const end = join(this.lanes);
    const ends = [end, end.other];
    this.#ends = opens ? ends : [];
    if (!opens) end.die();
  }

  #check(): void {
    for (const { heard, events, keptBytes } of this.lanes) {
      assertEquals(events, []);
      assertLessOrEqual(keptBytes, WINDOW_BYTES + FRAME_BYTES);
      assertEquals(heard.every((number, index) => number === index), true);
    }
    for (const { peakBytes } of this.#ends) {
      // Greetings and acknowledgements come on top.
      assertLessOrEqual(peakBytes, 2 * FRAME_BYTES + FRAME_BYTES + 100);
    }
  }
}

Deno.test("Two lanes give everything once and in order whatever happens to their channels", () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60, size: "max" }), (deeds) => {
      using time = new FakeTime();
      const history = new History(time);
      for (const deed of deeds) history.run(deed);
      history.finish();
    }),
    { numRuns: 150 },
  );
});
