import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import type { Authorize } from "../../server/authorize.ts";
import { jwtAuthorizer } from "../../server/jwt_authorizer.ts";

const SECRET = "a secret of thirty-two bytes, ok";
const NOW = 1_700_000_000_000;
const SECOND = NOW / 1_000;
const VALID = { exp: SECOND + 60 };
const ASKED = { party: "main", room: "room", id: "peer" };

/** What a JWT is signed with. */
type Key = CryptoKey | Uint8Array;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A token as an issuer makes it, right or wrong. */
function sign(
  claims: unknown,
  key: Key = bytes(SECRET),
  header: JWTHeaderParameters = { alg: "HS256" },
): Promise<string> {
  return new SignJWT(claims as JWTPayload).setProtectedHeader(header).sign(key);
}

/** What the authorizer says: claims, or status and code of the refusal. */
async function ask(authorize: Authorize, request: Request): Promise<unknown> {
  const answer = await authorize(request, ASKED);
  if (!(answer instanceof Response)) return answer;
  const body = await answer.json();
  assertEquals(Object.keys(body), ["error"]);
  assertEquals(Object.keys(body.error), ["code", "message"]);
  assertEquals(typeof body.error.message, "string");
  return [answer.status, body.error.code];
}

/** A request that brings its token as a program does. */
function requestWith(token: string): Request {
  return new Request("http://localhost/parties/main/room", {
    headers: { authorization: `Bearer ${token}` },
  });
}

const UNAUTHORIZED = [401, "unauthorized"];
const FORBIDDEN = [403, "forbidden"];
const UNAVAILABLE = [503, "unavailable"];

const now = () => NOW;
const bySecret = jwtAuthorizer({ secret: SECRET, now });
const strict = jwtAuthorizer({
  secret: SECRET,
  audience: "webrtc",
  issuer: "https://issuer.example",
  now,
});

// Claims: what they come to. The signature is good in all of these.

const CLAIMS: readonly (readonly [string, unknown, unknown])[] = [
  ["there is nothing but exp", VALID, VALID],
  ...[
    ["there", { party: "main", room: "room", sub: "peer" }],
    // Whether they are the ones that were asked for, and names, is not decided here.
    ["others", { party: "other", room: "other", sub: "other" }],
    ["names of an object", {
      party: "toString",
      room: "__proto__",
      sub: "constructor",
    }],
    ["no names", { party: "", room: "..", sub: "a\0b" }],
    ["very long", {
      party: "x".repeat(1_000),
      room: "x".repeat(1_000),
      sub: "x".repeat(1_000),
    }],
  ].map(([what, names]) => {
    const claims = { ...VALID, ...names as Record<string, string> };
    return [`party, room and sub are ${what}`, claims, claims] as const;
  }),
  ["the app has claims of its own", { ...VALID, name: "Ada", roles: ["a"] }, {
    ...VALID,
    name: "Ada",
    roles: ["a"],
  }],
  ["audience and issuer are there though nobody asks", {
    ...VALID,
    aud: ["x"],
    iss: "y",
  }, { ...VALID, aud: ["x"], iss: "y" }],
  ["it expires in a second", { exp: SECOND + 1 }, { exp: SECOND + 1 }],
  ["it expires in a fraction", { exp: SECOND + 0.5 }, { exp: SECOND + 0.5 }],
  ["it is valid from now on", { ...VALID, nbf: SECOND }, {
    ...VALID,
    nbf: SECOND,
  }],
  ["exp is missing", {}, UNAUTHORIZED],
  ["exp is missing and iat is there", { iat: SECOND }, UNAUTHORIZED],
  ["exp is now", { exp: SECOND }, UNAUTHORIZED],
  ["exp is past", { exp: SECOND - 1 }, UNAUTHORIZED],
  ["exp is zero", { exp: 0 }, UNAUTHORIZED],
  ["exp is negative", { exp: -1 }, UNAUTHORIZED],
  ["exp is a text", { exp: String(SECOND + 60) }, UNAUTHORIZED],
  ["exp is null", { exp: null }, UNAUTHORIZED],
  ["exp is a list", { exp: [SECOND + 60] }, UNAUTHORIZED],
  ["it is not valid yet", { ...VALID, nbf: SECOND + 1 }, UNAUTHORIZED],
  ["nbf is a text", { ...VALID, nbf: "0" }, UNAUTHORIZED],
  ...wrongTypes().flatMap(([what, value]) =>
    ["party", "room", "sub"].map((name) =>
      [`${name} is ${what}`, { ...VALID, [name]: value }, FORBIDDEN] as const
    )
  ),
];

function wrongTypes(): (readonly [string, unknown])[] {
  return [
    ["a number", 7],
    ["zero", 0],
    ["a boolean", true],
    ["null", null],
    ["an object", {}],
    ["an object with a length", { length: 1 }],
    ["an empty list", []],
    ["a list of a name", ["peer"]],
  ];
}

for (const [when, claims, expected] of CLAIMS) {
  const verdict = Array.isArray(expected) ? `says ${expected[1]}` : "lets in";
  Deno.test(`jwtAuthorizer ${verdict} when ${when}`, async () => {
    const token = await sign(claims);
    assertEquals(await ask(bySecret, requestWith(token)), expected);
  });
}

const EXPECTED = { aud: "webrtc", iss: "https://issuer.example" };

const AUDIENCES: readonly (readonly [string, unknown, boolean])[] = [
  ["both are the ones", EXPECTED, true],
  [
    "the audience is one of several",
    { ...EXPECTED, aud: ["x", "webrtc"] },
    true,
  ],
  ["the audience is missing", { iss: EXPECTED.iss }, false],
  ["the audience is another", { ...EXPECTED, aud: "other" }, false],
  ["the audience begins the same", { ...EXPECTED, aud: "webrtc2" }, false],
  ["the audience is none of several", { ...EXPECTED, aud: ["x", "y"] }, false],
  ["the audience is an empty list", { ...EXPECTED, aud: [] }, false],
  [
    "the audience is a list in a list",
    { ...EXPECTED, aud: [["webrtc"]] },
    false,
  ],
  ["the audience is an object", { ...EXPECTED, aud: { webrtc: 1 } }, false],
  ["the issuer is missing", { aud: EXPECTED.aud }, false],
  [
    "the issuer is another",
    { ...EXPECTED, iss: "https://evil.example" },
    false,
  ],
  [
    "the issuer has a slash more",
    { ...EXPECTED, iss: `${EXPECTED.iss}/` },
    false,
  ],
  ["the issuer is a list", { ...EXPECTED, iss: [EXPECTED.iss] }, false],
  ["the issuer is null", { ...EXPECTED, iss: null }, false],
];

for (const [when, claims, letsIn] of AUDIENCES) {
  Deno.test(`jwtAuthorizer ${letsIn ? "lets in" : "says unauthorized"} when audience and issuer are asked for and ${when}`, async () => {
    const all = { ...VALID, ...claims as Record<string, unknown> };
    assertEquals(
      await ask(strict, requestWith(await sign(all))),
      letsIn ? all : UNAUTHORIZED,
    );
  });
}

Deno.test("jwtAuthorizer asks for the time at every token", async () => {
  let time = NOW;
  const authorize = jwtAuthorizer({ secret: SECRET, now: () => time });
  const request = requestWith(await sign(VALID));
  assertEquals(await ask(authorize, request), VALID);
  time += 60_000;
  assertEquals(await ask(authorize, request), UNAUTHORIZED);
});

Deno.test("jwtAuthorizer goes by the real time when it is given none", async () => {
  const authorize = jwtAuthorizer({ secret: SECRET });
  const exp = Math.floor(Date.now() / 1_000) + 60;
  assertEquals(await ask(authorize, requestWith(await sign({ exp }))), { exp });
  assertEquals(
    await ask(authorize, requestWith(await sign(VALID))),
    UNAUTHORIZED,
  );
});

// Where the token is.

Deno.test("jwtAuthorizer lets in when the token is a subprotocol", async () => {
  const token = await sign(VALID);
  const request = new Request("http://localhost", {
    headers: { "sec-websocket-protocol": `webrtc.v1, bearer.${token}` },
  });
  assertEquals(await ask(bySecret, request), VALID);
});

for (
  const [when, headers] of [
    ["there are no headers", {}],
    ["no subprotocol is one", { "sec-websocket-protocol": "webrtc.v1" }],
    ["the subprotocol is empty", { "sec-websocket-protocol": "bearer." }],
    ["the scheme is another", { authorization: "Basic YTpi" }],
    ["there is a scheme alone", { authorization: "Bearer" }],
  ] as const
) {
  Deno.test(`jwtAuthorizer says unauthorized when there is no token: ${when}`, async () => {
    const request = new Request("http://localhost", { headers });
    assertEquals(await ask(bySecret, request), UNAUTHORIZED);
  });
}

Deno.test("jwtAuthorizer says unauthorized when the token is in the query", async () => {
  const token = await sign(VALID);
  const request = new Request(`http://localhost/?token=${token}`);
  assertEquals(await ask(bySecret, request), UNAUTHORIZED);
});

// Keys. A set with one key of each kind, and one that nobody published.

const PAIRS = {
  ES256: await generateKeyPair("ES256"),
  EdDSA: await generateKeyPair("EdDSA"),
  RS256: await generateKeyPair("RS256"),
};
const STRANGER = await generateKeyPair("ES256", { extractable: true });

const PUBLIC: JWK[] = await Promise.all(
  Object.entries(PAIRS).map(async ([alg, { publicKey }]) => ({
    ...await exportJWK(publicKey),
    kid: alg,
    alg,
    use: "sig",
  })),
);
const KEYS = { keys: PUBLIC };

/** An issuer that serves its keys, or what else the test says, and counts how often. */
function serveKeys(
  answer: () => Response = () => Response.json(KEYS),
  port = 0,
) {
  let requests = 0;
  const server = Deno.serve(
    { port, hostname: "127.0.0.1", onListen: () => {} },
    () => {
      requests++;
      return answer();
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/jwks.json`,
    get requests() {
      return requests;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

for (const [alg, { privateKey }] of Object.entries(PAIRS)) {
  Deno.test(`jwtAuthorizer lets in when the token is signed with ${alg} and the set has the key`, async () => {
    await using issuer = serveKeys();
    const claims = { ...VALID, room: "room", sub: "peer", name: "Ada" };
    for (const jwksUrl of [issuer.url, new URL(issuer.url)]) {
      const authorize = jwtAuthorizer({ jwksUrl, now });
      for (const header of [{ alg }, { alg, kid: alg, typ: "JWT" }]) {
        const token = await sign(claims, privateKey, header);
        assertEquals(await ask(authorize, requestWith(token)), claims);
      }
    }
  });

  Deno.test(`jwtAuthorizer looks at the claims when the token is signed with ${alg}`, async () => {
    await using issuer = serveKeys();
    const authorize = jwtAuthorizer({
      jwksUrl: issuer.url,
      audience: EXPECTED.aud,
      issuer: EXPECTED.iss,
      now,
    });
    for (
      const [claims, expected] of [
        [{ ...VALID, ...EXPECTED }, { ...VALID, ...EXPECTED }],
        [{ ...VALID, ...EXPECTED, aud: "x" }, UNAUTHORIZED],
        [{ ...VALID, ...EXPECTED, iss: "x" }, UNAUTHORIZED],
        [EXPECTED, UNAUTHORIZED],
        [{ ...EXPECTED, exp: SECOND }, UNAUTHORIZED],
        [{ ...VALID, ...EXPECTED, party: 1 }, FORBIDDEN],
        [{ ...VALID, ...EXPECTED, room: 1 }, FORBIDDEN],
        [{ ...VALID, ...EXPECTED, sub: 1 }, FORBIDDEN],
      ]
    ) {
      const token = await sign(claims, privateKey, { alg });
      assertEquals(await ask(authorize, requestWith(token)), expected);
    }
  });
}

/** Changes one part of a token, as it is written. */
function withPart(token: string, index: number, part: string): string {
  return token.split(".").with(index, part).join(".");
}

function encoded(value: unknown): string {
  return bytes(JSON.stringify(value)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** Texts that a server might take for a secret though everybody knows them. */
async function publicTexts(): Promise<string[]> {
  const pems = await Promise.all(
    Object.values(PAIRS).map(({ publicKey }) => exportSPKI(publicKey)),
  );
  return [
    ...pems,
    ...pems.map((pem) => pem.trim()),
    ...PUBLIC.map((jwk) => JSON.stringify(jwk)),
    JSON.stringify(KEYS),
    ...PUBLIC.flatMap(({ x, n }) => x ?? n ?? []),
  ];
}

const { privateKey: es256 } = PAIRS.ES256;
const { privateKey: stranger } = STRANGER;
const good = await sign(VALID, es256, { alg: "ES256" });
const goodBySecret = await sign(VALID);

/** Tokens that neither the keys nor the secret have signed. */
const FORGERIES: readonly (readonly [string, readonly string[]])[] = [
  ["its algorithm is none", [
    new UnsecuredJWT(VALID).encode(),
    `${encoded({ alg: "None" })}.${encoded(VALID)}.`,
    `${encoded({ alg: "NONE" })}.${encoded(VALID)}.AAAA`,
    withPart(good, 0, encoded({ alg: "none" })),
    withPart(withPart(good, 0, encoded({ alg: "none" })), 2, ""),
    withPart(goodBySecret, 0, encoded({ alg: "none" })),
  ]],
  [
    "its algorithm is no algorithm",
    [
      ...["", "HS", "es256", "constructor", "__proto__"],
      null,
      1,
      ["ES256"],
      {},
    ].map((alg) => withPart(good, 0, encoded({ alg }))),
  ],
  ["its header names no algorithm", [withPart(good, 0, encoded({}))]],
  ["its signature is gone", [
    withPart(good, 2, ""),
    withPart(goodBySecret, 2, ""),
  ]],
  ["its signature is another's", [
    withPart(good, 2, goodBySecret.split(".")[2] ?? ""),
    withPart(goodBySecret, 2, good.split(".")[2] ?? ""),
  ]],
  ["its claims were changed", [
    withPart(good, 1, encoded({ ...VALID, room: "room" })),
    withPart(goodBySecret, 1, encoded({ ...VALID, room: "room" })),
  ]],
  ["it is signed with the public key, as if that were a secret", [
    ...await Promise.all(
      (await publicTexts()).map((text) => sign(VALID, bytes(text))),
    ),
    ...await Promise.all(
      (await publicTexts()).map((text) =>
        sign(VALID, bytes(text), { alg: "HS256", kid: "ES256" })
      ),
    ),
  ]],
  ["it is signed with another secret", [
    await sign(VALID, bytes(`${SECRET}!`)),
    await sign(VALID, bytes(SECRET.toUpperCase())),
  ]],
  ["it is signed with the secret and an algorithm that is not allowed", [
    await sign(VALID, bytes(SECRET.repeat(2)), { alg: "HS512" }),
    await sign(VALID, bytes(SECRET.repeat(2)), { alg: "HS384" }),
  ]],
  ["it is signed with a key that nobody published", [
    await sign(VALID, stranger, { alg: "ES256" }),
    await sign(VALID, stranger, { alg: "ES256", kid: "ES256" }),
    await sign(VALID, stranger, { alg: "ES256", kid: "other" }),
  ]],
  ["it brings its own key", [
    await sign(VALID, stranger, {
      alg: "ES256",
      jwk: await exportJWK(STRANGER.publicKey),
    }),
    await sign(VALID, stranger, {
      alg: "ES256",
      jku: "http://127.0.0.1:1/jwks.json",
    }),
  ]],
  ["its key is of another name", [
    await sign(VALID, es256, { alg: "ES256", kid: "RS256" }),
    await sign(VALID, es256, { alg: "ES256", kid: "other" }),
    await sign(VALID, es256, { alg: "ES256", kid: "" }),
  ]],
  ["its header asks for what nobody understands", [
    withPart(good, 0, encoded({ alg: "ES256", crit: ["x"], x: 1 })),
    withPart(good, 0, encoded({ alg: "ES256", crit: ["b64"], b64: false })),
    withPart(goodBySecret, 0, encoded({ alg: "HS256", crit: ["x"], x: 1 })),
  ]],
  ["its payload is no object", [
    ...[[VALID], "exp", 1, null].map((payload) =>
      withPart(good, 1, encoded(payload))
    ),
    withPart(goodBySecret, 1, encoded(null)),
  ]],
  ["it is garbage", [
    "x",
    ".",
    "..",
    "...",
    "....",
    "a.b.c",
    "null",
    "undefined",
    good.slice(0, -1),
    good.slice(1),
    `${good}.`,
    `${good}.x`,
    `.${good}`,
    `${good}=`,
    good.replaceAll(".", ","),
    withPart(good, 0, "!!!"),
    withPart(good, 0, ""),
    withPart(good, 0, encoded("ES256")),
    withPart(good, 0, encoded([])),
    withPart(good, 1, "!!!"),
    withPart(good, 2, "!!!"),
    withPart(good, 2, "AAAA"),
    withPart(good, 2, "A".repeat(100_000)),
    withPart(good, 0, "e30".repeat(50_000)),
    encoded({ alg: "ES256" }),
    "{}",
    "x".repeat(200_000),
    ".".repeat(200_000),
  ]],
];

for (const [when, tokens] of FORGERIES) {
  Deno.test(`jwtAuthorizer says unauthorized when it has a secret and ${when}`, async () => {
    for (const token of tokens) {
      const verdict = await ask(bySecret, requestWith(token));
      assertEquals(verdict, UNAUTHORIZED, token.slice(0, 300));
    }
  });

  Deno.test(`jwtAuthorizer says unauthorized when it has a set of keys and ${when}`, async () => {
    await using issuer = serveKeys();
    const authorize = jwtAuthorizer({ jwksUrl: issuer.url, now });
    for (const token of tokens) {
      const verdict = await ask(authorize, requestWith(token));
      assertEquals(verdict, UNAUTHORIZED, token.slice(0, 300));
    }
  });
}

Deno.test("jwtAuthorizer says unauthorized when it has a secret and the token is of another's keys", async () => {
  for (const [alg, { privateKey }] of Object.entries(PAIRS)) {
    const token = await sign(VALID, privateKey, { alg });
    assertEquals(await ask(bySecret, requestWith(token)), UNAUTHORIZED);
  }
});

Deno.test("jwtAuthorizer says unauthorized when it has a set of keys and the token is signed with a secret", async () => {
  await using issuer = serveKeys();
  const authorize = jwtAuthorizer({ jwksUrl: issuer.url, now });
  assertEquals(await ask(authorize, requestWith(goodBySecret)), UNAUTHORIZED);
  assertEquals(issuer.requests, 0);
});

Deno.test("jwtAuthorizer says unauthorized when the set publishes a secret as a key", async () => {
  const k = bytes(SECRET).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
  const secret = { kty: "oct", k, alg: "HS256" };
  await using issuer = serveKeys(() => Response.json({ keys: [secret] }));
  const authorize = jwtAuthorizer({ jwksUrl: issuer.url, now });
  assertEquals(await ask(authorize, requestWith(goodBySecret)), UNAUTHORIZED);
});

// The set itself.

/** More than fits into one packet. */
const PAGE = "<!doctype html>".padEnd(1_000_000);

/** How long an issuer that failed is left alone. */
const PAUSE_MS = 5_000;

/** What an issuer may answer that is no set of keys. */
const BAD_SETS: readonly (readonly [string, () => Response])[] = [
  ["answers 500", () => new Response(null, { status: 500 })],
  ["answers 404", () => new Response(null, { status: 404 })],
  // Whoever does not read these must not leave them open either: the sanitizer sees it.
  ["answers 500 with a page", () => new Response(PAGE, { status: 500 })],
  ["answers 404 with keys", () => Response.json(KEYS, { status: 404 })],
  [
    "answers with a redirect and a page",
    () => new Response(PAGE, { status: 307, headers: { location: "/other" } }),
  ],
  ["answers 204", () => new Response(null, { status: 204 })],
  [
    "answers with a redirect",
    () => new Response(null, { status: 302, headers: { location: "/other" } }),
  ],
  ["answers with a page", () => new Response("<!doctype html>")],
  ["answers with nothing", () => new Response("")],
  ["answers with null", () => Response.json(null)],
  ["answers with an object", () => Response.json({})],
  ["answers with a list", () => Response.json(PUBLIC)],
  ["answers with keys that are none", () => Response.json({ keys: [1] })],
];

for (const [what, answer] of BAD_SETS) {
  Deno.test(`jwtAuthorizer says unavailable when the issuer ${what}, and lets in when it has keys again`, async () => {
    let broken = true;
    let time = NOW;
    await using issuer = serveKeys(() =>
      broken ? answer() : Response.json(KEYS)
    );
    const authorize = jwtAuthorizer({
      jwksUrl: issuer.url,
      now: () => time,
    });
    assertEquals(await ask(authorize, requestWith(good)), UNAVAILABLE);
    broken = false;
    time += PAUSE_MS;
    assertEquals(await ask(authorize, requestWith(good)), VALID);
  });
}

for (const status of [500, 404, 302]) {
  Deno.test(`jwtAuthorizer leaves the issuer alone for five seconds when it answered ${status}`, async () => {
    let time = NOW;
    let broken = true;
    await using issuer = serveKeys(() =>
      broken ? new Response("no", { status }) : Response.json(KEYS)
    );
    const authorize = jwtAuthorizer({
      jwksUrl: issuer.url,
      now: () => time,
    });
    const unknown = await sign(VALID, stranger, { alg: "ES256", kid: "other" });
    for (
      const [atMs, requests] of [
        [0, 1],
        [1, 1],
        [PAUSE_MS - 1, 1],
        [PAUSE_MS, 2],
        // It has failed again.
        [2 * PAUSE_MS - 1, 2],
      ] as const
    ) {
      time = NOW + atMs;
      for (const token of [good, unknown]) {
        assertEquals(await ask(authorize, requestWith(token)), UNAVAILABLE);
      }
      assertEquals(issuer.requests, requests, `after ${atMs} ms`);
    }
    broken = false;
    assertEquals(await ask(authorize, requestWith(good)), UNAVAILABLE);
    time = NOW + 2 * PAUSE_MS;
    assertEquals(await ask(authorize, requestWith(good)), VALID);
    assertEquals(await ask(authorize, requestWith(unknown)), UNAUTHORIZED);
    assertEquals(issuer.requests, 3);
  });
}

Deno.test("jwtAuthorizer leaves no other issuer alone when one has failed", async () => {
  await using broken = serveKeys(() => new Response("no", { status: 500 }));
  await using issuer = serveKeys();
  for (
    const [{ url }, expected] of [
      [broken, UNAVAILABLE],
      [issuer, VALID],
    ] as const
  ) {
    const authorize = jwtAuthorizer({ jwksUrl: url, now });
    assertEquals(await ask(authorize, requestWith(good)), expected);
  }
});

Deno.test("jwtAuthorizer asks again after five seconds when nobody listened where the keys should be", async () => {
  let time = NOW;
  let port: number;
  {
    await using issuer = serveKeys();
    port = Number(new URL(issuer.url).port);
  }
  const jwksUrl = `http://127.0.0.1:${port}/jwks.json`;
  const authorize = jwtAuthorizer({ jwksUrl, now: () => time });
  assertEquals(await ask(authorize, requestWith(good)), UNAVAILABLE);
  await using issuer = serveKeys(undefined, port);
  time += PAUSE_MS - 1;
  assertEquals(await ask(authorize, requestWith(good)), UNAVAILABLE);
  assertEquals(issuer.requests, 0);
  time += 1;
  assertEquals(await ask(authorize, requestWith(good)), VALID);
  assertEquals(issuer.requests, 1);
});

Deno.test("jwtAuthorizer says unavailable when the set publishes a private key", async () => {
  const jwk = await exportJWK(stranger);
  await using issuer = serveKeys(() => Response.json({ keys: [jwk] }));
  const authorize = jwtAuthorizer({ jwksUrl: issuer.url, now });
  const token = await sign(VALID, stranger, { alg: "ES256" });
  assertEquals(await ask(authorize, requestWith(token)), UNAVAILABLE);
});

Deno.test("jwtAuthorizer says unavailable when nobody listens where the keys should be", async () => {
  let url: string;
  {
    await using issuer = serveKeys();
    url = issuer.url;
  }
  const authorize = jwtAuthorizer({ jwksUrl: url, now });
  assertEquals(await ask(authorize, requestWith(good)), UNAVAILABLE);
  // What is wrong at first sight needs no keys.
  assertEquals(await ask(authorize, requestWith("a.b.c")), UNAUTHORIZED);
  assertEquals(await ask(authorize, new Request("http://x")), UNAUTHORIZED);
});

Deno.test("jwtAuthorizer tells nothing of what failed when the keys cannot be had", async () => {
  await using issuer = serveKeys(() => new Response("vendor says no"));
  const authorize = jwtAuthorizer({ jwksUrl: issuer.url, now });
  const answer = await authorize(requestWith(good), ASKED);
  assertInstanceOf(answer, Response);
  assertEquals(await answer.json(), {
    error: {
      code: "unavailable",
      message: "Tokens cannot be checked right now",
    },
  });
});

Deno.test("jwtAuthorizer asks for the keys once when many come, whoever signed their tokens", async () => {
  await using issuer = serveKeys();
  const authorize = jwtAuthorizer({ jwksUrl: issuer.url, now });
  assertEquals(issuer.requests, 0);
  const unknown = await sign(VALID, stranger, { alg: "ES256", kid: "other" });
  const verdicts = await Promise.all(
    [good, unknown, good, unknown].map((token) =>
      ask(authorize, requestWith(token))
    ),
  );
  assertEquals(verdicts, [VALID, UNAUTHORIZED, VALID, UNAUTHORIZED]);
  for (let index = 0; index < 5; index++) {
    assertEquals(await ask(authorize, requestWith(unknown)), UNAUTHORIZED);
  }
  assertEquals(issuer.requests, 1);
});

// Settings.

for (
  const [secret, size] of [
    ["", 0],
    ["x".repeat(31), 31],
    ["ä".repeat(15), 30],
  ] as const
) {
  Deno.test(`jwtAuthorizer throws when the secret has ${size} bytes`, () => {
    assertThrows(
      () => jwtAuthorizer({ secret }),
      RangeError,
      `Cannot make an authorizer: "secret" must have at least 32 bytes, got ${size}`,
    );
  });
}

for (const secret of ["x".repeat(32), "ä".repeat(16), "x".repeat(1_000)]) {
  Deno.test(`jwtAuthorizer takes a secret when it has ${secret.length} characters and ${bytes(secret).length} bytes`, async () => {
    const authorize = jwtAuthorizer({ secret, now });
    const token = await sign(VALID, bytes(secret));
    assertEquals(await ask(authorize, requestWith(token)), VALID);
  });
}

Deno.test("jwtAuthorizer throws when the address of the keys is none", () => {
  assertThrows(() => jwtAuthorizer({ jwksUrl: "nowhere" }), TypeError);
});
