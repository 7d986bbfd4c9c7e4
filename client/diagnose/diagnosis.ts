import type { IceServerReport } from "./ice_server_report.ts";
import type { NatReport } from "./nat.ts";
import type { SignalingReport } from "./probe_signaling.ts";
import {
  type Findings,
  type IceReport,
  judge,
  type Verdict,
} from "./verdict.ts";

/**
 * What `diagnose` found out: plain data, with addresses and without secrets.
 * As a string it is a report for a console, the verdict first.
 */
export class Diagnosis implements Findings {
  /** What it comes to, for a program. */
  readonly verdict: Verdict;
  /** The same for a person: one sentence. */
  readonly summary: string;
  /** What to do, one sentence each; empty when there is nothing. */
  readonly advice: readonly string[];
  /** Whether there is an `RTCPeerConnection`. Browsers made for privacy, and policies of companies, turn it off. */
  readonly supported: boolean;
  /** How the signaling server is reached. */
  readonly signaling: SignalingReport;
  /** How the STUN and TURN servers answer. */
  readonly ice: IceReport;
  /** How the network treats UDP. */
  readonly nat: NatReport;

  /** Judges what was found out. */
  constructor(findings: Findings) {
    const { verdict, summary, advice } = judge(findings);
    this.verdict = verdict;
    this.summary = summary;
    this.advice = advice;
    this.supported = findings.supported;
    this.signaling = findings.signaling;
    this.ice = findings.ice;
    this.nat = findings.nat;
  }

  /** The report for a console, in several lines. */
  toString(): string {
    const { verdict, summary, advice, signaling, ice, nat } = this;
    const { reason } = nat;
    return [
      `${verdict}: ${summary}`,
      "",
      `signaling ${signaling.address}`,
      ...table(signalingRows(signaling)),
      "",
      `ICE servers ${SOURCES[ice.source]}${turnNote(ice)}`,
      ...table(ice.servers.map(serverRow)),
      "",
      "network",
      ...table([
        ["UDP", nat.udp],
        ["NAT mapping", nat.mapping + (reason === null ? "" : ` (${reason})`)],
      ]),
      ...advice.length > 0 ? ["", "What to do"] : [],
      ...advice.map((each) => `  - ${each}`),
    ].join("\n");
  }
}

const SOURCES: Readonly<Record<IceReport["source"], string>> = {
  options: "from the option iceServers",
  server: "from the signaling server",
  nowhere: "unknown",
};

function turnNote({ turn }: IceReport): string {
  return turn === null ? "" : `, which says that TURN is ${TURN[turn] ?? turn}`;
}

const TURN: Readonly<Record<string, string>> = {
  ready: "ready",
  none: "not configured",
  failed: "not to be had",
};

type Row = readonly string[];

function signalingRows(signaling: SignalingReport): Row[] {
  const { http, code, webSocket, roundTripMs, reason } = signaling;
  return [
    ["HTTP", code ? `${http} (${code})` : http],
    ["WebSocket", webSocket],
    ["round trip", roundTripMs === null ? "-" : `${roundTripMs} ms`],
    ...reason === null ? [] : [["because", reason]],
  ];
}

function serverRow(server: IceServerReport): Row {
  const { url, kind, transport, outcome, ms, address } = server;
  const { errorCode, errorText } = server;
  const error = [errorCode, errorText].filter((each) => each !== null);
  const found = address === null
    ? error.join(" ")
    : `${kind === "stun" ? "sees us at" : "relays from"} ${address}`;
  return [
    kind.toUpperCase(),
    transport.toUpperCase(),
    outcome,
    ms === null ? "-" : `${ms} ms`,
    url,
    found,
  ];
}

/** Lines with the columns under each other. */
function table(rows: readonly Row[]): string[] {
  const width = (column: number) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(width(column))).join("  ")}`
      .trimEnd()
  );
}
