import { gather, type Gathered } from "./gather.ts";
import {
  type IceServerReport,
  reportIceServer,
  WANTED,
} from "./ice_server_report.ts";
import { type IceUrl, readIceUrl } from "./ice_url.ts";
import { type NatReport, readMapping, readUdp, type Udp } from "./nat.ts";

/** One address of a STUN or TURN server, with its credential. */
export interface SingleIceServer extends RTCIceServer {
  readonly urls: string;
}

/** What probes are made with. */
export interface ProbeNetworkOptions {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  /** How long each server may take to answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal | undefined;
}

/** How many connections gather at once. */
const AT_ONCE = 8;
/** How many STUN servers are compared: two will do, and browsers complain about five. */
const COMPARED = 3;

/** Why there is no mapping. */
const UNMAPPED: Readonly<Record<Udp, string>> = {
  open: "no STUN server answered",
  blocked: "UDP is blocked",
  unknown: "there is no STUN server to ask",
};

/** Asks each server by itself, and then some of them from one port. */
export async function probeNetwork(
  servers: readonly SingleIceServer[],
  options: ProbeNetworkOptions,
): Promise<{ servers: IceServerReport[]; nat: NatReport }> {
  const reports: IceServerReport[] = [];
  const waiting = servers.entries();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    // All of them take from the same iterator.
    for (const [index, server] of waiting) {
      reports[index] = await probeServer(server, options);
    }
  });
  await Promise.all(workers);
  return { servers: reports, nat: await probeNat(reports, options) };
}

/** Asks one server, with a connection of its own. */
async function probeServer(
  server: SingleIceServer,
  options: ProbeNetworkOptions,
): Promise<IceServerReport> {
  const { urls: url } = server;
  const kind = readIceUrl(url)?.kind ?? "stun";
  let found: Gathered | Error;
  try {
    found = await gather({
      ...options,
      configuration: {
        iceServers: [server],
        iceTransportPolicy: kind === "turn" ? "relay" : "all",
      },
      enough: ({ type }) => type === WANTED[kind],
    });
  } catch (error) {
    found = error instanceof Error ? error : new Error(String(error));
  }
  return reportIceServer(url, found);
}

/** Finds out how NATs map a port, from what was found out about the servers. */
async function probeNat(
  reports: readonly IceServerReport[],
  options: ProbeNetworkOptions,
): Promise<NatReport> {
  const udp = readUdp(reports);
  const asked = await Promise.all(
    comparable(reports).map(async (url): Promise<IceUrl[]> => {
      const read = readIceUrl(url.urls);
      const known = reports.some(({ url: other, outcome }) =>
        other === url.urls && outcome === "works"
      );
      // A TURN server need not answer those who only want STUN.
      const { outcome } = known
        ? { outcome: "works" }
        : await probeServer(url, options);
      return read && outcome === "works" ? [read] : [];
    }),
  );
  const answering = asked.flat();
  if (answering.length === 0) {
    return { udp, mapping: "unknown", reason: UNMAPPED[udp] };
  }
  const gathered = await gather({
    ...options,
    configuration: {
      iceServers: [{
        urls: answering.map(({ authority }) => `stun:${authority}`),
      }],
    },
    enough: () => false,
  });
  return { udp, ...readMapping(gathered, answering.map(({ host }) => host)) };
}

/** The STUN servers to compare: those that answer over UDP, TURN servers included, at different hosts if possible. */
export function comparable(
  reports: readonly IceServerReport[],
): SingleIceServer[] {
  const found = new Map<string, IceUrl>();
  // STUN first: of TURN it is not known yet.
  for (const wanted of ["stun", "turn"]) {
    for (const { url, kind, transport, outcome } of reports) {
      const read = readIceUrl(url);
      const answers = outcome !== "no-answer" && outcome !== "invalid";
      if (read && answers && kind === wanted && transport === "udp") {
        found.set(read.authority, read);
      }
    }
  }
  const all = [...found.values()];
  const isFirst = (each: IceUrl) =>
    all.find(({ host }) => host === each.host) === each;
  return [...all.filter(isFirst), ...all.filter((each) => !isFirst(each))]
    .slice(0, COMPARED)
    .map(({ authority }) => ({ urls: `stun:${authority}` }));
}
