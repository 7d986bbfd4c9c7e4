import { interleaved, type Measurement, type Side } from "./measurement.ts";
import { twoCores } from "./on_core.ts";
import { startProgram } from "./program.ts";
import { startRelay } from "./relay.ts";
import { steadyRss } from "./rss.ts";

/** Sockets that come and go first: what a server takes once is not what a session costs. */
const WARM_UP = 400;
/**
 * Pings of the server, one in 15 s, until a session counts as idle. Right after
 * the crowd has come in, most of what has grown is garbage that V8 has not yet
 * looked at; it does within the first twenty seconds.
 */
const PINGS = 2;

/**
 * Resident memory of the server for each session that is open and quiet: rooms
 * of two, 5,000 sockets. A server is started afresh for each sample.
 */
export async function idleMemory(
  { quick }: { quick: boolean },
): Promise<Measurement> {
  const [first, second] = await twoCores();
  const sockets = quick ? 1_000 : 5_000;

  async function measure(side: Side): Promise<number> {
    // All of them come from one address.
    const limits = { socketsPerAddress: sockets };
    await using relay = await startRelay(side, first, { limits });
    await using load = await startProgram("idle_load.ts", {
      core: second,
      args: [side, relay.host],
    });
    const order = async (line: string) => {
      await load.say(line);
      await load.hear();
    };
    await order(`open ${WARM_UP}`);
    await order("close");
    const before = await steadyRss(relay.pid);
    await order(`open ${sockets}`);
    await order(`hold ${PINGS}`);
    return (await steadyRss(relay.pid) - before) / sockets;
  }

  return {
    name: "idle_memory",
    unit: "kB",
    floorName: "bare relay",
    samples: await interleaved(quick ? 1 : 3, measure),
    aim: { ratio: 1.3 },
  };
}
