import { assertEquals } from "@std/assert";
import { PeerSessions } from "../../../client/trust/peer_sessions.ts";

const CARD = { fingerprint: "sha-256 AA" };

function bytesOf(number: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** Sessions of one peer, each of which has spoken to us and is the present one when the next comes. */
function visited(count: number): PeerSessions {
  const sessions = new PeerSessions();
  for (let number = 0; number < count; number++) {
    const session = sessions.begin("ada", bytesOf(number), CARD);
    session.heard = 1;
    sessions.adopt(session, true);
  }
  return sessions;
}

function known(sessions: PeerSessions, count: number): number[] {
  return Array.from({ length: count }, (_, number) => number)
    .filter((number) => sessions.find("ada", bytesOf(number)));
}

Deno.test("PeerSessions remembers the newest session when a peer has come in more pages than are remembered, each of which has spoken", () => {
  const sessions = visited(66);
  assertEquals(known(sessions, 66).at(-1), 65);
  assertEquals(known(sessions, 66).length, 64);
  assertEquals(known(sessions, 2), []);
});

Deno.test("PeerSessions forgets those first that have told nothing, when a peer begins many", () => {
  const sessions = visited(2);
  for (let number = 2; number < 100; number++) {
    sessions.begin("ada", bytesOf(number), CARD);
  }
  assertEquals(known(sessions, 3), [0, 1]);
  assertEquals(known(sessions, 100).length, 64);
});

Deno.test("PeerSessions keeps the present session when others claim its bytes or begin many", () => {
  const sessions = visited(1);
  sessions.begin("eve", bytesOf(0), CARD);
  for (let number = 1; number < 200; number++) {
    sessions.begin("ada", bytesOf(number), CARD);
  }
  assertEquals(sessions.current("ada"), sessions.find("ada", bytesOf(0)));
  assertEquals(sessions.isOfAnybody(bytesOf(0)), true);
  assertEquals(sessions.isOfAnybody(bytesOf(1000)), false);
});

Deno.test("PeerSessions takes the session that speaks to us for the present one, and not one that was only shown", () => {
  const sessions = new PeerSessions();
  const [old, young] = [1, 2].map((number) =>
    sessions.begin("ada", bytesOf(number), CARD)
  );
  if (!old || !young) throw new Error("There are none");
  assertEquals(sessions.adopt(old, false), true);
  assertEquals(sessions.adopt(young, false), false);
  assertEquals(sessions.adopt(young, true), true);
  assertEquals(sessions.adopt(young, true), false);
  assertEquals(sessions.current("ada"), young);
  sessions.forget("ada");
  assertEquals(sessions.current("ada"), undefined);
  assertEquals(sessions.find("ada", bytesOf(1)), old);
});
