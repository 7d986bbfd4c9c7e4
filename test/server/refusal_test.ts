import { assert, assertEquals } from "@std/assert";
import type { RefusalCode } from "../../protocol.ts";
import { defaultHeaders } from "../../server/default_headers.ts";
import { answer, failure, refusal } from "../../server/refusal.ts";

/** The statuses that the protocol promises. */
const STATUSES: Readonly<Record<RefusalCode, number>> = {
  "bad-room": 400,
  "bad-party": 400,
  "bad-id": 400,
  "bad-version": 400,
  "bad-origin": 403,
  "unauthorized": 401,
  "forbidden": 403,
  "id-taken": 409,
  "room-full": 409,
  "too-many-sockets": 429,
  "server-full": 503,
  "unavailable": 503,
  "stopping": 503,
};

/** What every answer must have: a page of any origin reads it, and nobody keeps it. */
function assertHeaders({ headers }: Response): void {
  assertEquals(headers.get("content-type"), "application/json");
  assertEquals(headers.get("access-control-allow-origin"), "*");
  assertEquals(headers.get("cache-control"), "no-store");
  for (const [name, value] of Object.entries(defaultHeaders())) {
    assertEquals(headers.get(name), value);
  }
}

for (const [code, status] of Object.entries(STATUSES)) {
  Deno.test(`refusal answers ${status} when the code is ${code}`, async () => {
    const response = refusal(code as RefusalCode);
    assertEquals(response.status, status);
    assertHeaders(response);
    // RFC 9110 §15.5.2 asks for a challenge, and nothing else has one.
    const challenge = status === 401 ? "Bearer" : null;
    assertEquals(response.headers.get("www-authenticate"), challenge);
    const body = await response.json();
    assertEquals(Object.keys(body), ["error"]);
    assertEquals(Object.keys(body.error), ["code", "message"]);
    assertEquals(body.error.code, code);
    assert(body.error.message.length > 10, body.error.message);
  });
}

Deno.test("refusal says something else of every code", async () => {
  const messages = await Promise.all(
    Object.keys(STATUSES).map(async (code) =>
      (await refusal(code as RefusalCode).json()).error.message
    ),
  );
  assertEquals(new Set(messages).size, messages.length);
});

for (const message of ["Come back on Monday", "", '"}]<script>\n😀']) {
  Deno.test(`refusal says ${JSON.stringify(message)} when it is told to`, async () => {
    const response = refusal("forbidden", message);
    assertEquals(response.status, 403);
    assertEquals(await response.json(), {
      error: { code: "forbidden", message },
    });
  });
}

Deno.test("refusal asks for a token in other words when it is told to", async () => {
  const response = refusal("unauthorized", "Log in first");
  assertEquals(response.headers.get("www-authenticate"), "Bearer");
  assertHeaders(response);
  assertEquals(await response.json(), {
    error: { code: "unauthorized", message: "Log in first" },
  });
});

Deno.test("failure answers with its own code, and headers that win over the usual ones", async () => {
  const response = failure(405, "method-not-allowed", "Use GET", {
    Allow: "GET",
    "Cache-Control": "max-age=1",
  });
  assertEquals(response.status, 405);
  assertEquals(response.headers.get("allow"), "GET");
  assertEquals(response.headers.get("cache-control"), "max-age=1");
  assertEquals(response.headers.get("access-control-allow-origin"), "*");
  assertEquals(await response.json(), {
    error: { code: "method-not-allowed", message: "Use GET" },
  });
});

Deno.test("failure has the usual headers when it is given none", async () => {
  const response = failure(404, "not-found", "Nothing is here");
  assertEquals(response.status, 404);
  assertHeaders(response);
  await response.body?.cancel();
});

Deno.test("answer is 200 when no status is given", async () => {
  const response = answer({ "a": [1, null, "ä"] });
  assertEquals(response.status, 200);
  assertHeaders(response);
  assertEquals(await response.json(), { a: [1, null, "ä"] });
});

Deno.test("answer takes status and headers when they are given", async () => {
  const response = answer([], { status: 201, headers: { "X-A": "b" } });
  assertEquals(response.status, 201);
  assertEquals(response.headers.get("x-a"), "b");
  assertHeaders(response);
  assertEquals(await response.json(), []);
});
