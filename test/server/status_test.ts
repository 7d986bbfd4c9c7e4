import { assertEquals } from "@std/assert";
import { exposition } from "../../server/exposition.ts";
import { gauges, type Status } from "../../server/status.ts";

const ALONE: Status = {
  rooms: 1,
  peers: 6,
  sessions: { opening: 1, live: 2, away: 3 },
};

/** The lines of a status that are no comments. */
function values(status: Status): string[] {
  return exposition(gauges(status)).trimEnd().split("\n")
    .filter((line) => !line.startsWith("#"));
}

const COMMON = [
  "webrtc_rooms 1",
  "webrtc_peers 6",
  'webrtc_sessions{state="opening"} 1',
  'webrtc_sessions{state="live"} 2',
  'webrtc_sessions{state="away"} 3',
];

Deno.test("gauges tells nothing of an engine when there is none", () => {
  assertEquals(values(ALONE), COMMON);
});

for (const up of [true, false]) {
  Deno.test(`gauges tells of the engine and its nodes when it is ${up ? "up" : "down"}`, () => {
    const engine = { name: "nats", up, nodes: 2 };
    assertEquals(values({ ...ALONE, engine }), [
      ...COMMON,
      `webrtc_engine_up{engine="nats"} ${up ? 1 : 0}`,
      "webrtc_nodes 2",
    ]);
  });
}

Deno.test("gauges has the same families, whether there is an engine or not", () => {
  const engine = { name: "nats", up: true, nodes: 2 };
  assertEquals(
    gauges(ALONE).map(({ name }) => name),
    gauges({ ...ALONE, engine }).map(({ name }) => name),
  );
});
