import type {
  IceServerOutcome,
  IceServerReport,
} from "../../client/diagnose/ice_server_report.ts";
import { readIceUrl } from "../../client/diagnose/ice_url.ts";

/** A report on a server with this outcome, and nothing else to tell. */
export function iceServerReport(
  url: string,
  outcome: IceServerOutcome = "works",
  errorText: string | null = null,
): IceServerReport {
  const { kind, transport } = readIceUrl(url) ??
    { kind: "stun", transport: "udp" };
  return {
    url,
    kind,
    transport,
    outcome,
    ms: null,
    address: null,
    errorCode: null,
    errorText,
  };
}
