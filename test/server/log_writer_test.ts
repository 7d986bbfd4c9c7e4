import { assert, assertEquals, assertMatch } from "@std/assert";
import { LIMITS } from "../../protocol.ts";
import {
  type Level,
  LEVELS,
  logWriter,
  type ProgramRecord,
} from "../../server/log_writer.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startServer } from "../support/start_server.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

interface Line {
  readonly line: string;
  readonly level: Level;
}

/** What is written of records. */
function write(
  records: readonly ProgramRecord[],
  options: { level?: Level; pretty?: boolean } = {},
): Line[] {
  const { level = "debug", pretty = false } = options;
  const lines: Line[] = [];
  const log = logWriter({
    level,
    pretty,
    now: () => NOW,
    write: (line, level) => lines.push({ line, level }),
  });
  for (const record of records) log(record);
  return lines;
}

const NAMELESS = {
  level: "debug",
  event: "socket-granted",
  session: 7,
  party: "main",
  room: 'a "room"',
  id: "ünï✓",
  address: undefined,
} as const;

/** Every kind of record, and what it says. */
const RECORDS: readonly (readonly [ProgramRecord, string])[] = [
  [
    {
      level: "info",
      event: "listening",
      url: "http://127.0.0.1:8000",
      turn: "public STUN only",
    },
    "Listening on http://127.0.0.1:8000 (TURN: public STUN only)",
  ],
  [{ level: "info", event: "stopped" }, "Stopped"],
  [
    { level: "warn", event: "misconfigured", problem: "This does nothing" },
    "This does nothing",
  ],
  [
    { level: "info", event: "peer-joined", session: 7, peers: 2 },
    "Session 7 has joined, 2 in its room",
  ],
  [
    { level: "info", event: "peer-away", session: 7, peers: 2 },
    "Session 7 has lost its socket",
  ],
  [
    { level: "info", event: "peer-back", session: 7, peers: 2 },
    "Session 7 is back",
  ],
  [
    {
      level: "info",
      event: "peer-left",
      session: 7,
      peers: 0,
      reason: "goodbye",
    },
    "Session 7 has left (goodbye), 0 in its room",
  ],
  [
    {
      level: "info",
      event: "peer-dropped",
      code: 4001,
      reason: "too much unread output",
    },
    "Dropped a peer: too much unread output (4001)",
  ],
  [
    { ...NAMELESS, room: "room", id: "peer", address: "203.0.113.7" },
    'Session 7 is "peer" in "room" of "main", from 203.0.113.7',
  ],
  [NAMELESS, 'Session 7 is "ünï✓" in "a "room"" of "main", from somewhere'],
  [
    { level: "debug", event: "join-refused", code: "room-full" },
    "Refused somebody: room-full",
  ],
  [
    { level: "debug", event: "join-refused", code: "custom" },
    "Refused somebody: custom",
  ],
  [
    { level: "warn", event: "turn-is-open", provider: "Cloudflare" },
    "TURN by Cloudflare is open to everybody: set ALLOWED_ORIGINS, AUTH_SECRET or AUTH_JWKS_URL",
  ],
  [
    {
      level: "warn",
      event: "turn-failed",
      provider: "Cloudflare",
      reason: "no answer within 5000 ms",
    },
    "TURN by Cloudflare failed: no answer within 5000 ms; it is left alone for a while",
  ],
  [
    {
      level: "warn",
      event: "turn-revoke-failed",
      provider: "Cloudflare",
      reason: "Cloudflare answered 500",
    },
    "TURN by Cloudflare did not revoke the credentials of a peer that left: Cloudflare answered 500",
  ],
  [
    { level: "info", event: "turn-recovered", provider: "Cloudflare" },
    "TURN by Cloudflare works again",
  ],
  [
    {
      level: "warn",
      event: "engine-down",
      engine: "redis",
      reason: "it does not answer",
    },
    "The redis between the nodes is down: it does not answer; this one goes on with what it knows",
  ],
  [
    { level: "info", event: "engine-up", engine: "redis" },
    "The redis between the nodes is up",
  ],
  [
    {
      level: "debug",
      event: "engine-failed",
      engine: "redis",
      reason: "it did not answer",
    },
    "The redis between the nodes failed once: it did not answer",
  ],
  [
    { level: "info", event: "node-found", nodes: 3 },
    "A node was found, there are 3",
  ],
  [
    { level: "warn", event: "node-lost", nodes: 2 },
    "A node was lost, there are 2; its peers are away",
  ],
  [
    { level: "info", event: "draining", sessions: 3 },
    "Stopping; 3 sessions are asked to go on elsewhere",
  ],
  [
    { level: "error", event: "internal-error", error: "thrown text" },
    "Internal error: thrown text",
  ],
];

/** Fails to compile when a kind of record is missing here; the tests below see to the rest. */
const EVENTS: Readonly<Record<ProgramRecord["event"], true>> = {
  "listening": true,
  "stopped": true,
  "misconfigured": true,
  "peer-joined": true,
  "peer-away": true,
  "peer-back": true,
  "peer-left": true,
  "peer-dropped": true,
  "socket-granted": true,
  "join-refused": true,
  "turn-is-open": true,
  "turn-failed": true,
  "turn-revoke-failed": true,
  "turn-recovered": true,
  "engine-down": true,
  "engine-up": true,
  "engine-failed": true,
  "node-found": true,
  "node-lost": true,
  "draining": true,
  "internal-error": true,
};

Deno.test("logWriter is tested with every kind of record", () => {
  const tested = new Set(RECORDS.map(([{ event }]) => event));
  assertEquals([...tested].sort(), Object.keys(EVENTS).sort());
});

for (const [index, [record, message]] of RECORDS.entries()) {
  const name = `${record.event} (${index})`;

  Deno.test(`logWriter writes ${name} as one line of JSON`, () => {
    const lines = write([record]);
    assertEquals(lines.length, 1);
    for (const { line, level } of lines) {
      assertEquals(level, record.level);
      assertEquals(line.includes("\n"), false);
      const expected: unknown = JSON.parse(JSON.stringify(record));
      assertEquals(JSON.parse(line), {
        ...expected as Record<string, unknown>,
        time: "2026-01-02T03:04:05.678Z",
        message,
      });
      assert(line.startsWith('{"time":"2026-01-02T03:04:05.678Z","level":"'));
    }
  });

  Deno.test(`logWriter writes ${name} as a sentence when a person reads it`, () => {
    assertEquals(write([record], { pretty: true }), [{
      line: `03:04:05 ${record.level.padEnd(5)} ${message}`,
      level: record.level,
    }]);
  });
}

for (const [lowest, level] of LEVELS.entries()) {
  for (const pretty of [true, false]) {
    Deno.test(`logWriter writes what is ${LEVELS.slice(lowest).join(" or ")} when the level is ${level} and pretty is ${pretty}`, () => {
      const records = RECORDS.map(([record]) => record);
      const written = write(records, { level, pretty });
      const expected = records
        .map(({ level }) => level)
        .filter((each) => LEVELS.indexOf(each) >= lowest);
      assertEquals(written.map(({ level }) => level), expected);
      assertEquals(new Set(expected).size, LEVELS.length - lowest);
    });
  }
}

Deno.test("logWriter asks for the time at every record", () => {
  let now = NOW;
  const lines: string[] = [];
  const log = logWriter({
    level: "info",
    pretty: true,
    now: () => now,
    write: (line) => lines.push(line),
  });
  log({ level: "info", event: "stopped" });
  now += 1_000;
  log({ level: "info", event: "stopped" });
  assertEquals(lines, ["03:04:05 info  Stopped", "03:04:06 info  Stopped"]);
});

class Custom extends Error {
  override readonly name = "Custom";
}

/** An error that others have caused. */
function caused(message: string, cause: unknown): Error {
  return new Error(message, { cause });
}

/** An object that holds itself, which JSON cannot write. */
function circle(): unknown {
  const object: Record<string, unknown> = {};
  return Object.assign(object, { object });
}

/** Somebody's object that does not want to be shown. */
function fails(): never {
  throw new Error("not for you");
}

/** What may be thrown, and how it must show. */
const THROWN: readonly (readonly [string, unknown, RegExp])[] = [
  ["an error", new Error("broken"), /Error: broken\n.*log_writer_test\.ts/],
  ["an error of its own class", new Custom("x"), /Custom|Error: x\n/],
  [
    "an error without a stack",
    Object.assign(new Error("broken"), { stack: undefined }),
    /broken/,
  ],
  [
    "an error of several lines",
    new Error('a\n"b"\r\n\0c'),
    /a\n"b"\r\n\0c/,
  ],
  [
    "an error with a cause",
    caused("outer", new Error("inner")),
    /^Error: outer\n +at [^]*\nCaused by: Error: inner\n +at [^]*log_writer_test\.ts/,
  ],
  [
    "an error with a cause that has one",
    caused("a", caused("b", caused("c", "d"))),
    /^Error: a\n[^]*\nCaused by: Error: b\n[^]*\nCaused by: Error: c\n[^]*\nCaused by: d$/,
  ],
  [
    "an error with an object as its cause",
    caused("a", { code: 7, at: [1] }),
    /\nCaused by: \{"code":7,"at":\[1\]\}$/,
  ],
  ["an error with null as its cause", caused("a", null), /\nCaused by: null$/],
  ["an error with nothing as its cause", caused("a", ""), /\nCaused by: $/],
  [
    "an error with a cause that JSON cannot write",
    caused("a", circle()),
    /\nCaused by: something that cannot be shown$/,
  ],
  [
    "an error with undefined as its cause",
    caused("a", undefined),
    /^Error: a\n(?![^]*Caused by)/,
  ],
  [
    "an error without a stack, with a cause",
    Object.assign(caused("a", "b"), { stack: undefined }),
    /^a\nCaused by: b$/,
  ],
  ["a text", "broken", /broken/],
  ["a number", 7, /7/],
  ["nothing", undefined, /undefined/],
  ["null", null, /null/],
  ["a symbol", Symbol("broken"), /Symbol\(broken\)/],
  ["a big integer", 7n, /7/],
  ["a function", function broken() {}, /^function broken\(\) \{\}$/],
  ["an object", { message: "m" }, /^\{"message":"m"\}$/],
  ["an object of several lines", { a: "\n" }, /^\{"a":"\\n"\}$/],
  ["a list", ["a", 1, null], /^\["a",1,null\]$/],
  ["an object without a prototype", Object.create(null), /^\{\}$/],
  ["an object that holds itself", circle(), /^something that cannot be shown$/],
  ["an object with a big integer", { a: 7n }, /^something that cannot be/],
  ["an object that fails", { toJSON: fails }, /^something that cannot be/],
  [
    "a function that fails",
    Object.assign(() => {}, { toString: fails }),
    /^something that cannot be/,
  ],
];

for (const [what, error, expected] of THROWN) {
  Deno.test(`logWriter writes an internal error when ${what} was thrown`, () => {
    const record = { level: "error", event: "internal-error", error } as const;
    const [json] = write([record]);
    const fields = JSON.parse(json?.line ?? "");
    assertEquals(json?.line.includes("\n"), false);
    assertMatch(fields.error, expected);
    assertEquals(fields.message, `Internal error: ${fields.error}`);
    const [pretty] = write([record], { pretty: true });
    assertEquals(
      pretty?.line,
      `03:04:05 error Internal error: ${visible(fields.error)}`,
    );
  });
}

/** Whether a terminal may obey a character (Unicode, general category Cc). */
function isControl(char: string): boolean {
  return char <= "\x1f" || (char >= "\x7f" && char <= "\x9f");
}

/** A text of several lines as a terminal may have it. */
function visible(text: string): string {
  return [...text].map((char) => char !== "\n" && isControl(char) ? "?" : char)
    .join("");
}

Deno.test("logWriter writes a question mark for every control character when a person reads it", () => {
  for (let code = 0; code <= 0xff; code++) {
    const char = String.fromCharCode(code);
    const id = `a${char}b`;
    const [pretty] = write([{ ...NAMELESS, id }], { pretty: true });
    const shown = char === "\n" || !isControl(char) ? id : "a?b";
    assertEquals(
      pretty?.line,
      `03:04:05 debug Session 7 is "${shown}" in "a "room"" of "main", from somewhere`,
      `U+${code.toString(16)}`,
    );
    const [json] = write([{ ...NAMELESS, id }]);
    assertEquals(JSON.parse(json?.line ?? "").id, id);
  }
});

for (
  const [text, shown] of [
    ["\x1b[31mred\x1b[0m", "?[31mred?[0m"],
    ["\x9b2J", "?2J"],
    ["\x1b]0;title\x07", "?]0;title?"],
    ["over\rwritten", "over?written"],
    ["a\b\b\b", "a???"],
    ["ünï✓ 😀 \u00a0", "ünï✓ 😀 \u00a0"],
  ] as const
) {
  Deno.test(`logWriter does not let a terminal obey when a peer, its room and its party are called ${JSON.stringify(text)}`, () => {
    const record = { ...NAMELESS, party: text, room: text, id: text };
    assertEquals(write([record], { pretty: true }), [{
      line:
        `03:04:05 debug Session 7 is "${shown}" in "${shown}" of "${shown}", from somewhere`,
      level: "debug",
    }]);
  });
}

/** Strings that would break a line, or an object, if they were not escaped. */
const HOSTILE = ['"}', "\\", "a\u2028b", "\ud800", "__proto__", "</script>"];

for (const text of HOSTILE) {
  Deno.test(`logWriter writes JSON that reads back when a peer is called ${JSON.stringify(text)}`, () => {
    const record = { ...NAMELESS, party: text, room: text, id: text };
    const [written] = write([record]);
    const { party, room, id } = JSON.parse(written?.line ?? "");
    assertEquals({ party, room, id }, { party: text, room: text, id: text });
  });
}

/** The fields that records above the level `debug` may have: none of them names a peer, a room or an address. */
const HARMLESS = [
  "time",
  "level",
  "event",
  "message",
  "session",
  "peers",
  "reason",
  "code",
  "provider",
  "sessions",
  "error",
  "url",
  "turn",
  "problem",
  "engine",
  "nodes",
];

Deno.test("logWriter writes no field that could name a peer when a record is above debug", () => {
  const records = RECORDS.map(([record]) => record);
  for (const { line } of write(records, { level: "info" })) {
    for (const name of Object.keys(JSON.parse(line))) {
      assert(HARMLESS.includes(name), `${name} in ${line}`);
    }
  }
});

for (const pretty of [true, false]) {
  Deno.test(`logWriter names no peer, room or address above debug when a server tells of all that peers do and pretty is ${pretty}`, async () => {
    // However slow the machine is, nobody is lost before that is wanted.
    using time = new FakeTime();
    const lines: Line[] = [];
    const log = logWriter({
      level: "debug",
      pretty,
      now: Date.now,
      write: (line, level) => lines.push({ line, level }),
    });
    {
      await using server = startServer({ log, trustProxy: 1 });
      const { url } = server;
      const headers = { "x-forwarded-for": "203.0.113.77" };
      const join = (id: string, resume?: string) =>
        RawPeer.join(url, "secret-room", id, {
          headers,
          ...(resume !== undefined && { resume }),
        });
      await using watcher = await join("secret-watcher");
      // Comes, loses its socket, is back, loses it again and is lost.
      {
        await using peer = await join("secret-peer");
        // Until it has spoken, its welcome may be lost, and it would join anew.
        await peer.settled();
        peer.socket.close(4003);
        await watcher.next("away");
        await using back = await join("secret-peer", peer.welcome.resume);
        await watcher.next("back");
        back.socket.close(4003);
        await watcher.next("away");
        await time.flow(LIMITS.graceMs);
        assertEquals((await watcher.next("leave")).reason, "lost");
      }
      // Is dropped.
      {
        await using dropped = await join("secret-dropped");
        dropped.socket.send(new Uint8Array(1));
        await watcher.next("leave");
      }
      // Is not let in.
      {
        await using refused = new RawPeer(url, "secret-room", "secret-watcher");
        await refused.closed;
      }
    }
    const levels = new Set(lines.map(({ level }) => level));
    assertEquals([...levels].sort(), ["debug", "info"]);
    const secret = /secret|203\.0\.113|127\.0\.0\.1/;
    const above = lines.filter(({ level }) => level !== "debug");
    const events = [
      ["peer-joined", "has joined"],
      ["peer-away", "lost its socket"],
      ["peer-back", "is back"],
      ["peer-left", "has left"],
      ["peer-dropped", "Dropped a peer"],
      ["draining", "Stopping"],
    ] as const;
    for (const event of events) {
      const sign = event[pretty ? 1 : 0];
      assert(above.some(({ line }) => line.includes(sign)), sign);
    }
    assertEquals(above.filter(({ line }) => secret.test(line)), []);
    // Else the test would prove nothing.
    assert(lines.some(({ line }) => line.includes("secret-peer")));
    assert(lines.some(({ line }) => line.includes("203.0.113.77")));
  });
}
