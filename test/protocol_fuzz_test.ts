import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parsePairSignal } from "../client/pair_signal.ts";
import {
  exceedsBytes,
  LIMITS,
  parseClientMessage,
  type Parsed,
  parseServerMessage,
} from "../protocol.ts";
import { readOffered } from "../server/offered.ts";
import { ResumeTokens } from "../server/resume_token.ts";
import { splitSignal } from "../server/split_signal.ts";

const RUNS = { numRuns: 2_000 };

/** Names that a message may have, in places where they belong and where they do not. */
const names = fc.constantFrom(
  "type",
  "to",
  "from",
  "data",
  "id",
  "peer",
  "peers",
  "presence",
  "seen",
  "limits",
  "iceServers",
  "__proto__",
  "constructor",
);
const types = fc.constantFrom(
  "signal",
  "presence",
  "ping",
  "pong",
  "welcome",
  "join",
  "ice",
  "error",
  "toString",
);
/** Objects that look like messages, as far as chance has it. */
const almost = fc.tuple(
  types,
  fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true }),
).map(([type, rest]) => JSON.stringify({ ...rest, type }));

const frames = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.json(),
  almost,
  fc.anything(),
);

/** What every parser promises: it does not throw, and what it takes it takes again. */
function isTotal(parse: (frame: unknown) => Parsed<unknown>): void {
  fc.assert(
    fc.property(frames, (frame) => {
      const parsed = parse(frame);
      if (!parsed.ok) return;
      const again = parse(JSON.stringify(parsed.message));
      assertEquals(again, parsed);
      assertEquals(
        Object.getPrototypeOf(parsed.message),
        Object.prototype,
        "a peer chose the prototype",
      );
    }),
    RUNS,
  );
}

Deno.test("parseClientMessage never throws, and takes what it made, whatever it gets", () => {
  isTotal(parseClientMessage);
});

Deno.test("parseServerMessage never throws, and takes what it made, whatever it gets", () => {
  isTotal(parseServerMessage);
});

Deno.test("parsePairSignal never throws, and takes what it made, whatever it gets", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), almost), (data) => {
      const signal = parsePairSignal(data);
      if (signal) {
        assertEquals(parsePairSignal(JSON.stringify(signal)), signal);
      }
    }),
    RUNS,
  );
});

Deno.test("splitSignal reads what parseClientMessage reads, or leaves it to that, whatever is said to whom", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      (to, data) => {
        const frame = JSON.stringify({ type: "signal", to, data });
        const split = splitSignal(frame);
        const parsed = parseClientMessage(frame);
        assert(parsed.ok && parsed.message.type === "signal");
        if (split) {
          assertEquals(split.to, parsed.message.to);
          assertEquals(JSON.parse(split.literal), parsed.message.data);
        }
      },
    ),
    RUNS,
  );
});

Deno.test("exceedsBytes agrees with the encoder, whatever the text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.nat(64),
      (text, bytes) => {
        const { byteLength } = new TextEncoder().encode(text);
        assertEquals(exceedsBytes(text, bytes), byteLength > bytes);
      },
    ),
    RUNS,
  );
});

Deno.test("ResumeTokens takes no token but its own, whatever is shown", () => {
  const tokens = new ResumeTokens("the secret of this test");
  const seat = { key: "main\0r", id: "a" };
  const own = tokens.mint(seat, 1, 1);
  const near = fc.tuple(fc.nat(own.length - 1), fc.string({ maxLength: 2 }))
    .map(([at, text]) => own.slice(0, at) + text + own.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (token) => {
      fc.pre(token !== own);
      assertEquals(tokens.read(seat, token)?.proven ?? false, false);
    }),
    RUNS,
  );
});

Deno.test("readOffered never throws, whatever the header", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(
        fc.string().map((text) => text.replace(/[^\x21-\x7e]/g, "")),
        fc.constantFrom(
          "webrtc.v1",
          "resume.",
          "seen.-1",
          "seen.1e99",
          "bearer.%",
        ),
      )),
      (list) => {
        const request = new Request("http://localhost", {
          headers: { "Sec-WebSocket-Protocol": list.join(", ") },
        });
        const { seen } = readOffered(request);
        assert(Number.isSafeInteger(seen) && seen >= 0);
      },
    ),
    RUNS,
  );
});

Deno.test("LIMITS fit each other", () => {
  assert(LIMITS.presenceBytes < LIMITS.frameBytes);
  assert(LIMITS.frameBytes <= LIMITS.queueBytes);
  assert(LIMITS.queueBytes <= LIMITS.unreadBytes);
});
