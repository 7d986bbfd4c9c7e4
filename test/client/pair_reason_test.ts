import { assertEquals } from "@std/assert";
import {
  type NoPathReason,
  type Search,
  whyNoPath,
} from "../../client/pair_reason.ts";

/** What was found, in short. */
interface Case {
  /** Types of the local candidates. */
  readonly found: readonly string[];
  /** STUN and TURN servers. */
  readonly urls?: readonly string[];
  /** Errors of candidates: "url code". */
  readonly errors?: readonly string[];
  readonly turn?: Search["turn"];
  /** Whether a server has not answered yet. @default false */
  readonly gathering?: boolean;
  readonly reason: NoPathReason;
}

const STUN = "stun:s.example";
const TURN = "turn:t.example?transport=udp";
const TURNS = "turns:t.example";

const CASES: readonly Case[] = [
  // A relay reaches whatever can be reached.
  { found: ["host", "srflx", "relay"], urls: [TURN], reason: "no path found" },
  { found: ["relay"], urls: [TURN], reason: "no path found" },
  {
    found: ["relay"],
    urls: [TURN, TURNS],
    errors: [`${TURNS} 701`, `${TURN} 401`],
    reason: "no path found",
  },
  // What a TURN server has said.
  ...[401, 403, 441].flatMap((code) =>
    [TURN, TURNS].map((url): Case => ({
      found: ["host", "srflx"],
      urls: [STUN, url],
      errors: [`${url} ${code}`],
      reason: "TURN credential rejected",
    }))
  ),
  ...[486, 508].flatMap((code) =>
    [TURN, TURNS].map((url): Case => ({
      found: ["host"],
      urls: [url],
      errors: [`${url} ${code}`],
      reason: "TURN quota reached",
    }))
  ),
  {
    found: ["host"],
    urls: [TURN, TURNS],
    errors: [`${TURN} 486`, `${TURNS} 701`, `${TURNS} 401`],
    reason: "TURN credential rejected",
  },
  {
    found: ["host"],
    urls: [TURN],
    errors: [`${TURN} 701`, `${TURN} 508`],
    reason: "TURN quota reached",
  },
  // A server that is no TURN server has no credentials to reject.
  {
    found: ["host", "srflx"],
    urls: [STUN],
    errors: [`${STUN} 401`, `${STUN} 486`],
    reason: "no direct path and no TURN configured",
  },
  // No word of the TURN server.
  { found: ["host", "srflx"], urls: [TURN], reason: "TURN server not reached" },
  { found: [], urls: [TURNS], reason: "TURN server not reached" },
  {
    found: ["host"],
    urls: [STUN, TURN],
    errors: [`${STUN} 701`, `${TURN} 701`],
    reason: "TURN server not reached",
  },
  {
    found: ["host"],
    urls: [TURN],
    errors: [`${TURN} 300`],
    reason: "TURN server not reached",
  },
  {
    // Servers of an earlier credential are still there.
    found: ["host"],
    urls: [TURN],
    turn: "failed",
    reason: "TURN server not reached",
  },
  // No TURN server.
  {
    found: ["host", "srflx"],
    urls: [STUN],
    turn: "failed",
    reason: "no TURN credential to be had",
  },
  {
    found: ["host"],
    urls: [STUN],
    errors: [`${STUN} 701`],
    turn: "failed",
    reason: "no TURN credential to be had",
  },
  {
    found: ["host", "srflx"],
    urls: [STUN],
    reason: "no direct path and no TURN configured",
  },
  ...(["none", "ready"] as const).map((turn): Case => ({
    found: ["host", "srflx"],
    urls: [STUN],
    turn,
    reason: "no direct path and no TURN configured",
  })),
  { found: [], reason: "no direct path and no TURN configured" },
  {
    // A host without a NAT has no `srflx`.
    found: ["host"],
    urls: [STUN],
    reason: "no direct path and no TURN configured",
  },
  {
    found: ["host"],
    urls: [STUN],
    errors: [`${STUN} 701`],
    reason: "UDP blocked and no TURN configured",
  },
  {
    // Firefox waits long for an answer before it tells of none.
    found: ["host"],
    urls: [STUN],
    gathering: true,
    reason: "UDP blocked and no TURN configured",
  },
  {
    found: ["host", "srflx"],
    urls: [STUN],
    gathering: true,
    reason: "no direct path and no TURN configured",
  },
  {
    // Nobody was asked.
    found: ["host"],
    gathering: true,
    reason: "no direct path and no TURN configured",
  },
  {
    found: ["host", "relay"],
    urls: [TURN],
    gathering: true,
    reason: "no path found",
  },
  {
    found: ["host"],
    urls: [TURN],
    gathering: true,
    reason: "TURN server not reached",
  },
  {
    // Found over another interface.
    found: ["host", "srflx"],
    urls: [STUN],
    errors: [`${STUN} 701`],
    reason: "no direct path and no TURN configured",
  },
];

for (
  const { found, urls = [], errors = [], turn, gathering = false, reason }
    of CASES
) {
  const what = [
    `candidates are ${found.join(", ") || "none"}`,
    `servers ${urls.join(", ") || "none"}`,
    ...errors.length > 0 ? [`errors ${errors.join(", ")}`] : [],
    ...gathering ? ["some are asked yet"] : [],
    ...turn ? [`TURN is ${turn}`] : [],
  ];
  Deno.test(`whyNoPath is "${reason}" when ${what.join(", ")}`, () => {
    const report = [
      ["T", { type: "transport" }],
      // The other side's relay is no way of ours.
      ["R", { type: "remote-candidate", candidateType: "relay" }],
      ...found.map((candidateType, index) => [`L${index}`, {
        type: "local-candidate",
        candidateType,
      }]),
    ] as [string, unknown][];
    assertEquals(
      whyNoPath({
        report,
        // One entry may have many URLs, or one.
        iceServers: [{ urls: urls.length === 1 ? `${urls[0]}` : [...urls] }],
        turn,
        gathering,
        errors: errors.map((error) => {
          const [url = "", code] = error.split(" ");
          return { url, code: Number(code) };
        }),
      }),
      reason,
    );
  });
}
