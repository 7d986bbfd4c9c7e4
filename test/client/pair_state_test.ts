import { assertEquals } from "@std/assert";
import {
  nextPairState,
  type PairEvent,
  type PairState,
} from "../../client/pair_state.ts";

/** Every legal edge. */
const EDGES: readonly (readonly [PairState, PairEvent, PairState])[] = [
  ["new", "dialled", "connecting"],
  ["new", "ended", "closed"],
  ["connecting", "dialled", "connecting"],
  ["connecting", "flows", "connected"],
  ["connecting", "broken", "failed"],
  ["connecting", "ended", "closed"],
  ["connected", "dialled", "connecting"],
  ["connected", "stalled", "disrupted"],
  ["connected", "restarted", "restarting"],
  ["connected", "broken", "failed"],
  ["connected", "ended", "closed"],
  ["disrupted", "dialled", "connecting"],
  ["disrupted", "flows", "connected"],
  ["disrupted", "restarted", "restarting"],
  ["disrupted", "broken", "failed"],
  ["disrupted", "ended", "closed"],
  ["restarting", "dialled", "connecting"],
  ["restarting", "flows", "connected"],
  ["restarting", "restarted", "restarting"],
  ["restarting", "broken", "failed"],
  ["restarting", "ended", "closed"],
  ["failed", "dialled", "connecting"],
  ["failed", "ended", "closed"],
];

const STATES: readonly PairState[] = [
  "new",
  "connecting",
  "connected",
  "disrupted",
  "restarting",
  "failed",
  "closed",
];
const EVENTS: readonly PairEvent[] = [
  "dialled",
  "flows",
  "stalled",
  "restarted",
  "broken",
  "ended",
];

for (const [from, event, to] of EDGES) {
  Deno.test(`a pair that is ${from} is ${to} when it is ${event}`, () => {
    assertEquals(nextPairState(from, event), to);
  });
}

for (const from of STATES) {
  for (const event of EVENTS) {
    if (EDGES.some(([state, legal]) => state === from && legal === event)) {
      continue;
    }
    Deno.test(`a pair that is ${from} stays so when it is ${event}`, () => {
      assertEquals(nextPairState(from, event), undefined);
    });
  }
}
