import { assertEquals } from "@std/assert";
import { Mesh } from "../../client/mesh.ts";
import { PeerConnections } from "../../client/peer_connections.ts";
import type { Member } from "../../protocol.ts";
import { FakePeerConnections, sdpOf } from "../support/fake_peer_connection.ts";
import { FakeTime } from "../support/fake_time.ts";

/** A mesh in whose room somebody is, who joined before or after. */
class Scene implements AsyncDisposable {
  readonly time = new FakeTime();
  readonly fakes = new FakePeerConnections();
  readonly mesh: Mesh;
  /** What it said, and to whom. */
  readonly said: string[] = [];
  /** What the app was told. */
  readonly told: string[] = [];
  readonly other: Member;

  constructor(side: "polite" | "impolite") {
    this.other = {
      id: "other",
      joinedAt: side === "polite" ? 2 : 0,
      away: false,
      presence: null,
    };
    this.mesh = new Mesh({ id: "self", joinedAt: 1 }, {
      peerConnections: new PeerConnections({
        RTCPeerConnection: this.fakes.RTCPeerConnection,
        iceTransportPolicy: "all",
      }),
      signal: (to, data) => {
        const { generation, description, to: _to, from: _from, ...rest } = JSON
          .parse(
            data,
          );
        const what = description?.type ?? Object.keys(rest)[0];
        if (what !== "candidates") {
          this.said.push(`${to} ${generation} ${what}`);
        }
      },
      whyNot: () => undefined,
      onProtected: () => {},
      names: () => undefined,
      joined: () => true,
      onStall: () => {},
      turn: () => undefined,
      data: {
        maxMessageBytes: 2 ** 20,
        onMessage: () => {},
        requestHandler: () => undefined,
        onFile: () => false,
        channels: () => [],
      },
      emit: (event: string, ..._payload: unknown[]) =>
        void this.told.push(event),
      debug: () => {},
    });
    this.join();
  }

  join(): void {
    const members = new Map([[this.other.id, this.other]]);
    this.mesh.follow(members, [this.other], []);
  }

  async hear(generation: number, body: object): Promise<void> {
    const from = this.other.joinedAt;
    this.mesh.hear(
      "other",
      JSON.stringify({ to: 1, from, generation, ...body }),
    );
    await this.time.flow(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mesh.close();
    await this.time.flow(0);
    const { timers } = this.time;
    this.time[Symbol.dispose]();
    assertEquals([timers, this.fakes.open.length], [0, 0]);
  }
}

function offer(generation: number) {
  const sdp = sdpOf(`remote${generation}`);
  return { description: { type: "offer", sdp }, offer: 1 };
}

Deno.test("Mesh takes the first generation of somebody to whom it said goodbye before he was there", async () => {
  await using test = new Scene("polite");
  const stranger = { ...test.other, id: "stranger" };
  test.mesh.bye("stranger");
  test.mesh.bye("stranger");
  test.mesh.follow(
    new Map([["other", test.other], ["stranger", stranger]]),
    [stranger],
    [],
  );
  test.mesh.hear(
    "stranger",
    JSON.stringify({ to: 1, from: 2, generation: 1, ...offer(1) }),
  );
  await test.time.flow(0);
  assertEquals(test.said, ["stranger 1 answer"]);
});

Deno.test("Mesh says goodbye again when it is dialled by somebody who has not heard it", async () => {
  await using test = new Scene("impolite");
  test.mesh.dial("other");
  await test.time.flow(0);
  test.mesh.bye("other");
  assertEquals(test.said, ["other 1 offer", "other 2 bye"]);
  await test.hear(2, { dial: true });
  assertEquals(test.said.slice(2), ["other 2 bye"]);
  // Somebody who asks for more than that has heard it.
  await test.hear(3, { dial: true });
  assertEquals(test.said.slice(3), ["other 3 offer"]);
});

Deno.test("Mesh does not take a goodbye that was said before it dialled anew for one that came after", async () => {
  await using test = new Scene("polite");
  await test.hear(1, offer(1));
  await test.hear(2, { bye: true });
  test.mesh.dial("other");
  await test.hear(2, { bye: true });
  assertEquals(test.mesh.pair("other")?.state, "connecting");
  await test.hear(3, { bye: true });
  assertEquals(test.mesh.pair("other"), undefined);
});

Deno.test("Mesh drops what an earlier membership of the peer has said, or said to one of ours", async () => {
  await using test = new Scene("polite");
  await test.hear(1, { ...offer(1), from: 1 });
  await test.hear(1, { ...offer(1), to: 0 });
  assertEquals([test.said, test.fakes.made.length], [[], 0]);
  await test.hear(1, offer(1));
  assertEquals(test.said, ["other 1 answer"]);
});

Deno.test("Mesh makes nothing of what belongs to a pair that it never knew", async () => {
  await using test = new Scene("impolite");
  await test.hear(1, { candidates: [] });
  await test.hear(1, { restart: true });
  await test.hear(1, { description: { type: "answer", sdp: "" }, offer: 1 });
  assertEquals([test.said, test.told, test.fakes.made.length], [[], [], 0]);
});
