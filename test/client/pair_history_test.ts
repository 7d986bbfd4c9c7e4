import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SimulatedPair } from "../support/simulated_pair.ts";

/** Every fault has ended: what takes longest is a signal lost after the longest backoff, several times over. */
const PATIENCE_MS = 240_000;

function setup(options: { failMs?: number } = {}): SimulatedPair {
  return new SimulatedPair({ failMs: 20_000, random: () => 0.5, ...options });
}

/** Both dial, and are connected. */
async function connect(test: SimulatedPair): Promise<void> {
  for (const { pair } of test.sides) pair.dial();
  await test.time.flow(1_000);
  test.assertConnected();
  for (const { said, states } of test.sides) said.length = states.length = 0;
}

Deno.test("Two pairs make one connection when both dial at once", async () => {
  using test = setup();
  for (const { pair } of test.sides) pair.dial();
  await test.time.flow(10_000);
  test.assertConnected();
  assertEquals(test.impolite.said, ["1 offer"]);
  assertEquals(test.polite.said, ["1 dial", "1 answer"]);
  assertEquals(test.sides.map(({ fakes }) => fakes.made.length), [1, 1]);
  await test.end();
});

for (const side of ["polite", "impolite"] as const) {
  Deno.test(`Two pairs are connected when only the ${side} one dials`, async () => {
    using test = setup();
    test[side].pair.dial();
    await test.time.flow(1_000);
    test.assertConnected();
    assertEquals(test.sides.map(({ states }) => states), [
      ["connecting", "connected"],
      ["connecting", "connected"],
    ]);
    await test.end();
  });

  Deno.test(`Two pairs are connected again, with all channels, when the connection of the ${side} one breaks`, async () => {
    using test = setup();
    await connect(test);
    test[side].pair.channelNamed("files");
    await test.time.flow(1_000);
    test[side].pc?.channels[0]?.end();
    await test.time.flow(15_000);
    test.assertConnected();
    assertEquals(test.polite.channels, ["webrtc", "files"]);
    await test.end();
  });

  for (const ms of [10_000, 40_000, 120_000]) {
    Deno.test(`Two pairs are connected again when all that the ${side} one says gets lost for ${ms} ms and their addresses change`, async () => {
      using test = setup();
      await connect(test);
      test.move();
      test[side].losing = true;
      await test.time.flow(ms);
      test.mend();
      await test.time.flow(PATIENCE_MS);
      test.assertConnected();
      await test.end();
    });
  }

  Deno.test(`Two pairs save their connection when the signaling of the ${side} one is down for an hour and their addresses change`, async () => {
    using test = setup();
    await connect(test);
    test.move();
    test.silence(test[side], true);
    await test.time.flow(3_600_000);
    test.mend();
    await test.time.flow(5_000);
    test.assertConnected();
    assertEquals(test.sides.map(({ fakes }) => fakes.made.length), [1, 1]);
    await test.end();
  });

  Deno.test(`Two pairs are connected when the signaling of the ${side} one is down while they dial`, async () => {
    using test = setup();
    test.silence(test[side], true);
    for (const { pair } of test.sides) pair.dial();
    await test.time.flow(600_000);
    test.mend();
    await test.time.flow(5_000);
    test.assertConnected();
    await test.end();
  });
}

for (const ms of [10_000, 25_000]) {
  Deno.test(`Two pairs save their connection when the offer gets lost for ${ms} ms and their addresses change`, async () => {
    using test = setup();
    await connect(test);
    test.move();
    test.impolite.losing = true;
    await test.time.flow(ms);
    test.mend();
    await test.time.flow(20_000);
    test.assertConnected();
    assertEquals(test.sides.map(({ fakes }) => fakes.made.length), [1, 1]);
    await test.end();
  });
}

Deno.test("Two pairs restart ICE once when both see at once that packets have stopped", async () => {
  using test = setup();
  await connect(test);
  test.move();
  await test.time.flow(6_000);
  test.assertConnected();
  assertEquals(test.impolite.said, ["1 offer"]);
  assertEquals(test.polite.said, ["1 restart", "1 answer"]);
  for (const { states, fakes } of test.sides) {
    assertEquals(states, ["disrupted", "restarting", "connected"]);
    assertEquals(fakes.made.length, 1);
  }
  await test.end();
});

Deno.test("Two pairs restart nothing when packets come back by themselves", async () => {
  using test = setup();
  await connect(test);
  test.up = false;
  await test.time.flow(4_000);
  test.up = true;
  await test.time.flow(60_000);
  test.assertConnected();
  for (const { states, said } of test.sides) {
    assertEquals([states, said], [["disrupted", "connected"], []]);
  }
  await test.end();
});

Deno.test("Two pairs make the next generation once when no ICE restart helps", async () => {
  using test = setup();
  await connect(test);
  test.curse();
  await test.time.flow(25_000);
  test.assertConnected();
  assertEquals(test.polite.pair.generation, 2);
  for (const { states, fakes } of test.sides) {
    assertEquals(states.toSpliced(2, states.length - 4), [
      "disrupted",
      "restarting",
      "connecting",
      "connected",
    ]);
    assertEquals(fakes.made.length, 2);
  }
  await test.end();
});

/** What can happen, and for how long nothing else does. */
interface Step {
  readonly do:
    | "cut"
    | "move"
    | "curse"
    | "break"
    | "lose"
    | "delay"
    | "silence"
    | "mend"
    | "wake"
    | "change"
    | "reconfigure"
    | "open";
  readonly side: "polite" | "impolite";
  readonly ms: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    "cut",
    "move",
    "curse",
    "break",
    "lose",
    "delay",
    "silence",
    "mend",
    "wake",
    "change",
    "reconfigure",
    "open",
  ),
  side: fc.constantFrom("polite", "impolite"),
  // Much that goes wrong does so at the same time.
  ms: fc.oneof(fc.nat(100), fc.nat(5_000), fc.nat(60_000)),
});

function happen(test: SimulatedPair, { do: what, side: name }: Step): void {
  const side = test[name];
  switch (what) {
    case "cut":
      test.up = false;
      return;
    case "move":
      return test.move();
    case "curse":
      return test.curse();
    case "break":
      return side.pc?.channels[0]?.end();
    case "lose":
      side.losing = true;
      return;
    case "delay":
      side.latencyMs = 8_000;
      return;
    case "silence":
      return test.silence(side, true);
    case "mend":
      return test.mend();
    case "wake":
      return side.pair.wake(false);
    case "change":
      return side.pair.wake(true);
    case "reconfigure":
      return side.pair.reconfigure({});
    case "open":
      // Each its own: whoever asks for the same name at the same time gets two.
      side.pair.channelNamed(name);
      return;
    default:
      return what satisfies never;
  }
}

const history = fc.record({
  dialling: fc.constantFrom<readonly ("polite" | "impolite")[]>(
    ["polite"],
    ["impolite"],
    ["polite", "impolite"],
  ),
  failMs: fc.constantFrom(8_000, 14_000, 20_000),
  seed: fc.nat(),
  steps: fc.array(step, { maxLength: 20, size: "max" }),
});

Deno.test("Two pairs are connected, by one connection of one generation, when whatever happened is over", async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ dialling, failMs, seed, steps }) => {
      let state = seed;
      // Park and Miller's generator is random enough for a backoff.
      const random = () =>
        (state = (state + 1) * 48_271 % 0x7fffffff) / 0x7fffffff;
      using test = new SimulatedPair({ failMs, random });
      for (const name of dialling) test[name].pair.dial();
      const channels = new Set(["webrtc"]);
      for (const step of steps) {
        // Without a connection there is no channel to open yet.
        if (step.do === "open" && test[step.side].pair.pc) {
          channels.add(step.side);
        }
        happen(test, step);
        await test.time.flow(step.ms);
      }
      test.mend();
      await test.time.flow(PATIENCE_MS);
      test.assertConnected();
      assertEquals(new Set(test.polite.channels), channels);
      for (const { said, states } of test.sides) {
        said.length = states.length = 0;
      }
      await test.time.flow(PATIENCE_MS);
      test.assertConnected();
      const told = test.sides.map(({ said, states }) => [said, states]);
      assertEquals(told, [[[], []], [[], []]], "there is peace");
      await test.end();
    }),
    { numRuns: 300 },
  );
});
