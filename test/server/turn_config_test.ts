import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Variable } from "../../server/environment.ts";
import { readTurn } from "../../server/turn_config.ts";
import {
  type IceProvider,
  isTurnProvider,
} from "../../server/turn_provider.ts";

type Variables = Partial<Record<Variable, string>>;

const STATIC: Variables = {
  ICE_SERVERS: '[{"urls":"turn:s.example","username":"u","credential":"hush"}]',
};
const COTURN: Variables = {
  TURN_URLS: "turn:a.example, turns:a.example:443?transport=tcp,stun:a.example",
  TURN_SECRET: "hush",
};
const CLOUDFLARE: Variables = {
  CF_TURN_TOKEN_ID: "id",
  CF_TURN_API_TOKEN: "hush",
};
const TWILIO: Variables = {
  TWILIO_ACCOUNT_SID: "AC1",
  TWILIO_AUTH_TOKEN: "hush",
};
const METERED: Variables = { METERED_APP: "app", METERED_API_KEY: "hush" };
const ALL = { ...METERED, ...TWILIO, ...CLOUDFLARE, ...COTURN, ...STATIC };

function read(variables: Variables) {
  const findings = { problems: [], warnings: [] };
  const providers = readTurn((name) => variables[name], findings);
  return { providers, ...findings };
}

const GOOD: readonly (readonly [
  when: string,
  variables: Variables,
  names: string,
])[] = [
  ["nothing is set", {}, "STUN"],
  ["a list is set", STATIC, "static"],
  ["coturn is set", COTURN, "coturn"],
  ["Cloudflare is set", CLOUDFLARE, "Cloudflare"],
  ["Twilio is set", TWILIO, "Twilio"],
  ["Metered is set", METERED, "Metered"],
  ["two are set", { ...METERED, ...COTURN }, "coturn, Metered"],
  [
    "all but a list are set",
    without(ALL, "ICE_SERVERS"),
    "coturn, Cloudflare, Twilio, Metered",
  ],
  ["a list of STUN is set, and coturn", {
    ...COTURN,
    ICE_SERVERS: '[{"urls":"stun:s.example"}]',
  }, "static, coturn"],
];

for (const [when, variables, names] of GOOD) {
  Deno.test(`readTurn uses ${names} when ${when}, and tells no secret`, () => {
    const { providers, problems, warnings } = read(variables);
    assertEquals(providers.map(({ name }) => name).join(", "), names);
    assertEquals([problems, warnings], [[], []]);
    const described = providers.map(({ description }) => description).join();
    assertEquals(described.includes("hush"), false, described);
  });
}

Deno.test("readTurn warns when a list with TURN keeps others from being asked", () => {
  const { providers, problems, warnings } = read(ALL);
  assertEquals(providers.length, 5);
  assertEquals(problems, []);
  assertEquals(warnings, [
    "ICE_SERVERS has TURN and cannot fail, so that nobody will ask for what is behind it: coturn, Cloudflare, Twilio, Metered",
  ]);
});

for (
  const [what, variables] of [
    ["TURN_URLS and TURN_SECRET", {
      TURN_URLS: "hush",
      TURN_SECRET: "turn:a.example",
    }],
    ["the id and the token of Cloudflare", {
      CF_TURN_TOKEN_ID: "hush",
      CF_TURN_API_TOKEN: "id",
    }],
    ["the id and the token of Twilio", {
      TWILIO_ACCOUNT_SID: "hush",
      TWILIO_AUTH_TOKEN: "AC1",
    }],
    ["the app and the key of Metered", {
      METERED_APP: "hush",
      METERED_API_KEY: "app",
    }],
  ] as const
) {
  Deno.test(`readTurn tells no secret when ${what} are mixed up`, () => {
    const { providers, problems, warnings } = read(variables);
    const said = [
      ...providers.map(({ description }) => description),
      ...problems,
      ...warnings,
    ].join();
    assertEquals(said.includes("hush"), false, said);
  });
}

/** Life of what a provider mints, in seconds. */
async function lifeOf(provider: IceProvider | undefined): Promise<number> {
  if (!provider || !isTurnProvider(provider)) throw new Error("No TURN");
  const before = Date.now();
  const { signal } = new AbortController();
  const config = await provider.credentials({ peer: "7", signal });
  return Math.round(((config.expiresAt ?? 0) - before) / 1000);
}

for (
  const [ttl, expected] of [
    [undefined, 3600],
    ["60", 60],
    ["86400", 86_400],
  ] as const
) {
  Deno.test(`readTurn lets credentials live for ${expected} s when TURN_TTL is ${ttl}`, async () => {
    const { providers, problems, warnings } = read({
      ...COTURN,
      ...(ttl !== undefined && { TURN_TTL: ttl }),
    });
    assertEquals([problems, warnings], [[], []]);
    // A second is cut off.
    assert(Math.abs(await lifeOf(providers[0]) - expected) <= 1);
  });
}

Deno.test("readTurn warns when TURN_TTL is set and nobody mints", () => {
  const { problems, warnings } = read({ ...STATIC, TURN_TTL: "60" });
  assertEquals(problems, []);
  assertEquals(warnings, [
    "TURN_TTL does nothing without coturn, Cloudflare or Twilio",
  ]);
});

/** All variables but one. */
function without(variables: Variables, name: Variable): Variables {
  const { [name]: _, ...rest } = variables;
  return rest;
}

const BAD: readonly (readonly [when: string, variables: Variables, RegExp])[] =
  [
    ...([
      [COTURN, "TURN_URLS", "TURN_SECRET"],
      [CLOUDFLARE, "CF_TURN_TOKEN_ID", "CF_TURN_API_TOKEN"],
      [TWILIO, "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
      [METERED, "METERED_APP", "METERED_API_KEY"],
    ] as const).flatMap(([variables, a, b]) =>
      [[a, b], [b, a]].map(([there = a, missing = b]) =>
        [
          `${there} is set alone`,
          without(variables, missing),
          new RegExp(`^${there} is set but ${missing} is not: .+ needs both$`),
        ] as const
      )
    ),
    [
      "CF_TURN_APP_ID is set alone",
      { CF_TURN_APP_ID: "id" },
      /^CF_TURN_APP_ID is set but CF_TURN_API_TOKEN is not: /,
    ],
    ["a token of Cloudflare was cut short", {
      ...CLOUDFLARE,
      CF_TURN_API_TOKEN: "hush…",
    }, /^CF_TURN_API_TOKEN: .* must be of visible ASCII characters$/],
    ["the names of Cloudflare's key differ", {
      ...CLOUDFLARE,
      CF_TURN_APP_ID: "other",
    }, /^CF_TURN_TOKEN_ID and its alias CF_TURN_APP_ID differ/],
    ...["59", "86401", "0", "-1", "1.5", "1e3", "1h", "0x60"].map((ttl) =>
      [
        `TURN_TTL is ${ttl}`,
        { ...COTURN, TURN_TTL: ttl },
        /^TURN_TTL must be a number of seconds from 60 to 86400, got "/,
      ] as const
    ),
    ...["turn.example", "turn:", "turn:a,", "turn:a turn:b", "http://a"]
      .map((urls) =>
        [
          `TURN_URLS is ${urls}`,
          { ...COTURN, TURN_URLS: urls },
          /^TURN_URLS: Cannot use coturn: URL \d is none of STUN or TURN$/,
        ] as const
      ),
    [
      "TURN_URLS has STUN only",
      { ...COTURN, TURN_URLS: "stun:a" },
      /^TURN_URLS: .* must have one of TURN, of a port that browsers do not block$/,
    ],
    [
      "METERED_APP is a host",
      { ...METERED, METERED_APP: "a.metered.live" },
      /^METERED_APP: Cannot use Metered/,
    ],
    ...["hush", "{}", '{"urls":"turn:hush"}', "null", "[", '"turn:a"'].map(
      (list) =>
        [
          `ICE_SERVERS is ${list}`,
          { ICE_SERVERS: list },
          /^ICE_SERVERS must be a JSON array, as \[\{"urls":/,
        ] as const,
    ),
    [
      "ICE_SERVERS is empty",
      { ICE_SERVERS: "[]" },
      /^ICE_SERVERS: .*there are none$/,
    ],
    [
      "an entry of ICE_SERVERS lacks its user name",
      {
        ICE_SERVERS: '[{"urls":"turn:a","credential":"hush"}]',
      },
      /^ICE_SERVERS: Cannot use these ICE servers: entry 1 is of TURN and has no usable/,
    ],
  ];

for (const [when, variables, expected] of BAD) {
  Deno.test(`readTurn says what is wrong when ${when}, and tells no secret`, () => {
    const { problems, warnings } = read(variables);
    assertEquals([problems.length, warnings], [1, []], problems.join("\n"));
    assertMatch(problems[0] ?? "", expected);
    assertEquals(problems.join().includes("hush"), false, problems.join());
  });
}
