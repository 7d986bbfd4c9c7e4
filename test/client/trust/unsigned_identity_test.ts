import { assertEquals } from "@std/assert";
import { Guard } from "../../../client/trust/guard.ts";
import { identityBy, Page, secretOf } from "../../support/guards.ts";

Deno.test("Guard shows no identity that nobody has signed for", async () => {
  const secret = await secretOf();
  const someone = await identityBy("Ed25519");
  // Has the room key, tells of an identity, and signs nothing.
  const options = {
    crypto,
    party: "main",
    room: "room",
    id: someone.id,
    fingerprint: "sha-256 AA",
    secret,
    identity: someone as typeof someone | undefined,
  };
  const guard = new Guard(options);
  options.identity = undefined;
  const bob = new Page("bob", { secret });
  const presence = await guard.sealPresence('"me"');
  const opened = await bob.guard.open(someone.id, presence, true);
  assertEquals("session" in opened, true);
  const session = bob.guard.current(someone.id);
  assertEquals(session?.presence, '"me"');
  assertEquals(session?.card.identity, undefined);
  assertEquals(session?.identity, null);
});
