import { assert, assertEquals, assertExists, assertMatch } from "@std/assert";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { LIMITS, MAX_LIMIT } from "../../protocol.ts";
import { type Config, readConfig } from "../../server/config.ts";
import type { Variable } from "../../server/environment.ts";

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
  return {
    port,
    hostname,
    turn: options.turn.map(({ name }) => name).join(", "),
  };
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

/** Everything else that a configuration says. */
function settings(config: Config): unknown {
  if (config.run !== "serve") return config;
  const { options, logLevel, warnings } = config;
  const { turn: _, authorize, backplane, ...rest } = options;
  return {
    ...rest,
    ...(backplane && { backplane: backplane.name }),
    authorizes: authorize !== undefined,
    logLevel,
    warnings,
  };
}

const NOTHING_SET = {
  limits: {},
  allowedOrigins: ["*"],
  trustProxy: 0,
  authorizes: false,
  logLevel: "info",
  warnings: [],
};

const SIXTEEN = "0123456789abcdef";
const THIRTY_TWO = SIXTEEN.repeat(2);
const JWKS_URL = "https://issuer.example/.well-known/jwks.json";
const WARNING =
  "AUTH_AUDIENCE and AUTH_ISSUER do nothing without AUTH_SECRET or AUTH_JWKS_URL";

const GOOD_SETTINGS: readonly (readonly [
  when: string,
  env: Partial<Record<Variable, string>>,
  expected: Partial<
    Record<
      keyof typeof NOTHING_SET | "sessionSecret" | "backplane",
      unknown
    >
  >,
])[] = [
  ["nothing is set", {}, {}],
  ["all is set to nothing", {
    SESSION_SECRET: "",
    REDIS_URL: "",
    NATS_URL: " ",
    BACKPLANE_PREFIX: "",
    AUTH_SECRET: " ",
    AUTH_JWKS_URL: "\t",
    AUTH_AUDIENCE: "",
    AUTH_ISSUER: "",
    ALLOWED_ORIGINS: " ",
    TRUST_PROXY: "",
    LIMITS: "",
    LOG_LEVEL: "",
  }, {}],
  ["the session secret has sixteen characters", { SESSION_SECRET: SIXTEEN }, {
    sessionSecret: SIXTEEN,
  }],
  ["spaces stand around the session secret", {
    SESSION_SECRET: ` ${SIXTEEN} \n`,
  }, { sessionSecret: SIXTEEN }],
  ["there is a Redis", {
    REDIS_URL: "redis://:hush@redis.example",
    SESSION_SECRET: SIXTEEN,
  }, { sessionSecret: SIXTEEN, backplane: "redis" }],
  ["there is a Redis with TLS", {
    REDIS_URL: "rediss://user:hush@redis.example:6380/1",
    SESSION_SECRET: SIXTEEN,
    BACKPLANE_PREFIX: "a-Z_9".padEnd(32, "x"),
  }, { sessionSecret: SIXTEEN, backplane: "redis" }],
  ["there are NATS servers", {
    NATS_URL: "tls://user:hush@a.example,tls://b.example:4223",
    SESSION_SECRET: SIXTEEN,
    BACKPLANE_PREFIX: "x",
  }, { sessionSecret: SIXTEEN, backplane: "nats" }],
  ["a prefix goes with nothing", { BACKPLANE_PREFIX: "x" }, {
    warnings: ["BACKPLANE_PREFIX does nothing without REDIS_URL or NATS_URL"],
  }],
  ["the token secret has 32 bytes", { AUTH_SECRET: THIRTY_TWO }, {
    authorizes: true,
  }],
  ["the token secret has 32 bytes in fewer characters", {
    AUTH_SECRET: "ä".repeat(16),
  }, { authorizes: true }],
  ["there are keys for tokens", { AUTH_JWKS_URL: JWKS_URL }, {
    authorizes: true,
  }],
  ["the keys for tokens are on this machine", {
    AUTH_JWKS_URL: "http://localhost:8080/jwks",
  }, { authorizes: true }],
  ["the scheme of the keys is written large", {
    AUTH_JWKS_URL: "HTTPS://issuer.example/jwks",
  }, { authorizes: true }],
  ["audience and issuer go with a secret", {
    AUTH_SECRET: THIRTY_TWO,
    AUTH_AUDIENCE: "a",
    AUTH_ISSUER: "i",
  }, { authorizes: true }],
  ["audience and issuer go with keys", {
    AUTH_JWKS_URL: JWKS_URL,
    AUTH_AUDIENCE: "a",
    AUTH_ISSUER: "i",
  }, { authorizes: true }],
  ["an audience goes with nothing", { AUTH_AUDIENCE: "a" }, {
    warnings: [WARNING],
  }],
  ["an issuer goes with nothing", { AUTH_ISSUER: "i" }, {
    warnings: [WARNING],
  }],
  ["both go with nothing", { AUTH_AUDIENCE: "a", AUTH_ISSUER: "i" }, {
    warnings: [WARNING],
  }],
  ["an origin is allowed", { ALLOWED_ORIGINS: "https://example.com" }, {
    allowedOrigins: ["https://example.com"],
  }],
  ["several origins are allowed", {
    ALLOWED_ORIGINS:
      " https://example.com ,http://localhost:8000,https://*.a.b",
  }, {
    allowedOrigins: [
      "https://example.com",
      "http://localhost:8000",
      "https://*.a.b",
    ],
  }],
  ["all origins are allowed", { ALLOWED_ORIGINS: "*" }, {}],
  ["no proxy is trusted", { TRUST_PROXY: "0" }, { trustProxy: 0 }],
  ["a proxy is trusted", { TRUST_PROXY: " 1 " }, { trustProxy: 1 }],
  ["as many proxies as can be are trusted", { TRUST_PROXY: "99" }, {
    trustProxy: 99,
  }],
  ["a limit differs", { LIMITS: "peersPerRoom=16" }, {
    limits: { peersPerRoom: 16 },
  }],
  ["limits differ", { LIMITS: " peersPerRoom = 1 , frameBytes=32768" }, {
    limits: { peersPerRoom: 1, frameBytes: 32768 },
  }],
  ["a limit is as large as can be", { LIMITS: `graceMs=${MAX_LIMIT}` }, {
    limits: { graceMs: 1073741824 },
  }],
  ["a limit has zeros in front", { LIMITS: "sockets=007" }, {
    limits: { sockets: 7 },
  }],
  ["every limit differs", {
    LIMITS: Object.keys(LIMITS).map((name) => `${name}=7`).join(","),
  }, {
    limits: Object.fromEntries(Object.keys(LIMITS).map((name) => [name, 7])),
  }],
  ...(["debug", "info", "warn", "error"] as const).map((logLevel) =>
    [`the level is ${logLevel}`, { LOG_LEVEL: ` ${logLevel} ` }, {
      logLevel,
    }] as const
  ),
];

for (const [when, env, expected] of GOOD_SETTINGS) {
  Deno.test(`readConfig reads the settings of a server when ${when}`, () => {
    assertEquals(settings(read([], env)), { ...NOTHING_SET, ...expected });
  });
}

const BAD_SETTINGS:
  readonly (readonly [Variable, readonly string[], RegExp])[] = [
    [
      "SESSION_SECRET",
      ["x", SIXTEEN.slice(1), ` ${SIXTEEN.slice(1)} `],
      /^SESSION_SECRET must have at least 16 characters$/,
    ],
    [
      "AUTH_SECRET",
      ["x", THIRTY_TWO.slice(1), "ä".repeat(15)],
      /^AUTH_SECRET must have at least 32 bytes$/,
    ],
    ["AUTH_JWKS_URL", [
      "x",
      "/jwks.json",
      "issuer.example/jwks.json",
      "//issuer.example",
      "https://",
      "https://issuer example",
      "localhost:8080/jwks.json",
      "ftp://issuer.example/jwks.json",
      "file:///etc/jwks.json",
      "ws://issuer.example",
      "httpss://issuer.example",
      'data:application/json,{"keys":[]}',
      // Whoever mixes the variables up finds no secret in the log.
      THIRTY_TWO,
    ], /^AUTH_JWKS_URL must be a URL of http or https$/],
    ["ALLOWED_ORIGINS", [
      "example.com",
      "https://example.com/",
      "null",
      "https://a.example,",
      ",",
      "*,x",
      "https://a.example https://b.example",
      "*.example.com",
    ], /^ALLOWED_ORIGINS: Cannot read origins: ".*" is none/],
    ["TRUST_PROXY", [
      "-1",
      "1.5",
      "100",
      "true",
      "yes",
      "1,2",
      "0x1",
      "1e1",
      "١",
    ], /^TRUST_PROXY must be a number from 0 to 99, got "/],
    ["LIMITS", [
      "16",
      "peers=16",
      "PeersPerRoom=16",
      "peersPerRoom=16,",
      "=",
      "=16",
      "__proto__=1",
      "constructor=1",
      "toString=1",
      "peersPerRoom:16",
    ], /^LIMITS has no ".*"; see --help$/],
    ["LIMITS", [
      "peersPerRoom",
      "peersPerRoom=",
      "peersPerRoom=0",
      "peersPerRoom=-1",
      "peersPerRoom=1.5",
      "peersPerRoom=1e3",
      "peersPerRoom=0x10",
      "peersPerRoom=many",
      "peersPerRoom=Infinity",
      "peersPerRoom=1073741825",
      "peersPerRoom=9007199254740991",
      "peersPerRoom=9007199254740992",
      `peersPerRoom=${"9".repeat(400)}`,
      "peersPerRoom=1=2",
      "peersPerRoom=1=",
      "peersPerRoom==1",
      "peersPerRoom=1 6",
      "peersPerRoom=64;",
    ], /^LIMITS: peersPerRoom must be an integer from 1 to 1073741824, got "/],
    ["LOG_LEVEL", [
      "DEBUG",
      "Info",
      "warning",
      "verbose",
      "0",
      "none",
      "toString",
      "debug,info",
    ], /^LOG_LEVEL must be one of debug, info, warn, error, got "/],
  ];

for (const [name, values, expected] of BAD_SETTINGS) {
  for (const value of values) {
    Deno.test(`readConfig says what is wrong when ${name} is "${value}"`, () => {
      const config = read([], { [name]: value });
      const problems = config.run === "nothing" ? config.problems : [];
      assertEquals(problems.length, 1, problems.join("\n"));
      assertMatch(problems[0] ?? "", expected);
    });
  }
}

Deno.test("readConfig says what is wrong when there are a secret and keys for tokens", () => {
  const env = { AUTH_SECRET: THIRTY_TWO, AUTH_JWKS_URL: JWKS_URL };
  assertEquals(read([], env), {
    run: "nothing",
    problems: ["AUTH_SECRET and AUTH_JWKS_URL are both set: set one of them"],
  });
});

const BAD_BACKPLANES: readonly (readonly [
  when: string,
  env: Partial<Record<Variable, string>>,
  problem: string,
])[] = [
  ["there are a Redis and a NATS", {
    REDIS_URL: "redis://:hush@redis.example",
    NATS_URL: "nats://hush@nats.example",
    SESSION_SECRET: SIXTEEN,
  }, "REDIS_URL and NATS_URL are both set: set one of them"],
  ...(["redis", "nats"] as const).map((engine) =>
    [
      `there is a ${engine} without a session secret`,
      {
        [`${engine.toUpperCase()}_URL`]: `${engine}://hush@engine.example`,
      },
      `${engine.toUpperCase()}_URL takes a SESSION_SECRET, the same on all servers: a peer may come back at any of them`,
    ] as const
  ),
  ...["hush", "http://:hush@h", "nats://hush@h", "//hush"].map((url) =>
    [`REDIS_URL is "${url}"`, {
      REDIS_URL: url,
      SESSION_SECRET: SIXTEEN,
    }, "REDIS_URL must be a URL of redis or rediss"] as const
  ),
  ...["hush", "redis://hush@h", "nats://a,hush", "nats://"].map((url) =>
    [`NATS_URL is "${url}"`, {
      NATS_URL: url,
      SESSION_SECRET: SIXTEEN,
    }, "NATS_URL must be a URL of nats or tls"] as const
  ),
  ...["a b", "a.b", "a*", "ä", "x".repeat(33), ">"].map((prefix) =>
    [
      `BACKPLANE_PREFIX is "${prefix}"`,
      {
        BACKPLANE_PREFIX: prefix,
        REDIS_URL: "redis://:hush@redis.example",
        SESSION_SECRET: SIXTEEN,
      },
      `BACKPLANE_PREFIX must be 1 to 32 letters, digits, "-" and "_", got "${prefix}"`,
    ] as const
  ),
];

for (const [when, env, problem] of BAD_BACKPLANES) {
  Deno.test(`readConfig says what is wrong when ${when}`, () => {
    assertEquals(read([], env), { run: "nothing", problems: [problem] });
    assertEquals(problem.includes("hush"), false);
  });
}

Deno.test("readConfig names every limit that is wrong, and no other", () => {
  const env = { LIMITS: "peersPerRoom=0,frameBytes=7,x=1,sockets = 1 = 2" };
  assertEquals(read([], env), {
    run: "nothing",
    problems: [
      'LIMITS: peersPerRoom must be an integer from 1 to 1073741824, got "0"',
      'LIMITS has no "x"; see --help',
      'LIMITS: sockets must be an integer from 1 to 1073741824, got "1=2"',
    ],
  });
});

Deno.test("readConfig says everything at once when everything is wrong, and quotes no secret", () => {
  const config = read(["--port=x"], {
    CF_TURN_API_TOKEN: "hush",
    SESSION_SECRET: "hush",
    AUTH_SECRET: "hush",
    ALLOWED_ORIGINS: "x",
    TRUST_PROXY: "x",
    LIMITS: "x",
    LOG_LEVEL: "x",
  });
  const problems = config.run === "nothing" ? config.problems : [];
  const named = [
    "--port",
    "CF_TURN_API_TOKEN",
    "LIMITS",
    "ALLOWED_ORIGINS",
    "TRUST_PROXY",
    "SESSION_SECRET",
    "AUTH_SECRET",
    "LOG_LEVEL",
  ];
  assertEquals(problems.length, named.length, problems.join("\n"));
  for (const name of named) {
    assert(problems.some((problem) => problem.startsWith(name)), name);
  }
  assertEquals(problems.join().includes("hush"), false);
});

/** What the authorizer of a configuration says of a token: the status of a refusal, or 200. */
async function statusOf(
  env: Partial<Record<Variable, string>>,
  token: string,
): Promise<number> {
  const config = read([], env);
  assertEquals(config.run, "serve");
  const authorize = config.run === "serve"
    ? config.options.authorize
    : undefined;
  assertExists(authorize);
  const request = new Request("http://localhost", {
    headers: { authorization: `Bearer ${token}` },
  });
  const asked = { party: "main", room: "room", id: "peer" };
  const answer = await authorize(request, asked);
  return answer instanceof Response ? answer.status : 200;
}

const EXP = 9_999_999_999;

const AUTHORIZED: readonly (readonly [
  when: string,
  env: Partial<Record<Variable, string>>,
  claims: JWTPayload,
  status: number,
])[] = [
  ["the secret is the one", {}, { exp: EXP }, 200],
  ["the secret is padded by spaces", { AUTH_SECRET: ` ${THIRTY_TWO} ` }, {
    exp: EXP,
  }, 200],
  ["the secret is another", { AUTH_SECRET: `${THIRTY_TWO}x` }, {
    exp: EXP,
  }, 401],
  ["the audience is the one", { AUTH_AUDIENCE: "a" }, {
    exp: EXP,
    aud: "a",
  }, 200],
  ["the audience is another", { AUTH_AUDIENCE: "a" }, {
    exp: EXP,
    aud: "b",
  }, 401],
  ["the audience is missing", { AUTH_AUDIENCE: "a" }, { exp: EXP }, 401],
  ["the issuer is the one", { AUTH_ISSUER: "i" }, { exp: EXP, iss: "i" }, 200],
  ["the issuer is another", { AUTH_ISSUER: "i" }, { exp: EXP, iss: "a" }, 401],
  ["the issuer is missing", { AUTH_ISSUER: "i" }, { exp: EXP }, 401],
];

for (const [when, env, claims, status] of AUTHORIZED) {
  Deno.test(`readConfig makes an authorizer that answers ${status} when ${when}`, async () => {
    const all = { AUTH_SECRET: THIRTY_TWO, ...env };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(THIRTY_TWO));
    assertEquals(await statusOf(all, token), status);
  });
}

Deno.test("readConfig makes an authorizer that takes keys, audience and issuer from the environment", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [await exportJWK(publicKey)];
  await using issuer = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => Response.json({ keys }),
  );
  const env = {
    AUTH_JWKS_URL: `http://127.0.0.1:${issuer.addr.port}/`,
    AUTH_AUDIENCE: "a",
    AUTH_ISSUER: "i",
  };
  const right = { exp: EXP, aud: "a", iss: "i" };
  for (
    const [claims, status] of [
      [right, 200],
      [{ ...right, aud: "b" }, 401],
      [{ ...right, iss: "b" }, 401],
    ] as const
  ) {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256" })
      .sign(privateKey);
    assertEquals(await statusOf(env, token), status);
  }
});
