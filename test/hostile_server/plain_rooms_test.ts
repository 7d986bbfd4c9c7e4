import { assert, assertEquals } from "@std/assert";
import type { Browser } from "puppeteer";
import { startBrowser } from "../support/browsers.ts";
import { startSite } from "../support/site.ts";
import { Ghost } from "./attacks/ghost.ts";
import { onPresences } from "./attacks/on_presences.ts";
import { startHostileServer } from "./hostile_server.ts";
import { ManInTheMiddle } from "./man_in_the_middle.ts";
import { openVisitor, type Visitor } from "./visitor.ts";

/** What the safety numbers and safety emoji of two pages are, or that there are none. */
async function compare(room: string, ada: Visitor, bob: Visitor): Promise<{
  readonly numbers: readonly unknown[];
  readonly emoji: readonly unknown[];
}> {
  const refused = (error: unknown) => /DataError/.exec(String(error))?.[0];
  const numbers = await Promise.all([
    ada.safetyNumber(room, "bob"),
    bob.safetyNumber(room, "ada"),
  ]);
  const emoji = await Promise.all([
    ada.safetyEmoji(room, "bob").catch(refused),
    bob.safetyEmoji(room, "ada").catch(refused),
  ]);
  return { numbers, emoji };
}

Deno.test("a hostile server has its way in a room without a key", async (t) => {
  await using site = await startSite();
  await using server = startHostileServer(site.url);
  await using chrome = await startBrowser("chrome");
  await using firefox = await startBrowser("firefox");
  const open = (browser: Browser) =>
    openVisitor(browser, { site: site.url, host: server.url });

  const browsers = { chrome: chrome.browser, firefox: firefox.browser };
  for (
    const [first, second] of [["chrome", "chrome"], ["chrome", "firefox"], [
      "firefox",
      "chrome",
    ]] as const
  ) {
    await t.step(
      `it reads and changes what ${first} and ${second} say`,
      async () => {
        const room = `${first} ${second}`;
        await using ada = await open(browsers[first]);
        await using bob = await open(browsers[second]);
        await using attack = await ManInTheMiddle.open(chrome.browser, {
          victims: ["ada", "bob"],
          alter: ["by noon", "at nine"],
        });
        server.attack(room, attack);
        await ada.enter({ room, id: "ada" });
        await bob.enter({ room, id: "bob" });
        await Promise.all([
          ada.happened(room, { event: "peer", peer: "bob" }),
          bob.happened(room, { event: "peer", peer: "ada" }),
        ]);
        await ada.send(room, "the money comes by noon", "bob");
        await bob.send(room, "to whom", "ada");
        const heard = { event: "message", peer: "ada" };
        await bob.happened(room, { ...heard, data: "the money comes at nine" });
        await ada.happened(room, { ...heard, peer: "bob", data: "to whom" });
        const { overheard, connected } = await attack.loot();
        const reads = (from: string, said: string) =>
          overheard.some((each) =>
            each.from === from && each.text.includes(said)
          );
        assert(reads("ada", "the money comes by noon"));
        assert(reads("bob", "to whom"));
        assertEquals(connected.toSorted(), ["ada", "bob"]);
        // What the two could have found out.
        const { numbers, emoji } = await compare(room, ada, bob);
        assertEquals(new Set(numbers).size, 2);
        assertEquals(emoji, ["DataError", "DataError"]);
        assertEquals([...ada.complaints, ...bob.complaints], []);
      },
    );
  }

  await using ada = await open(chrome.browser);
  await using bob = await open(chrome.browser);

  await t.step("it reads what they say if the first one dials", async () => {
    const room = "dialled";
    await using attack = await ManInTheMiddle.open(chrome.browser, {
      victims: ["ada", "bob"],
    });
    server.attack(room, attack);
    await ada.enter({ room, id: "ada" });
    await bob.enter({ room, id: "bob", autoConnect: false });
    await ada.dial(room, "bob");
    await ada.send(room, "hello", "bob");
    await bob.happened(room, { event: "message", peer: "ada", data: "hello" });
    const { overheard } = await attack.loot();
    assert(overheard.some(({ text }) => text.includes("hello")));
  });

  await t.step("a page dials a member that does not exist", async () => {
    const room = "ghost";
    const dialled = Promise.withResolvers<string>();
    const attack = new Ghost(
      { id: "eve", presence: '{"name":"Eve"}', to: "ada" },
      ({ data }) => dialled.resolve(data),
    );
    server.attack(room, attack);
    await ada.enter({ room, id: "ada" });
    assert((await dialled.promise).includes("a=fingerprint"));
    await ada.leave(room);
  });

  await t.step(
    "a page believes what its peer has never published",
    async () => {
      const room = "presence";
      server.attack(room, onPresences("ada", () => '{"name":"Eve"}'));
      await bob.enter({ room, id: "bob" });
      await ada.enter({ room, id: "ada", presence: { name: "Ada" } });
      await bob.happened(room, {
        event: "presence",
        peer: "ada",
        presence: '{"name":"Eve"}',
      });
    },
  );

  await t.step("a page ends a pair that its peer has not ended", async () => {
    const room = "bye";
    await bob.enter({ room, id: "bob" });
    await ada.enter({ room, id: "ada" });
    await bob.happened(room, { event: "peer", peer: "ada" });
    const pages = server.pages(room);
    const to = pages.get("bob")?.joinedAt;
    const from = pages.get("ada")?.joinedAt;
    const data = JSON.stringify({ to, from, generation: 2, bye: true });
    pages.get("bob")?.tell({ type: "signal", from: "ada", data });
    await bob.happened(room, {
      event: "peer-state",
      peer: "ada",
      state: "closed",
      reason: "the other side ended it",
    });
  });

  await t.step(
    "a page whose safety number was read takes no other certificate",
    async () => {
      const room = "pinned";
      await ada.enter({ room, id: "ada" });
      await bob.enter({ room, id: "bob" });
      await bob.happened(room, { event: "peer", peer: "ada" });
      await ada.happened(room, { event: "peer", peer: "bob" });
      const { numbers, emoji } = await compare(room, ada, bob);
      assertEquals(new Set(numbers).size, 1);
      assertEquals(new Set(emoji).size, 1);
      assert(!emoji.includes("DataError"));
      await using attack = await ManInTheMiddle.open(chrome.browser, {
        victims: ["ada", "bob"],
      });
      server.attack(room, attack);
      await bob.restart(room, "ada");
      const untrusted = { event: "untrusted", code: "fingerprint-mismatch" };
      await ada.happened(room, { ...untrusted, peer: "bob" });
      await ada.send(room, "still you", "bob");
      await bob.happened(room, {
        event: "message",
        peer: "ada",
        data: "still you",
      });
      assertEquals((await attack.loot()).connected, []);
    },
  );
  assertEquals([...ada.complaints, ...bob.complaints], []);
});
