import { assertEquals, assertThrows } from "@std/assert";
import { metered } from "../../server/metered.ts";
import { startFakeApi } from "../support/fake_api.ts";
import { meteredAnswer } from "../support/vendor_answers.ts";
import { conformsToTurnProvider } from "./turn_provider_conformance.ts";

const SECRET = "api-key-that-must-not-leak";

conformsToTurnProvider({
  name: "metered",
  make: ({ apiUrl }) => metered({ app: "app", apiKey: SECRET, apiUrl }),
  secrets: [SECRET],
  maxTtlSeconds: undefined,
  api: {
    good: () => meteredAnswer(),
    listing: (iceServers) => Response.json(iceServers),
  },
});

Deno.test("metered asks as documented", async () => {
  await using fake = startFakeApi(() => meteredAnswer());
  const provider = metered({ app: "app", apiKey: "k&y", apiUrl: fake.url });
  const { signal } = new AbortController();
  const { iceServers, expiresAt } = await provider.credentials({
    peer: "7",
    signal,
  });
  assertEquals(iceServers.length, 5);
  assertEquals(expiresAt, null);
  assertEquals(fake.asked, [{
    method: "GET",
    path: "/api/v1/turn/credentials?apiKey=k%26y",
    authorization: null,
    contentType: null,
    body: "",
  }]);
});

for (const app of ["", "a.b", "evil.example/", "a@b", "-a", "a b", "ä"]) {
  Deno.test(`metered throws, and keeps its key, when the app is "${app}"`, () => {
    const error = assertThrows(
      () => metered({ app, apiKey: SECRET }),
      TypeError,
      '"app"',
    );
    assertEquals(Deno.inspect(error).includes(SECRET), false);
  });
}
