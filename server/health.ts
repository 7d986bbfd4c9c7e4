import { STATUS_CODE } from "@std/http/status";
import { answer, failure, refusal } from "./refusal.ts";
import type { Status } from "./status.ts";
import { VERSION } from "./version.ts";

/** The answer to whoever asks whether the process lives. It is 200 as long as there is one: nothing that it says is a reason to end it. */
export function health(
  { rooms, peers, engine }: Status,
  stopping: boolean,
): Response {
  const degraded = engine?.up === false;
  return answer({
    status: stopping ? "stopping" : degraded ? "degraded" : "ok",
    version: VERSION,
    rooms,
    peers,
    ...(engine && { engine }),
  });
}

/** The answer to whoever asks whether newcomers should be sent here. */
export function readiness({ engine }: Status, stopping: boolean): Response {
  if (stopping) return refusal("stopping");
  if (engine?.up === false) {
    return failure(
      STATUS_CODE.ServiceUnavailable,
      "engine-down",
      `The server does not reach ${engine.name}, which joins it with the other nodes`,
    );
  }
  return answer({ status: "ok" });
}
