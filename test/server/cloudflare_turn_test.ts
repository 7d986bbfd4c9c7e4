import { assertEquals } from "@std/assert";
import { cloudflareTurn } from "../../server/cloudflare_turn.ts";
import { startFakeApi } from "../support/fake_api.ts";
import {
  cloudflareAnswer,
  olderCloudflareAnswer,
} from "../support/vendor_answers.ts";
import { conformsToTurnProvider } from "./turn_provider_conformance.ts";

const SECRET = "api-token-that-must-not-leak";
const CREDENTIALS = { username: "user", credential: "password" };

conformsToTurnProvider({
  name: "cloudflareTurn",
  make: (making) =>
    cloudflareTurn({ keyId: "key/1", apiToken: SECRET, ...making }),
  secrets: [SECRET],
  maxTtlSeconds: 172_800,
  api: {
    good: () => cloudflareAnswer(),
    listing: (iceServers) => Response.json({ iceServers }, { status: 201 }),
  },
});

function provider(apiUrl: string) {
  return cloudflareTurn({
    keyId: "key/1",
    apiToken: SECRET,
    apiUrl,
    ttlSeconds: 60,
    now: () => 1000,
  });
}

const request = () => ({ peer: "7", signal: new AbortController().signal });

Deno.test("cloudflareTurn asks as documented when the key knows generate-ice-servers", async () => {
  await using fake = startFakeApi(() => cloudflareAnswer());
  assertEquals(await provider(fake.url).credentials(request()), {
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
    contentType: "application/json",
    body: '{"ttl":60}',
  }]);
});

Deno.test("cloudflareTurn takes the answer of the older endpoint when the newer one is not found", async () => {
  await using fake = startFakeApi(({ path }) =>
    path.endsWith("/generate")
      ? olderCloudflareAnswer()
      : new Response("no", { status: 404 })
  );
  assertEquals(await provider(fake.url).credentials(request()), {
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

Deno.test("cloudflareTurn revokes as documented, each user name once", async () => {
  await using fake = startFakeApi(() => new Response(null, { status: 204 }));
  const turn = { urls: ["turn:a"], username: "us/er", credential: "c" };
  await provider(fake.url).revoke?.({
    iceServers: [{ urls: ["stun:a"] }, turn, turn],
    expiresAt: null,
  }, request());
  assertEquals(fake.asked, [{
    method: "POST",
    path: "/v1/turn/keys/key%2F1/credentials/us%2Fer/revoke",
    authorization: `Bearer ${SECRET}`,
    contentType: null,
    body: "",
  }]);
});
