import { assertEquals } from "@std/assert";
import type { Page } from "puppeteer";
import { type BrowserName, startBrowser } from "../support/browsers.ts";
import { bundleClient } from "../support/bundle_client.ts";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { defineSwitchboard } from "../support/switchboard.ts";

/**
 * Ada and Bob admit Eve and nobody else. She tells each of them that she has
 * the certificate of the other, and signs for each what the other describes: so
 * they connect with each other (RFC 8844). Tells what came of it.
 */
async function share(page: Page, guard: string) {
  return await page.evaluate(async (guard) => {
    const url = URL.createObjectURL(
      new Blob([guard], { type: "text/javascript" }),
    );
    const { Guard } = await import(
      url
    ) as typeof import("../../client/trust/guard.ts");
    const { connect, createIdentity } = webrtc;
    const [ada, bob, eve] = await Promise.all([
      createIdentity(),
      createIdentity(),
      createIdentity(),
    ]);
    const EVE = { id: eve.id, joinedAt: 99, away: false };

    /** Connections over which the other side has said something. */
    const reached = new Set<RTCPeerConnection>();
    class Watched extends RTCPeerConnection {
      override createDataChannel(
        ...args: Parameters<RTCPeerConnection["createDataChannel"]>
      ): RTCDataChannel {
        const channel = super.createDataChannel(...args);
        // Before the library hears it, which may close it all.
        channel.addEventListener("message", () => reached.add(this));
        return channel;
      }
    }

    async function join(name: string, identity: typeof ada) {
      const { id } = identity;
      const connection = await connect({
        host: "localhost",
        room: "r",
        identity,
        onTrust: (peer) => peer.id === EVE.id,
        WebSocket: switchboard.WebSocket,
        RTCPeerConnection: Watched,
      });
      const told: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      connection.on("untrusted", ({ peer, code }) => {
        told.push(`untrusted ${peer === EVE.id ? "eve" : peer} ${code}`);
        resolve();
      });
      connection.on("peer", ([peer]) => {
        told.push("peer");
        resolve();
        connection.send(`from ${name}`, { to: peer });
      });
      connection.on("message", ({ data }) => told.push(`said ${data}`));
      connection.on("track", () => told.push("track"));
      connection.on("datachannel", () => told.push("datachannel"));
      const line = switchboard.line(id);
      const presence = await line.published;
      return { id, connection, told, decided: promise, line, presence };
    }
    const one = await join("ada", ada);
    // Bob comes later than she, Ada has come before her.
    switchboard.present = [EVE];
    const two = await join("bob", bob);

    const base = {
      crypto,
      party: "main",
      room: "r",
      id: eve.id,
      secret: undefined,
      identity: eve,
    };
    async function open(by: InstanceType<typeof Guard>, side: typeof one) {
      const opened = await by.open(side.id, side.presence, true);
      if (!("session" in opened)) throw new Error("She cannot read it");
      return opened.session;
    }
    const reader = new Guard({ ...base, fingerprint: "" });
    const fingerprints = {
      one: (await open(reader, one)).card.fingerprint,
      two: (await open(reader, two)).card.fingerprint,
    };
    const toOne = new Guard({ ...base, fingerprint: fingerprints.two });
    const toTwo = new Guard({ ...base, fingerprint: fingerprints.one });
    const sides = [
      { side: one, guard: toOne, session: await open(toOne, one) },
      { side: two, guard: toTwo, session: await open(toTwo, two) },
    ] as const;
    const [first, second] = sides;

    let work = Promise.resolve();
    for (const [from, to] of [[first, second], [second, first]] as const) {
      from.side.line.onSignal((data) => {
        work = work.then(async () => {
          const opened = await from.guard.open(from.side.id, data, false);
          if (!("signal" in opened) || opened.signal === undefined) return;
          const signal = JSON.parse(opened.signal);
          // She has no use for an end.
          if ("bye" in signal) return;
          const { generation } = signal;
          const text = JSON.stringify({
            ...signal,
            to: to.side.line.joinedAt,
            from: EVE.joinedAt,
          });
          const sealed = await to.guard.sealSignal(
            to.session,
            ++to.session.said,
            generation,
            text,
          );
          to.side.line.say({ type: "signal", from: EVE.id, data: sealed });
        });
      });
    }
    one.line.say({
      type: "join",
      peer: { ...EVE, presence: await toOne.sealPresence(null) },
    });
    two.line.say({
      type: "presence",
      id: EVE.id,
      presence: await toTwo.sealPresence(null),
    });
    await Promise.all([one.decided, two.decided]);
    const result = {
      told: [one.told, two.told],
      reached: reached.size,
      connected: [one, two].map(({ connection }) => connection.connections),
      connections: [one, two].map(({ connection }) =>
        connection.peers.get(EVE.id)?.pc ?? null
      ),
      sent: await Promise.all(
        [one, two].map(({ connection }) => connection.send("to nobody")),
      ),
    };
    one.connection.close();
    two.connection.close();
    await work;
    return result;
  }, guard);
}

Deno.test("connect with an identity connects nobody when a member passes off each of two others as itself to the other", async (t) => {
  await using site = await startSite();
  // It loads no others: from a blob they could not be.
  const [guard = ""] = (await bundleClient("client/trust/guard.ts")).values();
  await using stack = new AsyncDisposableStack();
  const names = ["chrome", "firefox"] satisfies BrowserName[];
  // At the same time: it takes longer than all the rest.
  const browsers = await Promise.all(names.map(async (name) => {
    const { browser } = stack.use(await startBrowser(name));
    return [name, browser] as const;
  }));
  for (const [name, browser] of browsers) {
    await t.step(name, async () => {
      await using opened = await openPage(browser, site.url);
      await defineSwitchboard(opened.page);
      const { reached, ...rest } = await share(opened.page, guard);
      const refused = ["untrusted eve identity-mismatch"];
      assertEquals(rest, {
        told: [refused, refused],
        connected: [[], []],
        connections: [null, null],
        sent: [0, 0],
      });
      // All that she can do was done: they had a connection, of which neither page has heard.
      assertEquals(reached, 2);
      assertEquals(opened.complaints, []);
    });
  }
});
