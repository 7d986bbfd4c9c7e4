import { assertEquals, assertMatch } from "@std/assert";
import { type Config, readConfig, type Variable } from "../../server/config.ts";

function read(
  args: string[],
  env: Partial<Record<Variable, string>> = {},
): Config {
  return readConfig(args, (name) => env[name]);
}

/** What a person sees of a configuration. */
function summary(config: Config): unknown {
  if (config.run !== "serve") return config;
  const { port, hostname, options } = config;
  return { port, hostname, turn: options.turn.name };
}

const DEFAULT = { port: 8000, hostname: "0.0.0.0", turn: "STUN" };
const CLOUDFLARE = { CF_TURN_TOKEN_ID: "id", CF_TURN_API_TOKEN: "secret" };

const GOOD: readonly (readonly [
  string,
  string[],
  Partial<Record<Variable, string>>,
  unknown,
])[] = [
  ["nothing is set", [], {}, DEFAULT],
  ["everything is set to nothing", [], {
    PORT: "",
    HOST: " ",
    CF_TURN_API_TOKEN: "",
  }, DEFAULT],
  ["the environment is set", [], { PORT: "81", HOST: "::1" }, {
    ...DEFAULT,
    port: 81,
    hostname: "::1",
  }],
  ["a flag and the environment differ", ["--port=82", "--host", "h"], {
    PORT: "81",
    HOST: "::1",
  }, { ...DEFAULT, port: 82, hostname: "h" }],
  ["the port is short", ["-p", "0"], {}, { ...DEFAULT, port: 0 }],
  ["Cloudflare is set", [], CLOUDFLARE, { ...DEFAULT, turn: "Cloudflare" }],
  ["Cloudflare is set by its alias", [], {
    CF_TURN_APP_ID: "id",
    CF_TURN_API_TOKEN: "s",
  }, { ...DEFAULT, turn: "Cloudflare" }],
  ["both names agree", [], { ...CLOUDFLARE, CF_TURN_APP_ID: "id" }, {
    ...DEFAULT,
    turn: "Cloudflare",
  }],
  ["help is asked for", ["--help", "--port=x"], { PORT: "x" }, {
    run: "help",
  }],
  ["help is asked for shortly", ["-h"], {}, { run: "help" }],
  ["the version is asked for", ["--version"], {}, { run: "version" }],
  ["the version is asked for shortly", ["-V"], {}, { run: "version" }],
];

for (const [when, args, env, expected] of GOOD) {
  Deno.test(`readConfig reads it when ${when}`, () => {
    assertEquals(summary(read(args, env)), expected);
  });
}

const BAD: readonly (readonly [
  string,
  string[],
  Partial<Record<Variable, string>>,
  RegExp[],
])[] = [
  ["the port is a word", ["--port=http"], {}, [
    /--port must be a port from 0 to 65535, got "http"/,
  ]],
  ["the port is negative", [], { PORT: "-1" }, [/PORT must be a port/]],
  ["the port is too large", [], { PORT: "65536" }, [/PORT must be a port/]],
  ["the port is a fraction", [], { PORT: "80.5" }, [/PORT must be a port/]],
  ["a flag is unknown", ["--prot=1"], {}, [/--prot/]],
  ["a word is too many", ["start"], {}, [/start/]],
  ["a flag lacks its value", ["--port"], {}, [/--port/]],
  ["the API token is missing", [], { CF_TURN_TOKEN_ID: "id" }, [
    /CF_TURN_API_TOKEN is not/,
  ]],
  ["the token id is missing", [], { CF_TURN_API_TOKEN: "s" }, [
    /CF_TURN_TOKEN_ID is not/,
  ]],
  ["both names differ", [], { ...CLOUDFLARE, CF_TURN_APP_ID: "other" }, [
    /differ/,
  ]],
  ["several things are wrong", [], { PORT: "x", CF_TURN_TOKEN_ID: "id" }, [
    /PORT/,
    /CF_TURN_API_TOKEN/,
  ]],
];

for (const [when, args, env, expected] of BAD) {
  Deno.test(`readConfig says what is wrong when ${when}`, () => {
    const config = read(args, env);
    const problems = config.run === "nothing" ? config.problems : [];
    assertEquals(problems.length, expected.length, problems.join("\n"));
    expected.forEach((pattern, index) =>
      assertMatch(problems[index] ?? "", pattern)
    );
  });
}
