import { assertEquals } from "@std/assert";
import { createRoomKey } from "../../mod.ts";
import { startBrowser } from "../support/browsers.ts";
import { startSite } from "../support/site.ts";
import { findIn, OWN_ADDRESSES } from "./findings.ts";
import { startHostileServer } from "./hostile_server.ts";
import { openVisitor, type VisitOptions } from "./visitor.ts";

const KEY = [...createRoomKey()];
const PRESENCE = { name: "Ada Lovelace", title: "countess" };

const EVERYTHING = [
  "SDP",
  "a fingerprint",
  "a name",
  "a presence",
  "an IPv4 address",
  ...(OWN_ADDRESSES.some((each) => each.includes(":"))
    ? ["an IPv6 address"]
    : []),
  "an address of this machine",
  "an mDNS name",
];

Deno.test("a server that records everything learns", async (t) => {
  await using site = await startSite();
  await using server = startHostileServer(site.url);
  // One browser tells its addresses, the other one hides them behind names.
  await using chrome = await startBrowser("chrome", { tellsAddresses: true });
  await using firefox = await startBrowser("firefox");
  const where = { site: site.url, host: server.url };
  await using ada = await openVisitor(chrome.browser, where);
  await using bob = await openVisitor(firefox.browser, where);

  /** What there is to find in all that passes while two pages of a room meet and talk. */
  const record = async (
    room: string,
    protection: Pick<VisitOptions, "key" | "identity">,
  ): Promise<string[]> => {
    const enter = (page: typeof ada, id: string) =>
      page.enter({
        room,
        presence: PRESENCE,
        ...protection,
        ...(!protection.identity && { id }),
      });
    const first = await enter(ada, "first");
    const second = await enter(bob, "second");
    await ada.happened(room, { event: "peer", peer: second });
    await bob.happened(room, { event: "peer", peer: first });
    await ada.send(room, "hello", second);
    await bob.happened(room, { event: "message", data: "hello", peer: first });
    const presence = JSON.stringify(PRESENCE);
    await ada.happened(room, { event: "presence", peer: second, presence });
    return findIn(server.recorder.frames(room).map(({ frame }) => frame));
  };

  await t.step("all there is of a room that is not protected", async () => {
    assertEquals(await record("plain", {}), EVERYTHING);
  });

  await t.step("as much of a room with identities alone", async () => {
    assertEquals(
      await record("signed", { identity: true }),
      // Its pattern would be found in random bytes, too.
      EVERYTHING.filter((what) => what !== "an IPv6 address"),
    );
  });

  await t.step("nothing of a room with a key", async () => {
    assertEquals(await record("sealed", { key: KEY }), []);
  });

  await t.step("nothing of a room with a key and identities", async () => {
    assertEquals(await record("both", { key: KEY, identity: true }), []);
  });
});
