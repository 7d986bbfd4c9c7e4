import { coturn } from "../../server/coturn.ts";
import { type Lab, makeLab } from "../networks/lab.ts";
import type { NetworkKind } from "../networks/network_kind.ts";
import { whyNoCoturn } from "../support/coturn.ts";
import { whyNoNetworks } from "../support/network.ts";
import { inTime } from "./arena.ts";
import type {} from "./contender.ts";
import { interleaved, type Measurement, type Side } from "./measurement.ts";
import { onCore, twoCores } from "./on_core.ts";
import { startProgram } from "./program.ts";

/** Networks of the page that waits and of the one that comes. */
const NETWORKS: readonly (readonly [NetworkKind, NetworkKind])[] = [
  ["open", "open"],
  ["cone", "cone"],
  ["symmetric", "symmetric"],
  ["udp-blocked", "udp-blocked"],
  ["tcp-443", "tcp-443"],
];

/**
 * The same as `connectTime` between networks of the lab: one measurement for
 * each two of them. Our client gets its ICE servers from its server, the floor
 * has the same ones from the start. Nothing where no lab can be made.
 */
export async function networkTime(
  { quick }: { quick: boolean },
): Promise<Measurement[]> {
  if (await whyNoNetworks() ?? await whyNoCoturn()) return [];
  await using lab = await makeLab();
  const { urls, secret } = lab.turn;
  const [core] = await twoCores();
  await using site = await startProgram("network_site.ts", {
    core,
    args: [lab.address, JSON.stringify({ urls, secret })],
  });
  const host = await site.hear();
  const measurements: Measurement[] = [];
  for (const kinds of NETWORKS) {
    measurements.push({
      name: `network_time ${kinds.join("-")}`,
      unit: "ms",
      floorName: "hand-written",
      samples: await between(lab, kinds, { host, quick }),
      aim: { ratio: 1.10 },
    });
  }
  return measurements;
}

async function between(
  lab: Lab,
  kinds: readonly [NetworkKind, NetworkKind],
  { host, quick }: { host: string; quick: boolean },
): Promise<Measurement["samples"]> {
  await using stack = new AsyncDisposableStack();
  const cores = await twoCores();
  const open = async (kind: NetworkKind, core: number) => {
    const within = await lab.host(await lab.network(kind));
    const { browser } = await onCore(core, () => lab.browser(within));
    // Ends with the lab anyway, but its processor time is for the next ones.
    stack.defer(() => browser.close());
    return await browser.newPage();
  };
  const waiting = await open(kinds[0], cores[0]);
  const visiting = await open(kinds[1], cores[1]);
  const { urls, secret } = lab.turn;
  const { iceServers } = await coturn({ urls, secret }).credentials({
    peer: "floor",
    signal: AbortSignal.timeout(1_000),
  });
  const given: RTCIceServer[] = iceServers.map((each) => ({
    ...each,
    urls: [...each.urls],
  }));

  let rooms = 0;
  async function measure(side: Side): Promise<number> {
    const room = `${kinds.join("-")}-${++rooms}`;
    const pages = [waiting, visiting];
    await Promise.all(pages.map((page) => page.goto(`http://${host}/${side}`)));
    await inTime(waiting.evaluate(
      (host, room, given) => contender.wait(host, room, given),
      host,
      room,
      given,
    ));
    return await inTime(visiting.evaluate(
      async (host, room, given) => {
        const calledAt = performance.now();
        await contender.visit(host, room, given);
        return performance.now() - calledAt;
      },
      host,
      room,
      given,
    ));
  }

  await interleaved(quick ? 1 : 2, measure);
  return await interleaved(quick ? 3 : 30, measure);
}
