/**
 * Why a page does not connect. An entry point of its own, so that pages that
 * do not ask load nothing of it.
 *
 * | I want to change …                     | go to …                                   | its test                       |
 * | -------------------------------------- | ----------------------------------------- | ------------------------------ |
 * | what is asked, and in which order      | `diagnose.ts`, `probe_signaling.ts`       | `test/browser/diagnose_test.ts` |
 * | what an answer of STUN or TURN means   | `ice_server_report.ts`, `ice_url.ts`      | `test/client/diagnose/ice_server_report_test.ts`, `ice_url_test.ts` |
 * | what candidates tell about a NAT       | `nat.ts`, `candidate.ts`                  | `test/client/diagnose/nat_test.ts`, `candidate_test.ts` |
 * | the verdict and the advice             | `verdict.ts`                              | `test/client/diagnose/verdict_test.ts`  |
 * | how it prints                          | `diagnosis.ts`                            | `test/client/diagnose/diagnosis_test.ts` |
 *
 * @module
 */
export { diagnose, type DiagnoseOptions } from "./diagnose.ts";
export type { Diagnosis } from "./diagnosis.ts";
export type { IceServerOutcome, IceServerReport } from "./ice_server_report.ts";
export type { Mapping, NatReport, Udp } from "./nat.ts";
export type { SignalingReport } from "./probe_signaling.ts";
export type { Findings, IceReport, Verdict } from "./verdict.ts";
export type { RefusalCode, TurnStatus } from "../../protocol.ts";
