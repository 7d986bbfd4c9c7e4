import { assertEquals } from "@std/assert";
import { twilio } from "../../server/twilio.ts";
import { startFakeApi } from "../support/fake_api.ts";
import { twilioAnswer } from "../support/vendor_answers.ts";
import { conformsToTurnProvider } from "./turn_provider_conformance.ts";

const SECRET = "auth-token-that-must-not-leak";
const ACCOUNT = `AC${"a".repeat(32)}`;
/** RFC 7617 §2. */
const BASIC = btoa(`${ACCOUNT}:${SECRET}`);

conformsToTurnProvider({
  name: "twilio",
  make: (making) =>
    twilio({ accountSid: ACCOUNT, authToken: SECRET, ...making }),
  secrets: [SECRET, BASIC],
  maxTtlSeconds: 86_400,
  api: {
    good: ({ ttlSeconds }) => twilioAnswer(String(ttlSeconds)),
    listing: (ice_servers) =>
      Response.json({ ttl: "60", ice_servers }, { status: 201 }),
  },
});

const request = () => ({ peer: "7", signal: new AbortController().signal });

Deno.test("twilio asks as documented", async () => {
  await using fake = startFakeApi(() => twilioAnswer("60"));
  const provider = twilio({
    accountSid: ACCOUNT,
    authToken: SECRET,
    apiUrl: fake.url,
    ttlSeconds: 60,
    now: () => 1000,
  });
  const credentials = { username: "dc2d2894d5a9", credential: "tE2DajzSJwns" };
  assertEquals(await provider.credentials(request()), {
    iceServers: [
      { urls: ["stun:global.stun.twilio.com:3478"] },
      {
        urls: ["turn:global.turn.twilio.com:3478?transport=udp"],
        ...credentials,
      },
      {
        urls: ["turn:global.turn.twilio.com:3478?transport=tcp"],
        ...credentials,
      },
      {
        urls: ["turn:global.turn.twilio.com:443?transport=tcp"],
        ...credentials,
      },
    ],
    expiresAt: 61_000,
  });
  assertEquals(fake.asked, [{
    method: "POST",
    path: `/2010-04-01/Accounts/${ACCOUNT}/Tokens.json`,
    authorization: `Basic ${BASIC}`,
    contentType: "application/x-www-form-urlencoded;charset=UTF-8",
    body: "Ttl=60",
  }]);
});

for (
  const [ttl, lifeMs] of [
    ["30", 30_000],
    ["60", 60_000],
    // It grants no more than was asked for.
    ["86400", 60_000],
    ["", 60_000],
    ["soon", 60_000],
    ["1e30", 60_000],
    // It is dead already, and will count as a failure.
    ["0", 0],
    ["-1", -1_000],
  ] as const
) {
  Deno.test(`twilio claims a life of ${lifeMs} ms when it asked for 60 s and was granted "${ttl}"`, async () => {
    await using fake = startFakeApi(() => twilioAnswer(ttl));
    const provider = twilio({
      accountSid: ACCOUNT,
      authToken: SECRET,
      apiUrl: fake.url,
      ttlSeconds: 60,
      now: () => 0,
    });
    const { expiresAt } = await provider.credentials(request());
    assertEquals(expiresAt, lifeMs);
  });
}
