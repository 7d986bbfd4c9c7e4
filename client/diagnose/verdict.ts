import type { TurnStatus } from "../../protocol.ts";
import type { IceServerOutcome, IceServerReport } from "./ice_server_report.ts";
import type { NatReport } from "./nat.ts";
import type { SignalingReport } from "./probe_signaling.ts";

/**
 * What it comes to. The first that applies:
 *
 * - `unsupported`: there is no `RTCPeerConnection`, or the server speaks another version
 * - `token-failed`: the function `token` threw, or gave none in time
 * - `signaling-refused`: the server does not let this client into the room
 * - `signaling-not-found`: something answers at the host, but it is no signaling server
 * - `signaling-unreachable`: nothing answers at the host
 * - `websocket-blocked`: the server answers over HTTP, and no WebSocket gets through
 * - `works`: TURN works, so every peer can be reached
 * - `relay-only`: TURN works, over TCP or TLS alone, as UDP is blocked; every peer can be reached
 * - `turn-credential-rejected`, `turn-quota-reached`: why no TURN server works
 * - `turn-failed`: the signaling server has TURN configured, and could get no credentials for it
 * - `turn-unreachable`: no TURN server works, for any other reason
 * - `ice-servers-unknown`: the signaling server did not say which STUN and TURN servers to use
 * - `udp-blocked`: there is no TURN, and UDP is blocked
 * - `symmetric-nat`: there is no TURN, and what STUN tells is of no use
 * - `no-stun`: there is neither TURN nor STUN
 * - `no-turn`: there is no TURN; peers that can be reached without are
 */
export type Verdict =
  | "unsupported"
  | "token-failed"
  | "signaling-refused"
  | "signaling-not-found"
  | "signaling-unreachable"
  | "websocket-blocked"
  | "works"
  | "relay-only"
  | "turn-credential-rejected"
  | "turn-quota-reached"
  | "turn-failed"
  | "turn-unreachable"
  | "ice-servers-unknown"
  | "udp-blocked"
  | "symmetric-nat"
  | "no-stun"
  | "no-turn";

/** The STUN and TURN servers that were tried. */
export interface IceReport {
  /** Where they come from: the option `iceServers`, the signaling server, or nowhere, as it gave none. */
  readonly source: "options" | "server" | "nowhere";
  /** What the signaling server says about TURN; `null` where it was not asked or did not say. */
  readonly turn: TurnStatus | null;
  /** One for each address, in the order in which they are given. */
  readonly servers: readonly IceServerReport[];
}

/** What was found out. */
export interface Findings {
  /** Whether there is an `RTCPeerConnection`. Browsers made for privacy, and policies of companies, turn it off. */
  readonly supported: boolean;
  /** How the signaling server is reached. */
  readonly signaling: SignalingReport;
  /** How the STUN and TURN servers answer. */
  readonly ice: IceReport;
  /** How the network treats UDP. */
  readonly nat: NatReport;
}

/** What to make of it. */
export interface Judgement {
  /** What it comes to, for a program. */
  readonly verdict: Verdict;
  /** The same for a person: one sentence. */
  readonly summary: string;
  /** What to do, one sentence each; empty when there is nothing. */
  readonly advice: readonly string[];
}

const ADD_TURN =
  "Give the signaling server a TURN provider (README, TURN), or pass one in iceServers.";

const OTHER_PORTS =
  "Offer TURN over TCP and over TLS on port 443 too: most networks that block UDP let that through.";

/** Decides what it comes to. */
export function judge(findings: Findings): Judgement {
  return judgeSignaling(findings) ?? judgeIce(findings);
}

/** Without signaling nothing else counts. */
function judgeSignaling(
  { supported, signaling }: Findings,
): Judgement | undefined {
  const { address, http, webSocket, reason } = signaling;
  const because = reason ?? "no reason is known";
  if (!supported) {
    return {
      verdict: "unsupported",
      summary: "This browser has no RTCPeerConnection.",
      advice: [
        "Use another browser, or turn WebRTC on: settings, extensions and company policies may have turned it off.",
      ],
    };
  }
  if (webSocket === "open" && reason !== null && http === "open") {
    return {
      verdict: "unsupported",
      summary: `The page and the server do not fit together: ${because}.`,
      advice: ["Use the same release of the client and of the server."],
    };
  }
  // A page needs no answer over HTTP as long as its socket opens.
  if (webSocket === "open") return;
  switch (http) {
    case "open":
      if (webSocket === "untried") return;
      return {
        verdict: "websocket-blocked",
        summary:
          `The signaling server answers, but ${because}: something on the way breaks WebSockets.`,
        advice: [
          address.startsWith("wss:")
            ? "Let a proxy in front of the server pass upgrades on (RFC 6455 §4.1); in a company, ask for an exception for this host."
            : "Serve signaling over TLS (wss): proxies cannot look into that, and mostly let it pass.",
        ],
      };
    case "token-failed":
      return {
        verdict: "token-failed",
        summary: `There is no token to join with: ${because}.`,
        advice: ["Look at the function `token`, and at what it asks."],
      };
    case "refused":
      return {
        verdict: "signaling-refused",
        summary:
          `The signaling server does not let this page into the room: ${because}.`,
        advice: [REFUSED.get(signaling.code ?? "") ?? "Ask who runs it."],
      };
    case "not-found":
      return {
        verdict: "signaling-not-found",
        summary: `There is ${because}.`,
        advice: ["Check the option `host`, and the path in it."],
      };
    case "unreachable":
    case "timeout":
      return {
        verdict: "signaling-unreachable",
        summary: `The signaling server cannot be reached: ${because}.`,
        advice: [
          "Check the option `host`, whether the server runs, and whether this device is online; a page that came over HTTPS needs a server with TLS.",
        ],
      };
    default:
      return http satisfies never;
  }
}

const REFUSED: ReadonlyMap<string, string> = new Map([
  ["bad-origin", "Add the origin of this page to ALLOWED_ORIGINS."],
  ["unauthorized", "Pass a valid `token`; one may have expired."],
  ["forbidden", "Pass a `token` that is good for this room."],
  ["room-full", "Wait until somebody leaves, or raise `peersPerRoom`."],
  [
    "too-many-sockets",
    "Close other pages, or raise `socketsPerAddress`; behind a proxy set TRUST_PROXY.",
  ],
  ["server-full", "Try again later, or raise `sockets`."],
  ["stopping", "Try again in a moment."],
  ["unavailable", "Try again in a moment."],
]);

function judgeIce({ ice, nat }: Findings): Judgement {
  const turn = ice.servers.filter(({ kind }) => kind === "turn");
  const working = turn.filter(({ outcome }) => outcome === "works");
  const broken = ice.servers.filter(({ outcome }) => outcome !== "works");
  const sorry = [...new Set(broken.map(adviceFor))];
  if (working.length > 0) {
    if (nat.udp === "blocked") {
      const ways = working.map(({ transport }) => transport.toUpperCase());
      const over = [...new Set(ways)].join(" and ");
      return {
        verdict: "relay-only",
        summary: `Works, but only over TURN (${over}): UDP is blocked.`,
        // Servers that are silent over UDP are most likely well.
        advice: [
          "To connect directly, and faster, let UDP out of this network.",
        ],
      };
    }
    return {
      verdict: "works",
      summary: nat.mapping === "address-dependent"
        ? "Connects everywhere; over TURN for the most part, as this network has a symmetric NAT."
        : "Connects everywhere: directly where the networks allow it, else over TURN.",
      advice: sorry,
    };
  }
  const without = withoutTurn(nat);
  if (turn.length > 0) {
    const has = (wanted: IceServerOutcome) =>
      turn.some(({ outcome }) => outcome === wanted);
    const [verdict, what] = has("credential-rejected")
      ? ["turn-credential-rejected", "The TURN credential is rejected"] as const
      : has("quota-reached")
      ? [
        "turn-quota-reached",
        "The quota of the TURN server is used up",
      ] as const
      : ["turn-unreachable", "No TURN server works"] as const;
    const blocked = nat.udp === "blocked" &&
      !turn.some(({ transport }) => transport !== "udp");
    return {
      verdict,
      summary: `${what}: ${without}.`,
      advice: blocked ? [OTHER_PORTS] : sorry,
    };
  }
  if (ice.turn === "failed") {
    return {
      verdict: "turn-failed",
      summary: `The signaling server could get no TURN credential: ${without}.`,
      advice: [
        "Look at the log of the signaling server, which says what its TURN provider answered.",
      ],
    };
  }
  if (ice.source === "nowhere") {
    return {
      verdict: "ice-servers-unknown",
      summary:
        "The signaling server did not say which STUN and TURN servers to use.",
      advice: ["Look at GET /parties/{party}/{room}/turn, and at its log."],
    };
  }
  if (ice.servers.length === 0) {
    return {
      verdict: "no-stun",
      summary:
        "There is neither STUN nor TURN: pairs with peers in the same network alone.",
      advice: [ADD_TURN],
    };
  }
  if (nat.udp === "blocked") {
    return {
      verdict: "udp-blocked",
      summary: `UDP is blocked and no TURN is configured: ${without}.`,
      advice: [
        ADD_TURN,
        OTHER_PORTS,
        "If other pages do connect from here, only the STUN servers may be down: pass others in iceServers.",
      ],
    };
  }
  if (nat.mapping === "address-dependent") {
    return {
      verdict: "symmetric-nat",
      summary: `Symmetric NAT and no TURN: ${without}.`,
      advice: [ADD_TURN],
    };
  }
  return {
    verdict: "no-turn",
    summary: `No TURN is configured: ${without}.`,
    advice: [ADD_TURN],
  };
}

/** Whom a network reaches by itself. */
function withoutTurn({ udp, mapping }: NatReport): string {
  if (udp === "blocked") return "pairs with peers in the same network alone";
  if (mapping === "address-dependent") {
    return "pairs with peers in the same network, and with those that have no NAT or one that lets everybody in";
  }
  return "pairs with most peers, but with none behind a symmetric NAT or where UDP is blocked";
}

/** What to do about servers that do not work; the report tells which. */
function adviceFor({ outcome }: IceServerReport): string {
  switch (outcome) {
    case "credential-rejected":
      return "Check user name and password of TURN, and the clock of who makes them: what has expired is rejected too.";
    case "quota-reached":
      return "Raise the quota of the TURN server, or wait until others have left.";
    case "invalid":
      return "Correct the ICE servers that are invalid: the browser says why.";
    case "refused":
      return "Look up the error of the ICE servers that refuse, and their logs.";
    case "works":
    case "no-answer":
      return "Check whether the ICE servers that do not answer run, and whether firewalls on both sides pass their ports.";
    default:
      return outcome satisfies never;
  }
}
