import { assertEquals } from "@std/assert";
import { Link } from "../../client/link.ts";
import { FakePeerConnection } from "../support/fake_peer_connection.ts";
import { FakeTime } from "../support/fake_time.ts";
import { NO_DATA } from "../support/no_data.ts";

/** Statistics whose selected pair has candidates of these types. */
function stats(local: string, remote: string): Record<string, object> {
  const pair = { localCandidateId: "L", remoteCandidateId: "R" };
  return {
    T: { type: "transport", selectedCandidatePairId: "P" },
    P: { type: "candidate-pair", ...pair, currentRoundTripTime: 0.02 },
    L: { type: "local-candidate", candidateType: local },
    R: { type: "remote-candidate", candidateType: remote },
  };
}

/** A link that writes down when its route was another, and which. */
function setup() {
  const time = new FakeTime();
  const pc = new FakePeerConnection({});
  const routes: string[] = [];
  const channel = pc.createDataChannel("webrtc", { negotiated: true });
  const link: Link = new Link({
    line: {
      pc,
      channel,
      messages: pc.createDataChannel("messages", { negotiated: true }),
      requests: pc.createDataChannel("requests", { negotiated: true }),
      files: pc.createDataChannel("files", { negotiated: true }),
    } as unknown as ConstructorParameters<
      typeof Link
    >[0]["line"],
    polite: true,
    plane: NO_DATA,
    made: new Set(),
    send: () => {},
    onChange: () => {},
    onRoute: () => routes.push(`${time.passed} ${link.route?.path}`),
    onOpen: () => {},
    onMessage: () => {},
    onClose: () => {},
    onTrack: () => {},
    onError: () => {},
    onImpostor: () => {},
  });
  return {
    time,
    pc,
    routes,
    link,
    [Symbol.dispose]() {
      link.close();
      time.pass(0);
      time[Symbol.dispose]();
      assertEquals([time.timers, pc.connectionState], [0, "closed"]);
    },
  };
}

Deno.test("Link reads no route when it does not follow yet", async () => {
  using test = setup();
  await test.time.flow(60_000);
  assertEquals([test.pc.statsRead, test.link.route], [0, undefined]);
});

Deno.test("Link reads the route at once, then every five seconds, when it follows", async () => {
  using test = setup();
  const { time, pc, link, routes } = test;
  pc.stats = stats("host", "srflx");
  link.follow();
  await time.flow(0);
  assertEquals(link.route, { path: "srflx", relayed: false, roundTripMs: 20 });
  assertEquals(pc.statsRead, 1);
  await time.flow(4_999);
  assertEquals(pc.statsRead, 1);
  pc.stats = stats("relay", "srflx");
  await time.flow(1);
  assertEquals(pc.statsRead, 2);
  assertEquals(routes, ["0 srflx", "5000 relay-udp"]);
  await time.flow(50_000);
  assertEquals(pc.statsRead, 12);
  assertEquals(routes.length, 2, "the same path is no news");
});

Deno.test("Link reads the route when ICE selects another pair", async () => {
  using test = setup();
  const { time, pc, link, routes } = test;
  pc.stats = stats("relay", "host");
  link.follow();
  await time.flow(1_000);
  pc.stats = stats("host", "host");
  pc.sctp.transport.iceTransport.onselectedcandidatepairchange?.();
  await time.flow(0);
  assertEquals(routes, ["0 relay-udp", "1000 host"]);
});

Deno.test("Link keeps one interval when it follows again", async () => {
  using test = setup();
  const { time, pc, link } = test;
  await time.flow(1_000);
  for (let index = 0; index < 3; index++) link.follow();
  await time.flow(0);
  assertEquals([pc.statsRead, time.timers], [3, 1]);
  await time.flow(5_000);
  assertEquals(pc.statsRead, 4);
});

Deno.test("Link keeps the last route when there are no statistics", async () => {
  using test = setup();
  const { time, pc, link, routes } = test;
  pc.stats = stats("host", "host");
  link.follow();
  await time.flow(0);
  pc.stats = {};
  await time.flow(5_000);
  pc.getStats = () => Promise.reject(new Error("The browser has none"));
  await time.flow(5_000);
  assertEquals([link.route?.path, routes], ["host", ["0 host"]]);
});

Deno.test("Link reads no route any more when it is closed", async () => {
  using test = setup();
  const { time, pc, link, routes } = test;
  link.follow();
  await time.flow(0);
  // One reading is on its way.
  pc.stats = stats("host", "host");
  pc.sctp.transport.iceTransport.onselectedcandidatepairchange?.();
  link.close();
  link.close();
  assertEquals(pc.sctp.transport.iceTransport, {
    onselectedcandidatepairchange: null,
  });
  await time.flow(60_000);
  assertEquals([pc.statsRead, routes, time.timers], [2, [], 0]);
});
