import { assertEquals } from "@std/assert";
import { toBase64url } from "../../../client/trust/base64url.ts";
import { joinBytes, utf8 } from "../../../client/trust/bytes.ts";
import type { Opened } from "../../../client/trust/guard.ts";
import type { PeerSession } from "../../../client/trust/peer_sessions.ts";
import type { Identity } from "../../../client/trust/identity.ts";
import { FRAME } from "../../../client/trust/sealed_frame.ts";
import {
  altered,
  bytesOf,
  describing,
  fingerprintOf,
  Page,
  Protected,
  type Protection,
  PROTECTIONS,
  sealByHand,
  secretOf,
  signalText,
} from "../../support/guards.ts";

const EVERYBODY = new Uint8Array(16);
const DIAL = signalText(1, { dial: true });

/** What came of it, in a word. */
function outcome(opened: Opened): string {
  if ("refused" in opened) return opened.refused;
  if ("unknown" in opened) return "unknown";
  if (opened.signal === undefined) return opened.adopted ? "adopted" : "taken";
  return opened.missing ? "heard, others missing" : "heard";
}

/** What somebody makes of something that is said in the name of a page. */
async function open(
  by: Page,
  from: Page | string,
  text: string | Promise<string>,
  published = false,
): Promise<string> {
  const id = typeof from === "string" ? from : from.id;
  return outcome(await by.guard.open(id, await text, published));
}

/** Tells `by` who `page` is; the session as `by` knows it. */
async function introduce(page: Page, by: Page): Promise<PeerSession> {
  await open(by, page, page.guard.sealPresence(null), true);
  return sessionOf(page, by);
}

function sessionOf(page: Page, by: Page): PeerSession {
  const session = by.guard.current(page.id);
  if (!session) throw new Error("It has not introduced itself");
  return session;
}

/** Ada and Bob, who have introduced themselves, and their sessions as the other one knows them. */
async function met(room: Protected) {
  const [ada, bob] = [room.page("ada"), room.page("bob")];
  const adaAtBob = await introduce(ada, bob);
  const bobAtAda = await introduce(bob, ada);
  let counter = 0;
  return {
    ada,
    bob,
    adaAtBob,
    bobAtAda,
    /** What Ada says to Bob; the same counter only if asked for. */
    say: (text = DIAL, generation = 1, at = ++counter) =>
      ada.guard.sealSignal(bobAtAda, at, generation, text),
  };
}

for (const protection of PROTECTIONS) {
  const by = `when rooms are protected by ${protection}`;

  Deno.test(`Guard opens what was published, or told it, ${by}`, async () => {
    const room = await Protected.make(protection);
    const [ada, bob, eve] = [
      room.page("ada"),
      room.page("bob"),
      room.page("eve"),
    ];
    const presence = await ada.guard.sealPresence('{"name":"Ada ✓"}');
    for (const other of [bob, eve]) {
      assertEquals(await open(other, ada, presence, true), "adopted");
      const { algorithm, publicKey, id } = ada.identity ?? {};
      const { identity, ...session } = sessionOf(ada, other);
      assertEquals(identity, id ? { id, algorithm, publicKey } : null);
      assertEquals(session.presence, '{"name":"Ada ✓"}');
      assertEquals(session.card.fingerprint, fingerprintOf("ada"));
      assertEquals(session.bytes, ada.guard.session);
    }
    const adaAtBob = sessionOf(ada, bob);
    // To somebody whose session she does not know, and to one that she knows.
    const hello = bob.guard.sealHello(ada.id, undefined, true);
    const opened = await ada.guard.open(bob.id, await hello, false);
    assertEquals([outcome(opened), "ask" in opened && opened.ask], [
      "adopted",
      true,
    ]);
    const again = await ada.guard.open(
      bob.id,
      await bob.guard.sealHello(ada.id, adaAtBob.bytes, false),
      false,
    );
    assertEquals([outcome(again), "ask" in again && again.ask], [
      "taken",
      false,
    ]);
    const text = signalText(3, describing(fingerprintOf("bob")));
    const said = await ada.guard.open(
      bob.id,
      await bob.guard.sealSignal(adaAtBob, 1, 3, text),
      false,
    );
    assertEquals(["signal" in said && said.signal, outcome(said)], [
      text,
      "heard",
    ]);
    // And back.
    const bobAtAda = sessionOf(bob, ada);
    const back = ada.guard.sealSignal(bobAtAda, 1, 1, DIAL);
    assertEquals(await open(bob, ada, back), "heard");
    const changed = ada.guard.sealPresence(null);
    assertEquals(await open(bob, ada, changed, true), "taken");
    assertEquals(adaAtBob.presence, null);
  });

  Deno.test(`Guard.presenceChars is exact ${by}`, async () => {
    const room = await Protected.make(protection);
    const { guard } = room.page("ada");
    for (let length = 0; length < 12; length++) {
      const presence = JSON.stringify('ü"✓😀'.repeat(3).slice(0, length));
      assertEquals(
        guard.presenceChars(presence),
        (await guard.sealPresence(presence)).length,
      );
    }
    assertEquals(
      guard.presenceChars(null),
      (await guard.sealPresence(null)).length,
    );
  });

  Deno.test(`Guard refuses a frame of which any bit was changed ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, bobAtAda, say } = await met(room);
    const stranger = room.page("bob");
    const hello = (receiver?: Uint8Array<ArrayBuffer>) =>
      ada.guard.sealHello(bob.id, receiver, true);
    const frames = [
      [bob, "presence", await ada.guard.sealPresence('"here"'), true],
      [stranger, "presence", await ada.guard.sealPresence('"here"'), true],
      [bob, "hello", await hello(), false],
      [bob, "hello", await hello(bobAtAda.bytes), false],
      [stranger, "hello", await hello(), false],
      [bob, "signal", await say(), false],
    ] as const;
    for (const [by, kind, text, published] of frames) {
      const bytes = bytesOf(text);
      for (let at = 0; at < bytes.length; at++) {
        // All of them where each has a meaning, one in the rest.
        const bits = at < 43 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8];
        for (const bit of bits) {
          const wrong = altered(text, (bytes) => {
            bytes[at] = (bytes[at] ?? 0) ^ 1 << bit;
            return bytes;
          });
          const expected = expectation(protection, {
            at,
            bit,
            kind,
            known: by === bob,
            forAll: bytes.subarray(27, 43).every((byte) => byte === 0),
          });
          const found = await open(by, ada, wrong, published);
          const where = `${kind}, byte ${at}, bit ${bit}: ${found}`;
          assertEquals(expected.includes(found), true, where);
        }
      }
    }
    // None of it has left a trace.
    for (const [by, kind, text, published] of frames) {
      const fine = kind === "signal"
        ? "heard"
        : by === bob
        ? "taken"
        : kind === "presence"
        ? "adopted"
        : "taken";
      assertEquals(await open(by, ada, text, published), fine, kind);
    }
  });

  Deno.test(`Guard refuses a frame that was cut anywhere, or has more at its end, ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, say } = await met(room);
    const stranger = room.page("bob");
    const frames = [
      [bob, await ada.guard.sealPresence('"here"'), true],
      [stranger, await ada.guard.sealPresence('"here"'), true],
      [bob, await ada.guard.sealHello(bob.id, undefined, false), false],
      [bob, await say(), false],
    ] as const;
    const plain = protection.startsWith("key")
      ? "key-mismatch"
      : "identity-missing";
    for (const [by, text, published] of frames) {
      for (let length = 0; length < text.length; length++) {
        assertEquals(
          await open(by, ada, text.slice(0, length), published),
          length < "sealed.".length ? plain : "forged",
          `${length} characters`,
        );
      }
      for (const more of [0, 1, 255]) {
        const longer = altered(
          text,
          (bytes) => joinBytes(bytes, Uint8Array.of(more)),
        );
        assertEquals(await open(by, ada, longer, published), "forged");
      }
      assertEquals(
        await open(by, ada, `${text}=`, published),
        "forged",
        "padded",
      );
    }
    assertEquals(await open(bob, ada, frames[3][1]), "heard");
  });

  Deno.test(`Guard refuses what we have said ourselves ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, say } = await met(room);
    const hello = await ada.guard.sealHello(bob.id, undefined, true);
    const presence = await ada.guard.sealPresence("1");
    for (const from of [bob, ada]) {
      assertEquals(await open(ada, from, say()), "reflected");
      assertEquals(await open(ada, from, hello), "reflected");
      assertEquals(await open(ada, from, presence, true), "reflected");
      // Nor as what it is not.
      assertEquals(await open(ada, from, presence), "reflected");
    }
    // Nor what an earlier page of ours has.
    const earlier = room.page("ada").guard.sealPresence("1");
    assertEquals(await open(ada, ada, earlier, true), "reflected");
  });

  Deno.test(`Guard refuses what another one has said ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, say } = await met(room);
    const eve = room.page("eve");
    await introduce(eve, bob);
    const stranger = room.page("bob");
    const presence = await ada.guard.sealPresence("1");
    const hello = await ada.guard.sealHello(bob.id, undefined, true);
    // Of a card it can be seen whose it is, unless it is sealed.
    const code = room.secret ? "forged" : "identity-mismatch";
    assertEquals(await open(bob, eve, say()), "forged");
    assertEquals(await open(bob, eve, presence, true), code);
    assertEquals(await open(bob, eve, hello), code);
    assertEquals(await open(stranger, eve, presence, true), code);
    assertEquals(await open(stranger, eve, hello), code);
    assertEquals(stranger.guard.current(eve.id), undefined);
  });

  Deno.test(`Guard refuses what was said to another one ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, bobAtAda, say } = await met(room);
    const eve = room.page("eve");
    await introduce(ada, eve);
    const all = await ada.guard.sealHello(bob.id, undefined, true);
    const one = await ada.guard.sealHello(bob.id, bobAtAda.bytes, true);
    assertEquals(await open(eve, ada, all), "forged");
    // Of a session that nobody has told it of it cannot say whose it is.
    assertEquals(await open(eve, ada, one), "stale");
    assertEquals(await open(eve, ada, say()), "stale");
    await introduce(bob, eve);
    assertEquals(await open(eve, ada, one), "forged");
    assertEquals(await open(eve, ada, say()), "forged");
  });

  Deno.test(`Guard refuses what is said in public as if it were to it, and the other way round, ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, bobAtAda, say } = await met(room);
    const presence = await ada.guard.sealPresence("1");
    assertEquals(await open(bob, ada, presence), "forged");
    assertEquals(await open(bob, ada, say(), true), "forged");
    for (const receiver of [undefined, bobAtAda.bytes]) {
      const hello = ada.guard.sealHello(bob.id, receiver, false);
      assertEquals(await open(bob, ada, hello, true), "forged");
    }
  });

  Deno.test(`Guard refuses what was said in another room ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob } = await met(room);
    const code = room.secret ? "key-mismatch" : "forged";
    const secret = room.secret && await secretOf({ room: "other" });
    const elsewhere = room.page("ada", { room: "other", secret });
    const presence = await elsewhere.guard.sealPresence("1");
    assertEquals(await open(bob, ada, presence, true), code);
    const hello = elsewhere.guard.sealHello(bob.id, undefined, true);
    assertEquals(await open(bob, ada, hello), code);
  });

  Deno.test(`Guard refuses what came before ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, bobAtAda, adaAtBob, say } = await met(room);
    const [first, second] = [await say(), await say()];
    assertEquals(await open(bob, ada, first), "heard");
    assertEquals(await open(bob, ada, first), "replayed");
    assertEquals(await open(bob, ada, second), "heard");
    assertEquals(await open(bob, ada, first), "replayed");
    assertEquals(await open(bob, ada, second), "replayed");

    const greet = () => ada.guard.sealHello(bob.id, bobAtAda.bytes, true);
    const [early, late] = [await greet(), await greet()];
    assertEquals(await open(bob, ada, late), "taken");
    assertEquals(await open(bob, ada, late), "replayed");
    assertEquals(await open(bob, ada, early), "replayed");

    const older = await ada.guard.sealPresence('"older"');
    const newer = await ada.guard.sealPresence('"newer"');
    assertEquals(await open(bob, ada, newer, true), "taken");
    // Every welcome tells of it again.
    assertEquals(await open(bob, ada, newer, true), "taken");
    assertEquals(await open(bob, ada, older, true), "replayed");
    assertEquals(adaAtBob.presence, '"newer"');
  });

  Deno.test(`Guard tells when signals are missing, and does not take them later, ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, say } = await met(room);
    const [first, second, third] = [await say(), await say(), await say()];
    assertEquals(await open(bob, ada, second), "heard, others missing");
    assertEquals(await open(bob, ada, first), "replayed");
    assertEquals(await open(bob, ada, third), "heard");
  });

  Deno.test(`Guard refuses what was said to an earlier page of ours ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bobAtAda, say } = await met(room);
    const reloaded = room.page("bob");
    await introduce(ada, reloaded);
    assertEquals(await open(reloaded, ada, say()), "stale");
    const hello = ada.guard.sealHello(reloaded.id, bobAtAda.bytes, true);
    assertEquals(await open(reloaded, ada, hello), "stale");
  });

  Deno.test(`Guard does not know who says something that has not introduced itself ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, say, bob } = await met(room);
    const fresh = room.page("bob", { session: bob.guard.session });
    const opened = await fresh.guard.open(ada.id, await say(), false);
    assertEquals(
      "unknown" in opened && opened.unknown.sender,
      ada.guard.session,
    );
    assertEquals(fresh.guard.current(ada.id), undefined);
  });

  Deno.test(`Guard takes a reloaded page for its peer when that has spoken to it, and no recording then, ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, bobAtAda, say } = await met(room);
    const old = {
      presence: await ada.guard.sealPresence('"old"'),
      hello: await ada.guard.sealHello(bob.id, undefined, false),
      toBob: await ada.guard.sealHello(bob.id, bobAtAda.bytes, false),
      signal: await say(),
    };
    assertEquals(await open(bob, ada, old.toBob), "taken");
    assertEquals(await open(bob, ada, old.signal), "heard");

    const reloaded = room.page("ada");
    const presence = await reloaded.guard.sealPresence('"new"');
    // Somebody may show an old recording: not before it speaks to this page is it known to live.
    assertEquals(await open(bob, reloaded, presence, true), "taken");
    assertEquals(sessionOf(ada, bob).bytes, ada.guard.session);
    assertEquals(await open(bob, ada, old.presence, true), "taken");
    assertEquals(sessionOf(ada, bob).presence, '"old"');

    const greet = () =>
      reloaded.guard.sealHello(bob.id, bob.guard.session, false);
    assertEquals(await open(bob, reloaded, greet()), "adopted");
    for (const text of [old.toBob, old.hello, old.signal]) {
      assertEquals(await open(bob, ada, text), "replayed");
    }
    assertEquals(await open(bob, ada, old.presence, true), "taken");
    assertEquals(sessionOf(ada, bob).bytes, reloaded.guard.session);
    assertEquals(sessionOf(ada, bob).presence, '"new"');

    // What was held back until now came to this page all the same; but not for long.
    assertEquals(await open(bob, ada, say()), "heard");
    assertEquals(sessionOf(ada, bob).bytes, ada.guard.session);
    assertEquals(await open(bob, reloaded, greet()), "adopted");
    assertEquals(sessionOf(ada, bob).bytes, reloaded.guard.session);

    // Nor is anything taken twice when the server says that it has left.
    bob.guard.forget(ada.id);
    assertEquals(bob.guard.current(ada.id), undefined);
    for (const text of [old.toBob, old.hello, old.signal]) {
      assertEquals(await open(bob, ada, text), "replayed");
    }
    assertEquals(await open(bob, reloaded, presence, true), "adopted");
  });

  Deno.test(`Guard is not led back to a recorded page when the present one has spoken to it ${by}`, async () => {
    const room = await Protected.make(protection);
    const [ada, bob] = [room.page("ada"), room.page("bob")];
    const before = room.page("ada");
    const recorded = await before.guard.sealPresence('"recorded"');
    const hello = await before.guard.sealHello(bob.id, undefined, true);
    // Before the present one has said anything, nobody could tell.
    assertEquals(await open(bob, ada, recorded, true), "adopted");
    const bobAtAda = await introduce(bob, ada);
    const signal = ada.guard.sealSignal(bobAtAda, 1, 1, DIAL);
    await open(bob, ada, ada.guard.sealPresence('"present"'), true);
    assertEquals(await open(bob, ada, signal), "heard");
    assertEquals(sessionOf(ada, bob).presence, '"present"');
    assertEquals(await open(bob, ada, recorded, true), "taken");
    assertEquals(await open(bob, ada, hello), "taken");
    assertEquals(sessionOf(ada, bob).bytes, ada.guard.session);
    assertEquals(sessionOf(ada, bob).presence, '"present"');
  });

  Deno.test(`Guard refuses a description of another certificate ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, say } = await met(room);
    const own = fingerprintOf("ada");
    const wrong = [[], [own, fingerprintOf("eve")], [fingerprintOf("eve")]];
    for (const fingerprints of wrong) {
      const text = signalText(1, describing(...fingerprints));
      const sealed = await say(text);
      assertEquals(await open(bob, ada, sealed), "fingerprint-mismatch");
      assertEquals(await open(bob, ada, sealed), "replayed");
    }
    // As often as it likes, and written in any way.
    const text = signalText(
      1,
      describing(own, own.replace("sha", "SHA").toLowerCase()),
    );
    assertEquals(await open(bob, ada, say(text)), "heard");
  });

  Deno.test(`Guard refuses a signal that is not of the generation of its head, or no signal, ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, say } = await met(room);
    for (
      const [text, generation] of [
        [DIAL, 2],
        [DIAL, 0],
        ["no JSON", 1],
        ['{"generation":1}', 1],
        [signalText(-1, { dial: true }), 1],
      ] as const
    ) {
      assertEquals(await open(bob, ada, say(text, generation)), "forged");
    }
    assertEquals(
      await open(bob, ada, say(signalText(7, { bye: true }), 7)),
      "heard",
    );
  });

  Deno.test(`Guard refuses a signal to a page that has another certificate ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob, say } = await met(room);
    const other = room.page("bob", {
      session: bob.guard.session,
      fingerprint: fingerprintOf("eve"),
    });
    await introduce(ada, other);
    assertEquals(await open(other, ada, say()), "forged");
  });

  Deno.test(`Guard refuses a session that tells of another certificate than before ${by}`, async () => {
    const room = await Protected.make(protection);
    const { ada, bob } = await met(room);
    const other = room.page("ada", {
      session: ada.guard.session,
      fingerprint: fingerprintOf("eve"),
    });
    const hello = other.guard.sealHello(bob.id, undefined, false);
    assertEquals(await open(bob, ada, hello), "forged");
    assertEquals(sessionOf(ada, bob).card.fingerprint, fingerprintOf("ada"));
  });
}

/** What may come of a frame in which one bit is another. */
function expectation(
  protection: Protection,
  { at, bit, kind, known, forAll }: {
    at: number;
    bit: number;
    kind: "presence" | "hello" | "signal";
    known: boolean;
    forAll: boolean;
  },
): readonly string[] {
  const sealed = protection.startsWith("key");
  if (at === 1) {
    // A hello that is called a signal, to a session that is none or by one that is not known.
    const signal = kind === "hello" && bit === 0;
    if (signal && forAll) return ["stale"];
    return ["forged"];
  }
  if (at === 2) {
    // What is signed no more is of somebody who proves nothing; of the rest nothing can be read.
    const turns = bit === 1 && sealed;
    return [turns ? "identity-missing" : "forged"];
  }
  if (at >= 3 && at < 11) return [sealed ? "key-mismatch" : "forged"];
  if (at >= 11 && at < 27 && kind === "signal") return ["unknown"];
  if (at >= 27 && at < 43) return ["stale"];
  // Of a card that was changed, the key is not the one of the id.
  const card = at >= 59 + 64 && !sealed && (!known || kind === "signal");
  return card ? ["forged", "identity-mismatch"] : ["forged"];
}

Deno.test("Guard keeps apart what has a key, an identity, both or neither", async () => {
  const eve = {
    key: (await Protected.make("key")).page("eve"),
    identity: (await Protected.make("identity")).page("eve"),
    both: (await Protected.make("key and identity")).page("eve"),
    "another key": new Page("eve", {
      secret: await secretOf({ secret: "another one" }),
    }),
  };
  const bob = {
    key: (await Protected.make("key")).page("bob"),
    identity: (await Protected.make("identity")).page("bob"),
    both: (await Protected.make("key and identity")).page("bob"),
  };
  const found: Record<string, string> = {};
  for (const [who, guarded] of Object.entries(bob)) {
    for (const text of ["", "null", '"here"', DIAL, "Sealed.AAAA", "signed"]) {
      for (const published of [true, false]) {
        const code = await open(guarded, "eve", text, published);
        const before = found[`${who}, plain`] ??= code;
        assertEquals(code, before, text);
      }
    }
    for (const [what, { guard, id }] of Object.entries(eve)) {
      const said = await guard.sealPresence(null);
      const hello = await guard.sealHello(guarded.id, undefined, true);
      const code = await open(guarded, id, said, true);
      assertEquals(
        await open(guarded, id, hello),
        code.replace(/^ad.*/, "taken"),
      );
      found[`${who}, ${what}`] = code;
    }
  }
  assertEquals(found, {
    "key, plain": "key-mismatch",
    "key, key": "adopted",
    "key, identity": "key-mismatch",
    "key, both": "identity-missing",
    "key, another key": "key-mismatch",
    "identity, plain": "identity-missing",
    "identity, key": "key-mismatch",
    "identity, identity": "adopted",
    "identity, both": "key-mismatch",
    "identity, another key": "key-mismatch",
    "both, plain": "key-mismatch",
    "both, key": "identity-missing",
    "both, identity": "key-mismatch",
    "both, both": "adopted",
    "both, another key": "key-mismatch",
  });
});

for (const protection of ["identity", "key and identity", "ECDSA"] as const) {
  Deno.test(`Guard refuses who takes the id of another one when rooms are protected by ${protection}`, async () => {
    const room = await Protected.make(protection);
    const [ada, bob, eve] = [
      room.page("ada"),
      room.page("bob"),
      room.page("eve"),
    ];
    const { identity: adas } = ada;
    const { identity: eves } = eve;
    if (!adas || !eves) throw new Error("They have identities");
    const mixed: Identity = { ...adas, privateKey: eves.privateKey };
    const cases = [
      ["identity-mismatch", room.page("eve", { id: ada.id })],
      ["identity-mismatch", room.page("ada", { id: "ada" })],
      ["forged", room.page("eve", { identity: mixed })],
    ] as const;
    for (const [code, impostor] of cases) {
      const { guard, id } = impostor;
      assertEquals(
        await open(bob, id, guard.sealPresence(null), true),
        code,
      );
      const hello = guard.sealHello(bob.id, bob.guard.session, true);
      assertEquals(await open(bob, id, hello), code);
      assertEquals(bob.guard.current(id), undefined);
    }
    // Nor once she is known: a signal is signed too.
    const bobAtAda = await introduce(bob, ada);
    await introduce(ada, bob);
    const impostor = room.page("ada", {
      identity: mixed,
      session: ada.guard.session,
    });
    const signal = impostor.guard.sealSignal(bobAtAda, 1, 1, DIAL);
    assertEquals(await open(bob, ada, signal), "forged");
    const honest = ada.guard.sealSignal(bobAtAda, 1, 1, DIAL);
    assertEquals(await open(bob, ada, honest), "heard");
  });
}

/** What somebody with the key says that no honest page does: its kind, its content, and what comes of it. */
const BROKEN: readonly (readonly [string, Uint8Array<ArrayBuffer>, string])[] =
  [
    ["nothing", utf8(""), "forged"],
    ["no JSON", utf8("{"), "forged"],
    [
      "no UTF-8",
      joinBytes(
        utf8('{"fingerprint":"sha-256 AA","presence":"'),
        Uint8Array.of(0xff),
        utf8('"}'),
      ),
      "forged",
    ],
    ["null", utf8("null"), "forged"],
    ["a list", utf8("[]"), "forged"],
    ["a card without a certificate", utf8('{"presence":null}'), "forged"],
    ["a certificate that is a number", utf8('{"fingerprint":1}'), "forged"],
    [
      "a certificate that is inherited",
      utf8('{"__proto__":{"fingerprint":"sha-256 AA"}}'),
      "forged",
    ],
    [
      "more than is known",
      utf8(
        '{"fingerprint":"sha-256 AA","presence":1,"ask":1,"more":{},"algorithm":"Ed25519","key":"AQID"}',
      ),
      "adopted",
    ],
  ];

for (const [what, content, expected] of BROKEN) {
  Deno.test(`Guard finds it ${expected} when somebody who has the key says ${what}`, async () => {
    const secret = await secretOf();
    const bob = new Page("bob", { secret });
    for (const kind of [FRAME.presence, FRAME.hello]) {
      const published = kind === FRAME.presence;
      const text = await sealByHand(
        secret,
        {
          kind,
          sender: new Uint8Array(16).fill(kind),
          receiver: EVERYBODY,
          generation: 0,
          counter: 1,
        },
        { from: "eve", to: published ? "" : "bob" },
        content,
      );
      const opened = await bob.guard.open("eve", text, published);
      assertEquals(
        outcome(opened),
        expected === "adopted" && !published ? "taken" : expected,
      );
      if ("session" in opened) {
        const { presence, identity } = opened.session;
        // A key that nothing is signed with proves nothing.
        assertEquals([presence, opened.ask, identity], [null, false, null]);
      }
    }
  });
}

Deno.test("Guard takes no presence that was said to one page, and no signal that was said to all", async () => {
  const secret = await secretOf();
  const bob = new Page("bob", { secret });
  const sender = new Uint8Array(16).fill(1);
  const card = utf8('{"fingerprint":"sha-256 AA"}');
  const head = { sender, generation: 0, counter: 1 };
  const place = { from: "eve", to: "" };
  const toOne = await sealByHand(
    secret,
    {
      ...head,
      kind: FRAME.presence,
      receiver: bob.guard.session,
    },
    place,
    card,
  );
  assertEquals(await open(bob, "eve", toOne, true), "stale");
  const presence = await sealByHand(
    secret,
    {
      ...head,
      kind: FRAME.presence,
      receiver: EVERYBODY,
    },
    place,
    card,
  );
  assertEquals(await open(bob, "eve", presence, true), "adopted");
  const toAll = await sealByHand(
    secret,
    { ...head, kind: FRAME.signal, receiver: EVERYBODY, generation: 1 },
    { from: "eve", to: "bob", fingerprints: ["sha-256 AA", bob.fingerprint] },
    utf8(DIAL),
  );
  assertEquals(await open(bob, "eve", toAll), "stale");
});

Deno.test("Guard knows ids and sessions that have the names of other things", async () => {
  const secret = await secretOf();
  const bob = new Page("bob", { secret });
  for (const id of ["__proto__", "constructor", "", "toString"]) {
    const page = new Page(id, { secret });
    const presence = page.guard.sealPresence('"here"');
    assertEquals(bob.guard.current(id), undefined);
    assertEquals(await open(bob, page, presence, true), "adopted");
    assertEquals(sessionOf(page, bob).presence, '"here"');
  }
});

Deno.test("Guard forgets sessions of a peer that has more than 64, first those that have told it nothing, and not the present one", async () => {
  const secret = await secretOf();
  const bob = new Page("bob", { secret });
  /** Another page of Ada's that Bob knows, and what it has to say to him. */
  const begin = async () => {
    const page = new Page("ada", { secret });
    const signal = await page.guard.sealSignal(
      await introduce(bob, page),
      1,
      1,
      DIAL,
    );
    await open(bob, page, page.guard.sealPresence(null), true);
    return { page, hear: () => open(bob, page, signal) };
  };
  const heard = await begin();
  assertEquals(await heard.hear(), "heard");
  const silent = await begin();
  const present = await begin();
  const hello = present.page.guard.sealHello("bob", bob.guard.session, false);
  assertEquals(await open(bob, present.page, hello), "adopted");

  for (let more = 0; more < 64 - 3; more++) await begin();
  assertEquals(await heard.hear(), "replayed");
  const last = await begin();
  assertEquals(await silent.hear(), "unknown");
  for (let more = 0; more < 100; more++) await begin();
  assertEquals(await last.hear(), "unknown");
  // However many come.
  assertEquals(await heard.hear(), "replayed");
  assertEquals(
    sessionOf(present.page, bob).bytes,
    present.page.guard.session,
  );
});

Deno.test("Guard opens nothing but frames whatever text comes", async () => {
  const { bob, ada } = await met(await Protected.make("key and identity"));
  for (
    const [text, code] of [
      ["sealed.", "forged"],
      ["signed.", "forged"],
      ["sealed.__proto__", "forged"],
      [`sealed.${"A".repeat(200_000)}`, "forged"],
      [`signed.${toBase64url(new Uint8Array(200))}`, "forged"],
      ["x".repeat(200_000), "key-mismatch"],
      [" sealed.AAAA", "key-mismatch"],
    ] as const
  ) {
    for (const published of [true, false]) {
      assertEquals(await open(bob, ada, text, published), code);
    }
  }
});
