import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { health, readiness } from "../../server/health.ts";
import type { Status } from "../../server/status.ts";

const { version } = config;
const SESSIONS = { opening: 0, live: 2, away: 1 };
const ALONE: Status = { rooms: 1, peers: 3, sessions: SESSIONS };
const UP: Status = {
  ...ALONE,
  engine: { name: "redis", up: true, nodes: 2 },
};
const DOWN: Status = {
  ...ALONE,
  engine: { name: "redis", up: false, nodes: 1 },
};
const STOPPING = {
  error: { code: "stopping", message: "The server is about to stop" },
};

const CASES: readonly (readonly [
  when: string,
  status: Status,
  stopping: boolean,
  health: string,
  ready: readonly [status: number, body: unknown],
])[] = [
  ["it is alone", ALONE, false, "ok", [200, { status: "ok" }]],
  ["its engine is up", UP, false, "ok", [200, { status: "ok" }]],
  ["its engine is down", DOWN, false, "degraded", [503, {
    error: {
      code: "engine-down",
      message:
        "The server does not reach redis, which joins it with the other nodes",
    },
  }]],
  ["it stops", ALONE, true, "stopping", [503, STOPPING]],
  ["it stops and its engine is down", DOWN, true, "stopping", [503, STOPPING]],
];

for (const [when, status, stopping, word, [code, body]] of CASES) {
  Deno.test(`health is 200 and "${word}" when ${when}`, async () => {
    const response = health(status, stopping);
    assertEquals(response.status, 200);
    const { engine } = status;
    assertEquals(await response.json(), {
      status: word,
      version,
      rooms: 1,
      peers: 3,
      ...(engine && { engine }),
    });
  });

  Deno.test(`readiness is ${code} when ${when}`, async () => {
    const response = readiness(status, stopping);
    assertEquals(response.status, code);
    assertEquals(await response.json(), body);
  });
}
