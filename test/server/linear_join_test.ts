import { assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { RawPeer } from "../support/raw_peer.ts";
import { startServer } from "../support/start_server.ts";

/** Bytes that the server sends to everybody when one more peer joins a room of `size`. */
async function bytesOfOneJoin(size: number): Promise<number> {
  await using server = startServer({
    limits: { peersPerRoom: size + 1, socketsPerAddress: size + 1 },
  });
  await using stack = new AsyncDisposableStack();
  const peers: RawPeer[] = [];
  for (let index = 0; index < size; index++) {
    const peer = stack.use(
      await RawPeer.join(
        server.url,
        "r",
        `peer-${String(index).padStart(4, "0")}`,
      ),
    );
    peers.push(peer);
  }
  // Everybody has heard of the last one, so nothing else is under way.
  await Promise.all(
    peers.slice(0, -1).map(async (peer) => {
      while (
        (await peer.next("join")).peer.id !==
          `peer-${String(size - 1).padStart(4, "0")}`
      );
    }),
  );
  const before = peers.reduce((sum, peer) => sum + peer.bytes, 0);
  const last = stack.use(await RawPeer.join(server.url, "r", "peer-last"));
  await Promise.all(peers.map((peer) => peer.next("join")));
  const after = peers.reduce((sum, peer) => sum + peer.bytes, 0);
  return after - before + last.bytes;
}

Deno.test("Server sends O(N) bytes in all when a peer joins a room of N", async () => {
  const perPeer: number[] = [];
  for (const size of [10, 50, 200]) {
    perPeer.push(await bytesOfOneJoin(size) / size);
  }
  const [ten, , twoHundred] = perPeer as [number, number, number];
  // Linear growth leaves the bytes per peer where they are; the rest of the welcome is spread thinner.
  assertLessOrEqual(twoHundred, ten, `bytes per peer: ${perPeer.join(", ")}`);
  assertGreaterOrEqual(twoHundred, 100, "a join cannot be free");
});
