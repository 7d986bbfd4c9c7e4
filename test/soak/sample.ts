import { rss } from "../bench/rss.ts";
import type { ServerProcess } from "./server_process.ts";

/** What the server takes and holds at one time. */
export interface Sample {
  /** Resident memory, in kB. */
  readonly rss: number;
  /** Allocated by V8, in kB; after a collection without garbage. */
  readonly heap: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Timers that are under way. */
  readonly timers: number;
  readonly rooms: number;
  readonly peers: number;
  /** Those of the peers that are without a socket. */
  readonly away: number;
}

/** Looks at the server, at first without asking it: an answer takes a descriptor. */
export async function takeSample(
  server: ServerProcess,
  after?: "collection",
): Promise<Sample> {
  const descriptors = await countDescriptors(server.pid);
  const { timers, heapUsed } = await server.report(after);
  const resident = await rss(server.pid);
  const metrics = await get(new URL("/metrics", server.url));
  const gauge = (name: string) =>
    Number(new RegExp(`^webrtc_${name} (\\d+)$`, "m").exec(metrics)?.[1]);
  return {
    rss: resident,
    heap: heapUsed / 1000,
    descriptors,
    timers,
    rooms: gauge("rooms"),
    peers: gauge("peers"),
    away: gauge('sessions{state="away"}'),
  };
}

/** How many peers the server has, as it tells everybody. */
export async function countPeers(server: ServerProcess): Promise<number> {
  return JSON.parse(await get(new URL("/health", server.url))).peers;
}

async function countDescriptors(pid: number): Promise<number> {
  return (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
}

async function get(url: URL): Promise<string> {
  // A connection that is kept would count as a descriptor of the server.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const response = await fetch(url, { client });
  if (!response.ok) throw new Error(`GET ${url.pathname}: ${response.status}`);
  return await response.text();
}
