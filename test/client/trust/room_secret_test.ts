import { assertEquals, assertNotEquals } from "@std/assert";
import type { RoomSecretOptions } from "../../../client/trust/room_secret.ts";
import { RoomSecret } from "../../../client/trust/room_secret.ts";
import { FRAME, type FrameKind } from "../../../client/trust/sealed_frame.ts";

const { subtle } = crypto;
const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const HERE = { subtle, secret: KEY, party: "main", room: "r" };
const [A, B] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];

async function keyId(options: Partial<RoomSecretOptions>): Promise<string> {
  const { keyId } = await RoomSecret.make({ ...HERE, ...options });
  return keyId.toHex();
}

/** Ciphertext of nothing: the tag, which tells keys apart. */
async function tag(
  options: Partial<RoomSecretOptions> = {},
  kind: FrameKind = FRAME.signal,
  sender = A,
  receiver = B,
): Promise<string> {
  const secret = await RoomSecret.make({ ...HERE, ...options });
  const key = await secret.key(kind, sender, receiver);
  const algorithm = { name: "AES-GCM", iv: new Uint8Array(12) };
  const sealed = await subtle.encrypt(algorithm, key, new Uint8Array());
  return new Uint8Array(sealed).toHex();
}

Deno.test("RoomSecret is the same when key, party and room are", async () => {
  assertEquals(await keyId({}), await keyId({ secret: KEY.slice() }));
  assertEquals(await tag(), await tag());
  assertEquals((await keyId({})).length, 16);
});

/** What makes other keys of the same room key. */
const OTHERS: readonly (readonly [string, Partial<RoomSecretOptions>])[] = [
  ["the key is another", { secret: KEY.with(31, 0) }],
  ["the room is another", { room: "s" }],
  ["the party is another", { party: "other" }],
  ["party and room are exchanged", { party: "r", room: "main" }],
  ["a letter moves from the party to the room", { party: "mai", room: "nr" }],
  ["a letter moves from the room to the party", { party: "mainr", room: "" }],
  ["the room is written in capitals", { room: "R" }],
];

for (const [when, options] of OTHERS) {
  Deno.test(`RoomSecret has another key id and other keys when ${when}`, async () => {
    assertNotEquals(await keyId(options), await keyId({}));
    assertNotEquals(await tag(options), await tag());
  });
}

Deno.test("RoomSecret.key is another one for each kind, each direction and each pair of sessions", async () => {
  const everybody = new Uint8Array(16);
  const tags = [
    await tag(),
    await tag({}, FRAME.hello),
    await tag({}, FRAME.presence),
    await tag({}, FRAME.signal, B, A),
    await tag({}, FRAME.signal, A, everybody),
    await tag({}, FRAME.signal, everybody, B),
    await tag({}, FRAME.signal, A, A),
  ];
  assertEquals(new Set(tags).size, tags.length);
});

Deno.test("RoomSecret.key cannot be read", async () => {
  const secret = await RoomSecret.make(HERE);
  const key = await secret.key(FRAME.signal, A, B);
  assertEquals(key.extractable, false);
  assertEquals(key.usages.toSorted(), ["decrypt", "encrypt"]);
  assertEquals<unknown>(key.algorithm, { name: "AES-GCM", length: 256 });
});

Deno.test("RoomSecret keeps a key of its own when the one that it was made from is wiped", async () => {
  const bytes = KEY.slice();
  const made = RoomSecret.make({ ...HERE, secret: bytes });
  bytes.fill(0);
  assertEquals((await made).keyId.toHex(), await keyId({}));
});

Deno.test("RoomSecret takes what a view shows when its buffer is larger", async () => {
  const larger = new Uint8Array(64).fill(9);
  larger.set(KEY, 7);
  const secret = larger.subarray(7, 39);
  assertEquals(await keyId({ secret }), await keyId({}));
});

Deno.test("RoomSecret takes a password in any normal form for the same, and no other", async () => {
  const ids = [];
  for (
    const secret of [
      "Käse Ω",
      "Ka\u0308se \u2126",
      "käse Ω",
      "Käse Ω ",
      "Kase Ω",
    ]
  ) ids.push(await keyId({ secret }));
  const [composed, decomposed, ...others] = ids;
  assertEquals(decomposed, composed);
  assertEquals(new Set([composed, ...others]).size, 4);
  // Compatible is not equivalent (Unicode Standard Annex #15).
  assertNotEquals(
    await keyId({ secret: "ﬁsh" }),
    await keyId({ secret: "fish" }),
  );
});

Deno.test("RoomSecret stretches a password anew for each room", async () => {
  const secret = "correct horse";
  const here = await keyId({ secret });
  assertNotEquals(await keyId({ secret, room: "s" }), here);
  assertNotEquals(await keyId({ secret, party: "other" }), here);
});

Deno.test("RoomSecret makes 600 000 rounds of a password, and none of a key", async () => {
  const rounds: unknown[] = [];
  const counting = {
    importKey: subtle.importKey.bind(subtle) as SubtleCrypto["importKey"],
    deriveBits: (how: Pbkdf2Params, key: CryptoKey, length: number) => {
      if (how.name === "PBKDF2") rounds.push([how.iterations, how.hash]);
      return subtle.deriveBits(how, key, length);
    },
  } as unknown as SubtleCrypto;
  await keyId({ subtle: counting });
  assertEquals(rounds, []);
  await keyId({ subtle: counting, secret: "correct horse" });
  assertEquals(rounds, [[600_000, "SHA-256"]]);
});
