import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import * as node from "node:crypto";
import {
  createIdentity,
  type Identity,
  identityId,
  isIdentity,
  readIdentity,
  sign,
  verify,
} from "../../../client/trust/identity.ts";

const { subtle } = crypto;
const WORDS = new TextEncoder().encode("whatever is signed");

/** A WebCrypto that refuses to make keys of Ed25519. */
function withoutEd25519(
  refusal: unknown = new DOMException("", "NotSupportedError"),
): Crypto {
  const refusing = new Proxy(subtle, {
    get(target, member) {
      const value = Reflect.get(target, member);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        const [how] = args;
        if (member === "generateKey" && Object(how).name === "Ed25519") {
          throw refusal;
        }
        return await Reflect.apply(value, target, args);
      };
    },
  });
  return { subtle: refusing } as Crypto;
}

/** Of each algorithm one. */
const MADE = {
  Ed25519: await createIdentity(),
  ECDSA: await createIdentity({ crypto: withoutEd25519() }),
};

/** The public key of an identity, as Node takes it. */
function nodeKey({ algorithm, publicKey }: Identity): node.KeyObject {
  const text = (from: number, to?: number) =>
    Buffer.from(publicKey.subarray(from, to)).toString("base64url");
  const key = algorithm === "Ed25519"
    ? { kty: "OKP", crv: "Ed25519", x: text(0) }
    : { kty: "EC", crv: "P-256", x: text(1, 33), y: text(33) };
  return node.createPublicKey({ key, format: "jwk" });
}

for (const algorithm of ["Ed25519", "ECDSA"] as const) {
  const identity = MADE[algorithm];
  const { publicKey, privateKey } = identity;

  Deno.test(`createIdentity makes a key of ${algorithm} that nobody can read`, async () => {
    assertEquals(identity.algorithm, algorithm);
    assertEquals(publicKey.length, algorithm === "Ed25519" ? 32 : 65);
    assertEquals(privateKey.extractable, false);
    assertEquals(privateKey.usages, ["sign"]);
    await assertRejects(() => subtle.exportKey("pkcs8", privateKey));
    await assertRejects(() => subtle.exportKey("jwk", privateKey));
  });

  Deno.test(`createIdentity has an id that Node computes too when it is of ${algorithm}`, () => {
    const digest = node.createHash("sha256")
      .update("webrtc identity v1")
      .update(Uint8Array.of(algorithm === "Ed25519" ? 1 : 2))
      .update(publicKey)
      .digest("base64url");
    assertEquals(identity.id, digest);
    assertMatch(identity.id, /^[\w-]{43}$/);
  });

  Deno.test(`sign makes 64 bytes that Node verifies when it is of ${algorithm}`, async () => {
    const signature = await sign(subtle, identity, WORDS);
    assertEquals(signature.length, 64);
    assertEquals(
      node.verify(
        algorithm === "Ed25519" ? null : "sha256",
        WORDS,
        { key: nodeKey(identity), dsaEncoding: "ieee-p1363" },
        signature,
      ),
      true,
    );
  });

  Deno.test(`verify is true when it is of ${algorithm} and nothing was touched`, async () => {
    const signature = await sign(subtle, identity, WORDS);
    const { id: _, privateKey: __, ...rest } = identity;
    assertEquals(await verify(subtle, rest, signature, WORDS), true);
  });

  Deno.test(`verify is false when it is of ${algorithm} and any byte was touched`, async () => {
    const signature = await sign(subtle, identity, WORDS);
    const touched = (bytes: Uint8Array<ArrayBuffer>, at: number) =>
      bytes.with(at, (bytes.at(at) ?? 0) ^ 1) as Uint8Array<ArrayBuffer>;
    for (let at = 0; at < 64; at++) {
      const other = touched(signature, at);
      assertEquals(await verify(subtle, identity, other, WORDS), false);
    }
    for (let at = 0; at < WORDS.length; at++) {
      const other = touched(WORDS, at);
      assertEquals(await verify(subtle, identity, signature, other), false);
    }
    for (let at = 0; at < publicKey.length; at++) {
      const other = { algorithm, publicKey: touched(publicKey, at) };
      assertEquals(await verify(subtle, other, signature, WORDS), false);
    }
  });

  Deno.test(`verify is false when it is of ${algorithm} and somebody else signed`, async () => {
    const other = await createIdentity(
      algorithm === "ECDSA" ? { crypto: withoutEd25519() } : {},
    );
    const signature = await sign(subtle, other, WORDS);
    assertEquals(await verify(subtle, identity, signature, WORDS), false);
  });

  Deno.test(`verify is false when it is of ${algorithm} and the signature has another length`, async () => {
    const signature = await sign(subtle, identity, WORDS);
    for (const wrong of [[], [...signature.subarray(1)], [...signature, 0]]) {
      const other = Uint8Array.from(wrong);
      assertEquals(await verify(subtle, identity, other, WORDS), false);
    }
  });

  Deno.test(`verify is false when the key is none of ${algorithm}`, async () => {
    const signature = await sign(subtle, identity, WORDS);
    const compressed = Uint8Array.of(
      2 + (publicKey.at(-1) ?? 0) % 2,
      ...publicKey.subarray(1, 33),
    );
    for (
      const wrong of [
        new Uint8Array(),
        new Uint8Array(publicKey.length),
        new Uint8Array(publicKey.length).fill(255),
        publicKey.subarray(1),
        Uint8Array.of(...publicKey, 0),
        compressed,
        MADE[algorithm === "ECDSA" ? "Ed25519" : "ECDSA"].publicKey,
      ]
    ) {
      const other = { algorithm, publicKey: wrong };
      assertEquals(await verify(subtle, other, signature, WORDS), false);
    }
  });

  Deno.test(`readIdentity returns what createIdentity made when it is of ${algorithm}`, () => {
    assertStrictEquals(readIdentity(identity), identity);
  });
}

Deno.test("verify is false when this WebCrypto does not know the algorithm", async () => {
  const unknown = new Proxy(subtle, {
    get: () => () => Promise.reject(new DOMException("", "NotSupportedError")),
  });
  const signature = await sign(subtle, MADE.Ed25519, WORDS);
  assertEquals(await verify(unknown, MADE.Ed25519, signature, WORDS), false);
});

Deno.test("createIdentity makes another one each time", async () => {
  const { id } = await createIdentity();
  assertNotEquals(id, MADE.Ed25519.id);
});

Deno.test("createIdentity rejects when WebCrypto fails for another reason than the algorithm", async () => {
  const failure = new DOMException("no entropy", "OperationError");
  const error = await assertRejects(() =>
    createIdentity({ crypto: withoutEd25519(failure) })
  );
  assertStrictEquals(error, failure);
});

Deno.test("createIdentity rejects when there is no WebCrypto", async () => {
  const { name, message } = await assertRejects(
    () => createIdentity({ crypto: {} as Crypto }),
    DOMException,
  );
  assertEquals(name, "NotSupportedError");
  assertMatch(message, /^Cannot create identity: there is no WebCrypto; /);
});

Deno.test("identityId tells keys of the same bytes apart when their algorithms differ", async () => {
  const publicKey = new Uint8Array(32);
  assertEquals(
    await identityId(subtle, { algorithm: "Ed25519", publicKey }),
    "aN_mkr55uoJn3v_QIHipiOdwjE9DJOACEpTK5Xem2Pg",
  );
  assertEquals(
    await identityId(subtle, { algorithm: "ECDSA", publicKey }),
    "J6CS3_9FzS0h1d58wPr5cSwu3L4jF4PeST1ioTqWKkA",
  );
});

const { Ed25519: GOOD } = MADE;
const NONE: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["an id alone", GOOD.id],
  ["no object", 1],
  ["without an id", { ...GOOD, id: undefined }],
  ["of an id too short", { ...GOOD, id: GOOD.id.slice(1) }],
  ["of an id with other characters", { ...GOOD, id: `+${GOOD.id.slice(1)}` }],
  ["of an unknown algorithm", { ...GOOD, algorithm: "RSA" }],
  ["of an algorithm that every object has", {
    ...GOOD,
    algorithm: "constructor",
  }],
  ["of the other algorithm", { ...GOOD, algorithm: "ECDSA" }],
  ["of a public key that is no bytes", {
    ...GOOD,
    publicKey: [...GOOD.publicKey],
  }],
  ["of a public key too long", { ...GOOD, publicKey: new Uint8Array(33) }],
  ["only the public half of one", { ...GOOD, privateKey: undefined }],
  ["with a private key of another algorithm", {
    ...GOOD,
    privateKey: MADE.ECDSA.privateKey,
  }],
  ["with a public key as its private one", {
    ...GOOD,
    privateKey: await subtle.importKey(
      "raw",
      GOOD.publicKey,
      "Ed25519",
      true,
      ["verify"],
    ),
  }],
];

for (const [what, value] of NONE) {
  Deno.test(`readIdentity throws when it is ${what}`, () => {
    assertEquals(isIdentity(value), false);
    assertThrows(
      () => readIdentity(value),
      TypeError,
      'Cannot connect: "identity" must be one of createIdentity() or loadIdentity()',
    );
  });
}
