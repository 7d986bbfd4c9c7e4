import { endpoint } from "./candidate.ts";
import type { Gathered } from "./gather.ts";
import { type IceServerReport, isOpenHost } from "./ice_server_report.ts";

/**
 * Whether UDP gets out and back.
 *
 * - `open`: a STUN or TURN server answered over UDP
 * - `blocked`: none did, of those that were asked
 * - `unknown`: there was none to ask
 */
export type Udp = "open" | "blocked" | "unknown";

/**
 * How the NATs between this browser and the servers map UDP ports (RFC 4787 §4.1).
 *
 * - `none`: there is no NAT. Browsers that hide their own address call it `endpoint-independent`
 * - `endpoint-independent`: a port has the same address for everybody; peers can be told where to send to
 * - `address-dependent`: a port has another address for each destination ("symmetric NAT"), so what
 *   a STUN server sees is of no use to a peer. RFC 4787 calls it address and port-dependent where the port counts too
 * - `unknown`: see `reason`
 */
export type Mapping =
  | "none"
  | "endpoint-independent"
  | "address-dependent"
  | "unknown";

/** How the network treats UDP. */
export interface NatReport {
  /** Whether UDP gets out and back. */
  readonly udp: Udp;
  /** How NATs map it. */
  readonly mapping: Mapping;
  /** Why the mapping is unknown; `null` if it is known. */
  readonly reason: string | null;
}

/** Whether UDP gets through, as STUN and TURN servers tell. */
export function readUdp(servers: readonly IceServerReport[]): Udp {
  const asked = servers.filter(({ transport, outcome, errorText }) =>
    // A name that is not known was never sent anything.
    transport === "udp" && outcome !== "invalid" &&
    !/lookup/i.test(errorText ?? "")
  );
  if (asked.length === 0) return "unknown";
  // An answer that says no has come back too.
  return asked.some(({ outcome }) => outcome !== "no-answer")
    ? "open"
    : "blocked";
}

/**
 * Tells the mapping from the candidates of one RTCPeerConnection that asked
 * STUN servers at `hosts`, all of which answer. It asks all of them from the same
 * port, its base, and keeps one candidate of each address that they see (RFC 8445 §5.1.3).
 */
export function readMapping(
  { candidates, errors, complete }: Gathered,
  hosts: readonly string[],
): Pick<NatReport, "mapping" | "reason"> {
  const udp = candidates.filter(({ transport }) => transport === "udp");
  const mapped = udp.filter(({ type }) => type === "srflx");
  const seen = new Map<string, Set<string>>();
  for (const each of mapped) {
    // The interface is what is left of a base that is hidden: the upper half of
    // the local preference (RFC 8445 §5.1.2.1), in Chromium and in Firefox.
    const family = each.address.includes(":") ? 6 : 4;
    const base = each.base ?? `${family} ${each.priority >>> 16 & 0xff}`;
    const addresses = seen.get(base) ?? new Set();
    seen.set(base, addresses.add(endpoint(each.address, each.port)));
  }
  // Found out by two servers, even if others stay silent.
  if ([...seen.values()].some(({ size }) => size > 1)) {
    return { mapping: "address-dependent", reason: null };
  }
  if (!complete || errors.length > 0) {
    return unknown("not every STUN server answered again");
  }
  const own = new Set(udp.filter(isOpenHost).map(({ address }) => address));
  // One that is known already may be left out.
  const known = mapped.every(({ address }) => own.has(address));
  if (own.size > 0 && known) return { mapping: "none", reason: null };
  return new Set(hosts).size > 1
    ? { mapping: "endpoint-independent", reason: null }
    : unknown("only one STUN server answered, and it takes two to compare");
}

function unknown(reason: string): Pick<NatReport, "mapping" | "reason"> {
  return { mapping: "unknown", reason };
}
