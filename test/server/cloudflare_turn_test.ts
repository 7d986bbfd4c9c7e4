import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cloudflareTurn } from "../../server/cloudflare_turn.ts";
import { TurnError } from "../../server/turn_provider.ts";
import {
  generateAnswer,
  iceServersAnswer,
  startFakeCloudflare,
} from "../support/fake_cloudflare.ts";

const SECRET = "api-token-that-must-not-leak";
const CREDENTIALS = { username: "user", credential: "password" };

function provider(apiUrl: string) {
  return cloudflareTurn({
    keyId: "key/1",
    apiToken: SECRET,
    apiUrl,
    ttlSeconds: 60,
    now: () => 1000,
  });
}

const never = () => new AbortController().signal;

Deno.test("cloudflareTurn asks as documented and leaves out port 53 when the key knows generate-ice-servers", async () => {
  await using fake = startFakeCloudflare(() => iceServersAnswer());
  assertEquals(await provider(fake.url).credentials({ signal: never() }), {
    iceServers: [
      { urls: ["stun:stun.cloudflare.com:3478"] },
      {
        urls: [
          "turn:turn.cloudflare.com:3478?transport=udp",
          "turn:turn.cloudflare.com:3478?transport=tcp",
          "turn:turn.cloudflare.com:80?transport=tcp",
          "turns:turn.cloudflare.com:5349?transport=tcp",
          "turns:turn.cloudflare.com:443?transport=tcp",
        ],
        ...CREDENTIALS,
      },
    ],
    expiresAt: 61_000,
  });
  assertEquals(fake.asked, [{
    method: "POST",
    path: "/v1/turn/keys/key%2F1/credentials/generate-ice-servers",
    authorization: `Bearer ${SECRET}`,
    body: { ttl: 60 },
  }]);
});

Deno.test("cloudflareTurn takes the answer of the older endpoint when the newer one is not found", async () => {
  await using fake = startFakeCloudflare((path) =>
    path.endsWith("/generate")
      ? generateAnswer()
      : new Response("no", { status: 404 })
  );
  assertEquals(await provider(fake.url).credentials({ signal: never() }), {
    iceServers: [{
      urls: [
        "stun:stun.cloudflare.com:3478",
        "turn:turn.cloudflare.com:3478?transport=udp",
        "turns:turn.cloudflare.com:5349?transport=tcp",
      ],
      ...CREDENTIALS,
    }],
    expiresAt: 61_000,
  });
  assertEquals(fake.asked.length, 2);
});

const NONSENSE: readonly (readonly [what: string, answer: () => Response])[] = [
  [
    "401 with our token in its body",
    () => new Response(`bad token ${SECRET}`, { status: 401 }),
  ],
  ["403", () => new Response(null, { status: 403 })],
  ["404 twice", () => new Response("no such key", { status: 404 })],
  ["429", () => new Response("slow down", { status: 429 })],
  ["500", () => new Response("oops", { status: 500 })],
  ["200 that is HTML", () => new Response(`<html>${SECRET}</html>`)],
  ["201 without a body", () => new Response(null, { status: 201 })],
  ["201 of null", () => Response.json(null, { status: 201 })],
  ["201 of an empty object", () => Response.json({}, { status: 201 })],
  ["no ICE servers", () => Response.json({ iceServers: [] }, { status: 201 })],
  [
    "STUN only",
    () =>
      Response.json({ iceServers: [{ urls: ["stun:a"] }] }, { status: 201 }),
  ],
  [
    "TURN without a credential",
    () =>
      Response.json({ iceServers: [{ urls: ["turn:a"] }] }, { status: 201 }),
  ],
  [
    "a credential that is a number",
    () =>
      Response.json({
        iceServers: [{ urls: ["turn:a"], username: "u", credential: 1 }],
      }, { status: 201 }),
  ],
  [
    "URLs of another kind",
    () =>
      Response.json({
        iceServers: [{ urls: ["https://a", 1, "turn:"], ...CREDENTIALS }],
      }, { status: 201 }),
  ],
  [
    "a redirect",
    () =>
      new Response(null, {
        status: 302,
        headers: { location: "http://127.0.0.1:1/" },
      }),
  ],
];

for (const [what, answer] of NONSENSE) {
  Deno.test(`cloudflareTurn rejects without a secret in its words when Cloudflare answers ${what}`, async () => {
    await using fake = startFakeCloudflare(answer);
    const error = await assertRejects(
      () => provider(fake.url).credentials({ signal: never() }),
      TurnError,
    );
    assert(!error.message.includes(SECRET), error.message);
  });
}

Deno.test("cloudflareTurn rejects when nothing listens there", async () => {
  const fake = startFakeCloudflare(() => iceServersAnswer());
  await fake[Symbol.asyncDispose]();
  await assertRejects(
    () => provider(fake.url).credentials({ signal: never() }),
    TurnError,
    "cannot be reached",
  );
});

Deno.test("cloudflareTurn rejects with the reason of its signal when that is aborted", async () => {
  const controller = new AbortController();
  const held = Promise.withResolvers<Response>();
  await using fake = startFakeCloudflare(() => {
    controller.abort(new Error("enough"));
    return held.promise;
  });
  await assertRejects(
    () => provider(fake.url).credentials({ signal: controller.signal }),
    Error,
    "enough",
  );
  held.resolve(new Response(null));
});

for (const ttlSeconds of [0, -1, 1.5, 172_801, NaN]) {
  Deno.test(`cloudflareTurn throws when a credential shall live ${ttlSeconds} seconds`, () => {
    assertThrows(
      () => cloudflareTurn({ keyId: "k", apiToken: "t", ttlSeconds }),
      RangeError,
      "ttlSeconds",
    );
  });
}
