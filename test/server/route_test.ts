import { assertEquals } from "@std/assert";
import { LIMITS } from "../../protocol.ts";
import { type Route, route, template } from "../../server/route.ts";

function room(key: string, id?: string): Route {
  const [party = "", room = ""] = key.split("\0");
  return { to: "room", party, room, key, id };
}
const nowhere: Route = { to: "nowhere" };

const CASES: readonly (readonly [path: string, expected: Route])[] = [
  ["/health", { to: "health" }],
  ["/health/", nowhere],
  ["/", nowhere],
  ["/parties", nowhere],
  ["/parties/main", nowhere],
  ["/party/main/r", nowhere],
  ["/parties/main/r", room("main\0r")],
  ["/parties/main/r/", room("main\0r")],
  ["/parties/other/r", room("other\0r")],
  ["/parties/main/r?_pk=me", room("main\0r", "me")],
  ["/parties/main/r?_pk=__proto__", room("main\0r", "__proto__")],
  ["/parties/main/a%2Fb%20%C3%A4", room("main\0a/b ä")],
  ["/parties/main/__proto__", room("main\0__proto__")],
  ["/parties/main/r/turn", { ...room("main\0r"), to: "turn" } as Route],
  ["/parties/main/r/turn?_pk=me", {
    ...room("main\0r", "me"),
    to: "turn",
  } as Route],
  ["/metrics", { to: "metrics" }],
  ["/ready", { to: "ready" }],
  ["/ready/", nowhere],
  ["/parties/main/r/turn/x", nowhere],
  ["/parties/main/r/other", nowhere],
  ["/parties//r", { to: "refusal", code: "bad-party" }],
  ["/parties/main/", { to: "refusal", code: "bad-room" }],
  ["/parties/main//turn", { to: "refusal", code: "bad-room" }],
  ["/parties/main/%FF", { to: "refusal", code: "bad-room" }],
  ["/parties/main/%00", { to: "refusal", code: "bad-room" }],
  [`/parties/main/${"x".repeat(128)}`, room(`main\0${"x".repeat(128)}`)],
  [`/parties/main/${"x".repeat(129)}`, { to: "refusal", code: "bad-room" }],
  [`/parties/${"x".repeat(65)}/r`, { to: "refusal", code: "bad-party" }],
  ["/parties/main/r?_pk=", { to: "refusal", code: "bad-id" }],
  ["/parties/main/r?_pk=a%0Ab", { to: "refusal", code: "bad-id" }],
  [`/parties/main/r?_pk=${"x".repeat(65)}`, { to: "refusal", code: "bad-id" }],
];

for (const [path, expected] of CASES) {
  Deno.test(`route goes to ${expected.to} when asked for ${path.slice(0, 48)} of ${path.length}`, () => {
    assertEquals(route(new URL(path, "http://localhost"), LIMITS), expected);
  });
}

const TEMPLATES: readonly (readonly [path: string, name?: string])[] = [
  ["/health", "/health"],
  ["/ready", "/ready"],
  ["/metrics", "/metrics"],
  ["/parties/secret/secret?_pk=secret", "/parties/{party}/{room}"],
  ["/parties/secret/secret/turn", "/parties/{party}/{room}/turn"],
  ["/parties/secret/%00"],
  ["/secret"],
];

for (const [path, name] of TEMPLATES) {
  Deno.test(`template is ${name} when asked for ${path}`, () => {
    const asked = route(new URL(path, "http://localhost"), LIMITS);
    assertEquals(template(asked), name);
  });
}
