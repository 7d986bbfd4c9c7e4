import { assertEquals, assertThrows } from "@std/assert";
import {
  type StaticIceServer,
  staticIceServers,
} from "../../server/static_ice_servers.ts";
import { conformsToTurnProvider } from "./turn_provider_conformance.ts";

const SECRET = "password-that-must-not-leak";
const CREDENTIALS = { username: "u", credential: SECRET };

conformsToTurnProvider({
  name: "staticIceServers",
  make: () =>
    staticIceServers([
      { urls: "stun:a.example" },
      { urls: ["turn:a.example:53", "turns:a.example"], ...CREDENTIALS },
    ]),
  secrets: [SECRET],
  maxTtlSeconds: undefined,
});

Deno.test("staticIceServers is of STUN only when it has no TURN", () => {
  assertEquals(staticIceServers([{ urls: "stun:a" }]).stunOnly, true);
});

Deno.test("staticIceServers gives everybody the same, without what it does not know", async () => {
  const extra = { urls: "turn:a", ...CREDENTIALS, credentialType: "password" };
  const { signal } = new AbortController();
  const config = await staticIceServers([extra])
    .credentials({ peer: "7", signal });
  assertEquals(config, {
    iceServers: [{ urls: ["turn:a"], ...CREDENTIALS }],
    expiresAt: null,
  });
});

const BAD: readonly (readonly [list: readonly unknown[], message: string])[] = [
  [[], "there are none"],
  [[null], "entry 1 is no object"],
  [["turn:a"], "entry 1 is no object"],
  [[{ urls: "stun:a" }, []], "entry 2 is no object"],
  [[{}], '"urls" of entry 1 must be a string, or a list of them'],
  [[{ url: "turn:a" }], '"urls" of entry 1 must be'],
  [[{ urls: [1] }], '"urls" of entry 1 must be'],
  [[{ urls: [] }], "entry 1 has no URL that a browser would use"],
  [[{ urls: "stun:a:53" }], "entry 1 has no URL that a browser would use"],
  [[{ urls: "a.example" }], '"a.example" of entry 1 is no URL of STUN or TURN'],
  [[{ urls: "turn://a" }], '"turn://a" of entry 1 is no URL'],
  [[{ urls: "https://a" }], '"https://a" of entry 1 is no URL'],
  [[{ urls: "turn:a?transport=tls" }], "is no URL of STUN or TURN"],
  [[{ urls: "stun:a?transport=udp" }], "is no URL of STUN or TURN"],
  [[{ urls: "turn:" }], "is no URL of STUN or TURN"],
  [[{ urls: "turn:a" }], 'entry 1 is of TURN and lacks "username"'],
  [[{ urls: "turn:a", username: "u" }], 'lacks "username" or "credential"'],
  [[{ urls: "turn:a", username: "u", credential: 1 }], "lacks"],
];

for (const [list, message] of BAD) {
  Deno.test(`staticIceServers says what is wrong when it gets ${JSON.stringify(list)}`, () => {
    assertThrows(
      () => staticIceServers(list as readonly StaticIceServer[]),
      TypeError,
      message,
    );
  });
}
