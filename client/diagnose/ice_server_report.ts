import { endpoint } from "./candidate.ts";
import type { Gathered } from "./gather.ts";
import { readIceUrl } from "./ice_url.ts";

/**
 * How a STUN or TURN server answers.
 *
 * - `works`: it told our address (STUN), or gave one that relays (TURN)
 * - `credential-rejected`: TURN does not take the user name or the password; credentials that have expired look the same (STUN error 401, 403, 438, 441)
 * - `quota-reached`: TURN gives this user no more addresses, or nobody any (486, 508)
 * - `refused`: it answers with another error
 * - `no-answer`: it is down, or something on the way lets nothing through (701), or there is no such name
 * - `invalid`: the browser does not take the address or the credential
 */
export type IceServerOutcome =
  | "works"
  | "credential-rejected"
  | "quota-reached"
  | "refused"
  | "no-answer"
  | "invalid";

/** What was found out about one address of a STUN or TURN server. */
export interface IceServerReport {
  /** The address (RFC 7064, RFC 7065). */
  readonly url: string;
  /** What it is asked for. */
  readonly kind: "stun" | "turn";
  /** How it is reached. */
  readonly transport: "udp" | "tcp" | "tls";
  /** How it answers. */
  readonly outcome: IceServerOutcome;
  /** With `works`: time to the first candidate, in milliseconds; of a browser that was doing other things meanwhile. */
  readonly ms: number | null;
  /** With `works`: our address as a STUN server sees it, or the one that TURN relays from, with its port. */
  readonly address: string | null;
  /** Code of the error (W3C WebRTC, `RTCPeerConnectionIceErrorEvent`): one of STUN, or 701 for no answer; `null` where the browser told none. */
  readonly errorCode: number | null;
  /** What the server or the browser says about it; `null` for nothing. */
  readonly errorText: string | null;
}

const OUTCOMES: ReadonlyMap<number, IceServerOutcome> = new Map([
  [401, "credential-rejected"],
  [403, "credential-rejected"],
  [438, "credential-rejected"],
  [441, "credential-rejected"],
  [486, "quota-reached"],
  [508, "quota-reached"],
  [701, "no-answer"],
]);

/** The candidate that a server of a kind is there for. */
export const WANTED = { stun: "srflx", turn: "relay" } as const;

/** Tells how a server answers from what was gathered with it alone, or from what the browser said of its address. */
export function reportIceServer(
  url: string,
  found: Gathered | Error,
): IceServerReport {
  // What nobody can read is shown as what most of them are.
  const { kind, transport } = readIceUrl(url) ??
    { kind: "stun", transport: "udp" };
  const report = { url, kind, transport, ms: null, address: null } as const;
  if (found instanceof Error) {
    const { message } = found;
    return {
      ...report,
      outcome: "invalid",
      errorCode: null,
      errorText: message,
    };
  }
  const { candidates, errors, complete, ms } = found;
  const candidate =
    candidates.find(({ type, transport }) =>
      type === WANTED[kind] && transport === "udp"
    ) ??
      // A browser that hides no address leaves out the one that is known already.
      (kind === "stun" && complete && errors.length === 0
        ? candidates.find(isOpenHost)
        : undefined);
  if (candidate) {
    return {
      ...report,
      outcome: "works",
      ms: Math.round(ms),
      address: endpoint(candidate.address, candidate.port),
      errorCode: null,
      errorText: null,
    };
  }
  // With several networks there are several, and silence says least.
  const error = errors.find(({ code }) => code !== 701) ?? errors[0];
  return {
    ...report,
    outcome: error ? OUTCOMES.get(error.code) ?? "refused" : "no-answer",
    errorCode: error?.code ?? null,
    errorText: error?.text || null,
  };
}

/** Whether a candidate is a UDP port of this machine whose address is not hidden behind a name. */
export function isOpenHost(
  { type, transport, address }: Gathered["candidates"][number],
): boolean {
  return type === "host" && transport === "udp" && !address.endsWith(".local");
}
