import { assertEquals, assertThrows } from "@std/assert";
import { coturn, type CoturnOptions } from "../../server/coturn.ts";
import { allocate } from "../support/allocate.ts";
import { startCoturn, whyNoCoturn } from "../support/coturn.ts";
import { conformsToTurnProvider } from "./turn_provider_conformance.ts";

const SECRET = "static-auth-secret-that-must-not-leak";
const URLS = ["stun:a.example", "turn:a.example", "turn:a.example:53"];

conformsToTurnProvider({
  name: "coturn",
  make: ({ now, ttlSeconds }) =>
    coturn({ urls: URLS, secret: SECRET, now, ttlSeconds }),
  secrets: [SECRET],
  maxTtlSeconds: 31_536_000,
});

const { signal } = new AbortController();

Deno.test("coturn makes the user name of the expiry and the peer, and the password of both, as the draft wants it", async () => {
  const provider = coturn({
    urls: URLS,
    secret: "north",
    ttlSeconds: 86_400,
    now: () => 1_433_895_918_506,
  });
  assertEquals(await provider.credentials({ peer: "17", signal }), {
    iceServers: [{ urls: ["stun:a.example"] }, {
      urls: ["turn:a.example"],
      username: "1433982318:17",
      // printf 1433982318:17 | openssl dgst -sha1 -hmac north -binary | base64
      credential: "GHQEWn0BKpY6T7DWKc/z7FtVucg=",
    }],
    expiresAt: 1_433_982_318_000,
  });
});

Deno.test("coturn can be probed unless it is told not to be", () => {
  for (const probe of [undefined, true, false]) {
    const provider = coturn({
      urls: URLS,
      secret: SECRET,
      ...(probe !== undefined && { probe }),
    });
    assertEquals("probe" in provider, probe ?? true);
  }
});

const BAD: readonly (readonly [Partial<CoturnOptions>, string])[] = [
  [{ urls: [] }, '"urls" must have one of TURN'],
  [{ urls: ["stun:a"] }, '"urls" must have one of TURN'],
  [{ urls: ["turn:a:53"] }, '"urls" must have one of TURN'],
  [{ urls: ["turn:a:995"] }, "of a port that browsers do not block"],
  [{ urls: ["turn:a", "b"] }, "URL 2 is none of STUN or TURN"],
  [{ urls: [""] }, "URL 1 is none of STUN or TURN"],
  [{ secret: "" }, '"secret" must not be empty'],
];

for (const [options, message] of BAD) {
  Deno.test(`coturn throws when it gets ${JSON.stringify(options)}`, () => {
    assertThrows(
      () => coturn({ urls: URLS, secret: SECRET, ...options }),
      TypeError,
      message,
    );
  });
}

/** What a real coturn says to credentials: nothing, or the code of an error. */
const REAL: readonly (readonly [
  when: string,
  options: Partial<CoturnOptions>,
  code: number | undefined,
])[] = [
  ["is accepted when the secret is the same", {}, undefined],
  ["is refused with 401 when the secret is another", { secret: "other" }, 401],
  // It was made two minutes ago, for one.
  ["is refused with 401 when it has expired", {
    ttlSeconds: 60,
    now: () => Date.now() - 120_000,
  }, 401],
];

const ignore = await whyNoCoturn() !== undefined;

for (const [when, options, code] of REAL) {
  Deno.test({
    name: `coturn makes what a real one knows: it ${when}`,
    ignore,
    fn: async () => {
      await using server = await startCoturn({ secret: SECRET });
      const provider = coturn({
        urls: server.urls,
        secret: SECRET,
        ...options,
      });
      const { iceServers: [turn] } = await provider.credentials({
        peer: "17",
        signal,
      });
      const { username = "", credential = "" } = turn ?? {};
      const { port } = server;
      assertEquals(await allocate({ port, username, credential }), code);
      // With the number of the session, so that its log and ours can be matched.
      if (code === undefined) await server.logged(":17>");
    },
  });
}

Deno.test({
  name: "coturn makes what a real one still knows when that was restarted",
  ignore,
  fn: async () => {
    await using server = await startCoturn({ secret: SECRET });
    const { port, urls } = server;
    const { iceServers: [turn] } = await coturn({ urls, secret: SECRET })
      .credentials({ peer: "17", signal });
    const { username = "", credential = "" } = turn ?? {};
    await server.restart();
    assertEquals(
      await allocate({ port, username, credential }),
      undefined,
    );
  },
});
