import { assertEquals, assertThrows } from "@std/assert";
import {
  type StaticIceServer,
  staticIceServers,
} from "../../server/static_ice_servers.ts";
import {
  isTurnProvider,
  type TurnProvider,
} from "../../server/turn_provider.ts";
import { conformsToTurnProvider } from "./turn_provider_conformance.ts";

const SECRET = "password-that-must-not-leak";
const CREDENTIALS = { username: "u", credential: SECRET };

/** The provider of a list that has TURN. */
function withTurn(list: readonly StaticIceServer[]): TurnProvider {
  const provider = staticIceServers(list);
  if (!isTurnProvider(provider)) throw new Error("There is no TURN");
  return provider;
}

conformsToTurnProvider({
  name: "staticIceServers",
  make: () =>
    withTurn([
      { urls: "stun:a.example" },
      { urls: ["turn:a.example:53", "turns:a.example"], ...CREDENTIALS },
    ]),
  secrets: [SECRET],
  maxTtlSeconds: undefined,
});

Deno.test("staticIceServers has nothing to ask for when it has no TURN", () => {
  assertEquals(staticIceServers([{ urls: "stun:a" }]), {
    name: "static",
    description: "the same for everybody, stun:a",
    stunServers: [{ urls: ["stun:a"] }],
  });
});

Deno.test("staticIceServers gives everybody the same, without what it does not know", async () => {
  const extra = { urls: "turn:a", ...CREDENTIALS, credentialType: "password" };
  const { signal } = new AbortController();
  const config = await withTurn([extra]).credentials({ peer: "7", signal });
  assertEquals(config, {
    iceServers: [{ urls: ["turn:a"], ...CREDENTIALS }],
    expiresAt: null,
  });
});

const URL_2 = "URL 2 of entry 2 is none of STUN or TURN";
const LACKS = 'has no usable "username" or "credential"';

const BAD: readonly (readonly [list: readonly unknown[], message: string])[] = [
  [[], "there are none"],
  [[null], "entry 1 is no object"],
  [["turn:a"], "entry 1 is no object"],
  [[{ urls: "stun:a" }, []], "entry 2 is no object"],
  [[{}], '"urls" of entry 1 must be a string, or a list of them'],
  [[{ url: "turn:a" }], '"urls" of entry 1 must be'],
  [[{ urls: [1] }], '"urls" of entry 1 must be'],
  [[{ urls: [] }], "entry 1 has no URL whose port browsers do not block"],
  [[{ urls: "stun:a:53" }], "entry 1 has no URL whose port browsers do not"],
  [[{ urls: "stun:a:0053" }], "entry 1 has no URL whose port browsers do not"],
  [[{ urls: "stuns:a:993" }], "entry 1 has no URL whose port browsers do not"],
  ...[
    "a.example",
    "turn://a",
    "https://a",
    "turn:a?transport=tls",
    "stun:a?transport=udp",
    "turn:",
    "turn:a:0",
    "turn:a:65536",
    "turn:a:99999",
    "turn:a<b",
    "turn:[:::::]",
    "turn:user:password@a",
  ].map((url) =>
    [[{ urls: "stun:a" }, { urls: ["stun:a", url] }], URL_2] as const
  ),
  [[{ urls: "turn:a" }], "entry 1 is of TURN and has no usable"],
  ...[undefined, 1, "", "x".repeat(509), "ü".repeat(255)].flatMap((bad) => [
    [[{ urls: "turn:a", ...CREDENTIALS, username: bad }], LACKS] as const,
    [[{ urls: "turn:a", ...CREDENTIALS, credential: bad }], LACKS] as const,
  ]),
];

for (const [list, message] of BAD) {
  Deno.test(`staticIceServers says what is wrong when it gets ${JSON.stringify(list)}`, () => {
    const { message: said } = assertThrows(
      () => staticIceServers(list as readonly StaticIceServer[]),
      TypeError,
      message,
    );
    assertEquals(said.includes("password"), false, said);
  });
}

for (
  const url of [
    "TURN:a.example",
    "turns:a.example:443?transport=tcp",
    "turn:[2001:db8::1]:65535",
    "turn:203.0.113.1:1024?transport=udp",
    "turn:a_b.example:03478",
  ]
) {
  Deno.test(`staticIceServers takes ${url}, with its scheme in lower case`, async () => {
    const { signal } = new AbortController();
    const { iceServers } = await withTurn([{ urls: url, ...CREDENTIALS }])
      .credentials({ peer: "7", signal });
    assertEquals(iceServers[0]?.urls, [url.replace("TURN", "turn")]);
  });
}
