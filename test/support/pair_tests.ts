import type {
  DescriptionSignal,
  PairSignal,
} from "../../client/pair_signal.ts";
import { sdpOf } from "./fake_peer_connection.ts";
import { type Side, SupervisedPair } from "./supervised_pair.ts";

/** Both roles. */
export const SIDES: readonly Side[] = ["impolite", "polite"];

/** Others than those that a pair has. */
export const SERVERS = { iceServers: [{ urls: "stun:s.example" }] };

/** A test of either role. */
export function testBoth(
  name: (restart: string, next: string) => string,
  run: (test: SupervisedPair) => Promise<void>,
): void {
  for (const side of SIDES) {
    const [restart, next] = side === "polite"
      ? ["asks for an ICE restart", "asks for the next generation"]
      : ["offers an ICE restart", "offers the next generation"];
    Deno.test(`Pair ${name(restart, next)} and it is ${side}`, async () => {
      await using test = new SupervisedPair(side);
      await run(test);
    });
  }
}

/** Statistics of a connection whose selected pair has a local candidate of this type. */
export function route(candidateType: string): Record<string, object> {
  const pair = { localCandidateId: "L", remoteCandidateId: "R" };
  return {
    T: { type: "transport", selectedCandidatePairId: "P" },
    P: { type: "candidate-pair", ...pair },
    L: { type: "local-candidate", candidateType, relayProtocol: "udp" },
    R: { type: "remote-candidate", candidateType: "host" },
  };
}

/** The other side's offer of a generation. */
export function offerOf(
  generation: number,
): PairSignal & DescriptionSignal {
  const sdp = sdpOf(`other${generation}`);
  const description = { type: "offer", sdp } as const;
  return { to: 1, from: 2, generation, description, offer: 1 };
}
