import { assertEquals } from "@std/assert";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { startBrowser } from "../support/browsers.ts";

Deno.test("connect joins two pages as the predecessor did", async (t) => {
  await using site = await startSite();
  await using chrome = await startBrowser("chrome");

  for (
    const dial of [
      "by themselves",
      "from the second page",
      "from the first page",
      "from both pages",
    ] as const
  ) {
    await t.step(`when they dial ${dial}`, async () => {
      await using first = await openPage(chrome.browser, site.url);
      await using second = await openPage(chrome.browser, site.url);
      const options = {
        host: site.url,
        room: dial,
        autoConnect: dial === "by themselves",
      };

      const one = await first.page.evaluate(async (options) => {
        const connection = globalThis.connection = await webrtc.connect(
          options,
        );
        const peers = await next(connection, "peerlist");
        globalThis.kept = next(connection, "message");
        return { id: connection.socket.id, polite: connection.polite, peers };
      }, options);
      assertEquals(one, { id: one.id, polite: true, peers: [] });

      const two = await second.page.evaluate(async (options) => {
        const connection = globalThis.connection = await webrtc.connect(
          options,
        );
        globalThis.kept = next(connection, "peer");
        const peers = await next(connection, "peerlist");
        return { id: connection.socket.id, polite: connection.polite, peers };
      }, options);
      assertEquals(two, { id: two.id, polite: false, peers: [one.id] });

      if (dial === "from the second page" || dial === "from both pages") {
        await second.page.evaluate(
          (id) => void connection.connectToPeer(id),
          one.id,
        );
      }
      if (dial === "from the first page" || dial === "from both pages") {
        // By the other's `socket.id`, which the first page need not have heard of yet.
        await first.page.evaluate(
          (id) => void connection.connectToPeer(id),
          two.id,
        );
      }

      const peer = await second.page.evaluate(async () => {
        const [id, channel] = await globalThis.kept as [string, RTCDataChannel];
        const sent = await connection.send("Hello from sender!");
        return {
          id,
          sent,
          readyState: channel.readyState,
          connections: connection.connections,
        };
      });
      assertEquals(peer, {
        id: one.id,
        sent: 1,
        readyState: "open",
        connections: [one.id],
      });
      assertEquals(await first.page.evaluate(() => globalThis.kept), {
        data: "Hello from sender!",
        peer: two.id,
      });

      const again = await second.page.evaluate(async (id) => {
        const before = connection.peers.get(id)?.pc;
        const channel = await connection.connectToPeer(id);
        return {
          same: before === connection.peers.get(id)?.pc,
          label: channel.label,
        };
      }, one.id);
      assertEquals(again.same, true, "dialling twice changes nothing");

      await second.page.evaluate(() => connection.close());
      await first.page.evaluate(() => connection.close());
      assertEquals([...first.complaints, ...second.complaints], []);
    });
  }

  await t.step(
    "and carries strings and bytes of every kind, in order, with a channel of its own where asked",
    async () => {
      await using first = await openPage(chrome.browser, site.url);
      await using second = await openPage(chrome.browser, site.url);
      const options = { host: site.url, room: "kinds" };
      await first.page.evaluate(async (options) => {
        const connection = globalThis.connection = await webrtc.connect(
          options,
        );
        const got: unknown[] = [];
        globalThis.kept = new Promise((resolve) => {
          connection.on("message", ({ data }) => {
            got.push(
              typeof data === "string" ? data : [...new Uint8Array(data)],
            );
            if (got.length === 6) resolve(got);
          });
        });
      }, options);
      const opened = await second.page.evaluate(async (options) => {
        const connection = globalThis.connection = await webrtc.connect(
          options,
        );
        const [id, channel] = await next(connection, "peer");
        const bytes = new Uint8Array([1, 2, 3, 4]);
        await Promise.all([
          connection.send(""),
          connection.send("text ✓", { to: id }),
          connection.send(bytes.buffer, { to: [id] }),
          connection.send(bytes.subarray(1, 3)),
          connection.send(new DataView(bytes.buffer, 3)),
        ]);
        channel.send("raw");
        const named = await connection.connectToPeer(id, "files");
        return { label: named.label, readyState: named.readyState };
      }, options);
      assertEquals(opened, { label: "files", readyState: "open" });
      assertEquals(await first.page.evaluate(() => globalThis.kept), [
        "",
        "text ✓",
        [1, 2, 3, 4],
        [2, 3],
        [4],
        "raw",
      ]);
      const refused = await second.page.evaluate(async () => {
        const name = (error: unknown) => (error as Error).name;
        return [
          await connection.send("x", { to: "nobody" }).catch(name),
          await connection.send(new Uint8Array(2 ** 28 + 1)).catch(name),
          await connection.send({} as string).catch(name),
          await connection.connectToPeer(connection.socket.id).catch(name),
        ];
      });
      assertEquals(refused, [
        "InvalidStateError",
        "RangeError",
        "TypeError",
        "RangeError",
      ]);
      assertEquals([...first.complaints, ...second.complaints], []);
    },
  );

  await t.step("and carries media tracks", async () => {
    await using first = await openPage(chrome.browser, site.url);
    await using second = await openPage(chrome.browser, site.url);
    const options = { host: site.url, room: "media" };
    await first.page.evaluate(async (options) => {
      const connection = globalThis.connection = await webrtc.connect(options);
      globalThis.kept = next(connection, "track").then(
        ({ peer, track, streams }) => {
          return { peer, kind: track.kind, streams: streams.length };
        },
      );
    }, options);
    const id = await second.page.evaluate(async (options) => {
      const connection = globalThis.connection = await webrtc.connect(options);
      const [id] = await next(connection, "peer");
      const { stream } = new AudioContext().createMediaStreamDestination();
      for (const track of stream.getTracks()) {
        connection.peers.get(id)?.pc?.addTrack(track, stream);
      }
      return connection.socket.id;
    }, options);
    assertEquals(await first.page.evaluate(() => globalThis.kept), {
      peer: id,
      kind: "audio",
      streams: 1,
    });
  });
});
