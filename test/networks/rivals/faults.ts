import type { NetworkKind } from "../network_kind.ts";
import type { Fault, Row } from "./fault.ts";
import { lasting } from "./lasting.ts";
import type { Library } from "../../rivals/library.ts";
import { newcomers } from "./newcomers.ts";
import { NOTHING, type Outcome } from "./outcome.ts";
import { join, judgeAll, notesOf, type PairOfPages } from "./pair_of_pages.ts";
import { openStage } from "./stage.ts";
import { strike } from "./strike.ts";

const CONES = ["cone", "cone"] as const;
/** Connects by relay only. */
const RELAYED = ["symmetric", "symmetric"] as const;

/** How long the network is gone. */
const OUTAGE_SECONDS = [3, 10, 40] as const;

/** How long signaling is gone. */
const RESTART_MS = 3_000;

/** How many packets are lost, and for how long. */
const LOSS = { part: 0.2, ms: 60_000 };

/** Allocations are refreshed for the first time at half of their life: after their credentials have expired. */
const LIVES = { ttlSeconds: 60, allocationSeconds: 140 };

/** Until well after that. */
const EXPIRY_MS = 120_000;

/** Networks between which pairs are to connect at all, with a TURN server that is reached by UDP, TCP, and TCP at port 443. */
const MEETINGS: readonly (readonly [NetworkKind, NetworkKind])[] = [
  CONES,
  RELAYED,
  ["udp-blocked", "cone"],
  ["tcp-443", "tcp-443"],
];

/** The only port that the narrowest network lets through. */
const OPEN_PORT = 443;

async function kill(pairs: readonly PairOfPages[]): Promise<void> {
  await Promise.all(pairs.map(({ signaling }) => signaling.kill()));
}

async function start(pairs: readonly PairOfPages[]): Promise<void> {
  await Promise.all(pairs.map(({ signaling }) => signaling.start()));
}

/** Lets one library after the other connect, so that nothing else is busy then. */
async function meet(
  libraries: readonly Library[],
  kinds: readonly [NetworkKind, NetworkKind],
  lost = 0,
): Promise<Row> {
  await using stage = await openStage({ kinds });
  await stage.networks[0].lose(lost);
  const outcomes = new Map<Library, Outcome>();
  for (const library of libraries) {
    await using pair = await stage.pair(library, OPEN_PORT);
    const seconds = await join(pair);
    const notes = await notesOf(pair);
    outcomes.set(library, { ...NOTHING, seconds, notes });
  }
  const title = `connects, ${kinds.join(" with ")}`;
  return {
    title: lost > 0 ? `${title}, ${lost * 100}% of packets lost` : title,
    shows: "seconds",
    outcomes,
  };
}

/** All faults, in the order of the table. */
export const FAULTS: readonly Fault[] = [
  ...MEETINGS.map((kinds): Fault => ({
    name: `connect-${kinds.join("-")}`,
    quick: kinds === CONES,
    run: async (libraries) => [await meet(libraries, kinds)],
  })),
  {
    name: "connect-loss",
    run: async (libraries) => [await meet(libraries, CONES, LOSS.part)],
  },
  {
    name: "move",
    quick: true,
    run: (libraries) =>
      strike(libraries, {
        title: "another network: address and NAT change",
        kinds: CONES,
        async happen({ lab, hosts: [a] }) {
          await a.move(await lab.network("cone"));
        },
      }),
  },
  ...OUTAGE_SECONDS.map((seconds): Fault => ({
    name: `outage-${seconds}`,
    quick: seconds === 3,
    run: (libraries) =>
      strike(libraries, {
        title: `no network for ${seconds} s, then a new address`,
        kinds: CONES,
        async happen({ hosts: [a] }) {
          await a.unplug();
          await lasting(seconds * 1000);
          await a.plug();
        },
      }),
  })),
  {
    name: "signaling",
    quick: true,
    run: (libraries) =>
      strike(libraries, {
        title: "signaling killed, started again after 3 s",
        shows: "silence",
        kinds: CONES,
        async happen(_stage, pairs) {
          await kill(pairs);
          await lasting(RESTART_MS);
          await start(pairs);
        },
        after: newcomers,
      }),
  },
  {
    name: "signaling-move",
    run: (libraries) =>
      strike(libraries, {
        title: "another network while signaling is down for 3 s",
        kinds: CONES,
        async happen({ lab, hosts: [a] }, pairs) {
          const elsewhere = await lab.network("cone");
          await Promise.all([kill(pairs), a.move(elsewhere)]);
          await lasting(RESTART_MS);
          await start(pairs);
        },
      }),
  },
  {
    name: "turn-restart",
    run: (libraries) =>
      strike(libraries, {
        title: "TURN server restarted under a relayed pair",
        kinds: RELAYED,
        happen: ({ lab }) => lab.turn.coturn.restart(),
      }),
  },
  {
    name: "turn-expiry",
    once: true,
    run: (libraries) =>
      strike(libraries, {
        title: "TURN credentials expire under a relayed pair",
        shows: "silence",
        kinds: RELAYED,
        turn: LIVES,
        happen: () => lasting(EXPIRY_MS),
        // coturn asks for credentials again only when something new is allocated.
        async after({ lab }, pairs) {
          const beganAt = Date.now();
          await lab.turn.coturn.restart();
          const outcomes = await judgeAll(pairs, beganAt, Date.now());
          const title = "… and then the TURN server is restarted";
          return [{ title, shows: "seconds", outcomes }];
        },
      }),
  },
  {
    name: "loss",
    run: (libraries) =>
      strike(libraries, {
        title: "20% of packets lost for a minute",
        shows: "silence",
        kinds: CONES,
        async happen({ networks: [home] }) {
          await home.lose(LOSS.part);
          await lasting(LOSS.ms);
        },
      }),
  },
];
