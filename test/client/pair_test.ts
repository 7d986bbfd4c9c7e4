import { assertEquals } from "@std/assert";
import { nextState, type PairState } from "../../client/pair.ts";

/** From each state, where each state of the RTCPeerConnection leads. */
const EDGES: readonly (readonly [
  from: PairState,
  connection: RTCPeerConnectionState,
  open: boolean,
  to: PairState,
])[] = [
  ["connecting", "new", false, "connecting"],
  ["connecting", "connecting", false, "connecting"],
  ["connecting", "connecting", true, "connected"],
  ["connecting", "connected", false, "connecting"],
  ["connecting", "connected", true, "connected"],
  ["connecting", "disconnected", false, "connecting"],
  ["connecting", "failed", false, "restarting"],
  ["connecting", "closed", false, "closed"],
  ["connected", "connected", true, "connected"],
  ["connected", "connecting", true, "connected"],
  ["connected", "disconnected", true, "disrupted"],
  ["connected", "failed", true, "restarting"],
  ["connected", "closed", true, "closed"],
  ["disrupted", "connected", true, "connected"],
  ["disrupted", "connecting", true, "disrupted"],
  ["disrupted", "failed", true, "restarting"],
  ["disrupted", "closed", true, "closed"],
  ["restarting", "connecting", true, "restarting"],
  ["restarting", "connected", true, "connected"],
  ["restarting", "connected", false, "restarting"],
  ["restarting", "disconnected", true, "disrupted"],
  ["restarting", "failed", true, "restarting"],
  ["restarting", "closed", true, "closed"],
];

for (const [from, connection, open, to] of EDGES) {
  Deno.test(`nextState goes from ${from} to ${to} when the connection is ${connection} and the channel ${open ? "has" : "has not"} opened`, () => {
    assertEquals(nextState(from, connection, open), to);
  });
}
