import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "yaml";
import { readConfig } from "../../server/config.ts";
import { ENVIRONMENT } from "../../server/environment.ts";

/** What is looked at of a file of Compose. */
interface Compose {
  readonly services: Readonly<
    Record<string, {
      readonly image?: string;
      readonly build?: {
        readonly context: string;
        readonly dockerfile: string;
      };
      readonly environment?: Readonly<Record<string, string | number>>;
      readonly command?: readonly string[];
      readonly ports?: readonly string[];
      readonly depends_on?: Readonly<Record<string, unknown>>;
      readonly healthcheck?: { readonly test: readonly string[] };
    }>
  >;
}

const FOLDER = new URL("../../deploy/", import.meta.url);
const TEXT = await Deno.readTextFile(new URL("compose.yaml", FOLDER));
const EXAMPLE = await Deno.readTextFile(new URL(".env.example", FOLDER));

/** The file with its variables filled in, as Compose does it. */
function filledIn(env: Readonly<Record<string, string>>): Compose {
  const text = TEXT.replaceAll(
    /\$\{(\w+)(?::(\?|-)([^}]*))?\}/g,
    (_, name, kind, fallback) => {
      const value = env[name];
      if (value) return value;
      assertEquals(kind, "-", `${name} is not set`);
      return fallback;
    },
  );
  return parse(text);
}

const ENV = {
  SESSION_SECRET: "0123456789abcdef",
  TURN_SECRET: "a shared secret",
  TURN_HOST: "turn.example.com",
  ALLOWED_ORIGINS: "https://example.com",
};
const { services: { server, redis, turn, ...others } } = filledIn(ENV);

Deno.test("compose has a server, Redis and coturn, all with a health check", () => {
  assertEquals(Object.keys(others), []);
  for (const service of [server, redis, turn]) {
    assert(service?.healthcheck);
    // Pinned: nobody gets another one by surprise.
    if (service.image) assertMatch(service.image, /^[\w/]+:\d+\.\d/);
  }
  assertEquals(Object.keys(server?.depends_on ?? {}), ["redis"]);
});

Deno.test("compose builds the server from files that are there", async () => {
  const { context = "", dockerfile = "" } = server?.build ?? {};
  await Deno.stat(new URL(`${context}/${dockerfile}`, FOLDER));
});

Deno.test("compose sets no variable that the server does not know, and all of them well", () => {
  const { environment = {} } = server ?? {};
  const known: readonly string[] = ENVIRONMENT;
  for (const name of Object.keys(environment)) {
    assert(known.includes(name), name);
  }
  const config = readConfig([], (name) => {
    const value = environment[name];
    return value === undefined ? undefined : String(value);
  });
  assert(config.run === "serve", JSON.stringify(config));
  assertEquals(config.warnings, []);
  assertEquals(config.options.turn.map(({ name }) => name), ["coturn"]);
  assertEquals(config.options.allowedOrigins, ["https://example.com"]);
});

Deno.test("compose publishes and checks the port on which the server listens", () => {
  const port = server?.environment?.["PORT"];
  assertEquals(server?.ports, [`127.0.0.1:8000:${port}`]);
  assertMatch(
    server?.healthcheck?.test.at(-1) ?? "",
    new RegExp(`127\\.0\\.0\\.1:${port}/health"`),
  );
});

Deno.test("compose gives each node a port of its own when there are several", () => {
  const { services } = filledIn({ ...ENV, PORTS: "8000-8002" });
  assertEquals(services["server"]?.ports, ["127.0.0.1:8000-8002:8000"]);
});

Deno.test("compose refers to services that are there, and no others", () => {
  const { hostname } = new URL(String(server?.environment?.["REDIS_URL"]));
  assertEquals(hostname, "redis");
});

Deno.test("compose shares one secret between the server and coturn, at the port where that listens", () => {
  const { environment = {} } = server ?? {};
  const secret = environment["TURN_SECRET"];
  const port = turn?.command?.find((word) => /^--listening-port=/.test(word))
    ?.split("=")[1];
  assert(turn?.command?.includes(`--static-auth-secret=${secret}`));
  for (const url of String(environment["TURN_URLS"]).split(",")) {
    assertMatch(url, new RegExp(`^turn:turn\\.example\\.com:${port}\\?`));
  }
  assert(turn?.healthcheck?.test.includes(port ?? ""));
});

for (const name of Object.keys(ENV)) {
  Deno.test(`compose starts nothing when ${name} is not set`, () => {
    assertMatch(TEXT, new RegExp(`\\$\\{${name}:\\?\\}`));
  });
}

Deno.test("compose asks for no variable that its .env.example does not have", () => {
  const asked = new Set(
    [...TEXT.matchAll(/\$\{(\w+)/g)].map(([, name = ""]) => name),
  );
  const told = [...EXAMPLE.matchAll(/^(\w+)=/gm)].map(([, name = ""]) => name);
  assertEquals(told.toSorted(), [...asked].toSorted());
});
