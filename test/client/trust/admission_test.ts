import { assertEquals, assertStrictEquals } from "@std/assert";
import { Admission } from "../../../client/trust/admission.ts";
import type { PeerIdentity } from "../../../client/trust/identity.ts";
import { UncaughtErrors } from "../../support/uncaught_errors.ts";

function identity(id: string): PeerIdentity {
  return { id, algorithm: "Ed25519", publicKey: new Uint8Array(32) };
}

/** An admission whose app answers when the test says so. */
class Asked {
  readonly asked: PeerIdentity[] = [];
  readonly decided: string[] = [];
  readonly here = new Set<string>();
  readonly admission: Admission;

  constructor(
    onTrust?: (peer: PeerIdentity) => boolean | Promise<boolean>,
  ) {
    this.admission = new Admission({
      onTrust: onTrust && ((peer) => {
        this.asked.push(peer);
        return onTrust(peer);
      }),
      onDecided: (peer) =>
        void this.decided.push(`${peer} ${this.admission.decision(peer)}`),
      isHere: (peer) => this.here.has(peer),
    });
  }

  ask(id: string): Promise<void> {
    return this.admission.ask(id, identity(id));
  }
}

Deno.test("Admission admits everybody when there is nobody to ask", async () => {
  const test = new Asked();
  assertEquals(test.admission.decision("ada"), true);
  await test.ask("ada");
  assertEquals([test.admission.decision("ada"), test.decided], [true, []]);
});

for (
  const [answer, admitted] of [
    [true, true],
    [false, false],
    [Promise.resolve(true), true],
    [Promise.resolve(false), false],
    // An app that is not checked by the compiler.
    ["yes" as unknown as boolean, false],
    [1 as unknown as boolean, false],
    [undefined as unknown as boolean, false],
    [Promise.resolve("yes") as unknown as Promise<boolean>, false],
  ] as const
) {
  Deno.test(
    `Admission ${
      admitted ? "admits" : "does not admit"
    } a peer when the app says ${
      answer instanceof Promise ? "later" : "at once"
    } ${JSON.stringify(answer instanceof Promise ? await answer : answer)}`,
    async () => {
      const test = new Asked(() => answer);
      assertEquals(test.admission.decision("ada"), undefined);
      await test.ask("ada");
      assertEquals(test.admission.decision("ada"), admitted);
      assertEquals(test.decided, [`ada ${admitted}`]);
      assertEquals(test.asked, [identity("ada")]);
    },
  );
}

for (
  const [how, onTrust] of [
    ["throws", () => {
      throw new Error("broken");
    }],
    ["rejects", () => Promise.reject(new Error("broken"))],
  ] as const
) {
  Deno.test(`Admission admits nobody, and reports it, when the app ${how}`, async () => {
    using uncaught = new UncaughtErrors();
    const test = new Asked(onTrust);
    await test.ask("ada");
    assertEquals(test.decided, ["ada false"]);
    assertEquals((await uncaught.next as Error).message, "broken");
    // The next one is asked all the same.
    await test.ask("bob");
    assertEquals(test.decided, ["ada false", "bob false"]);
    assertEquals(uncaught.errors.length, 2);
  });
}

Deno.test("Admission asks once when a peer comes again, also before there is an answer", async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const test = new Asked(() => promise);
  const asking = [test.ask("ada"), test.ask("ada")];
  assertEquals([test.asked.length, test.admission.decision("ada")], [
    1,
    undefined,
  ]);
  resolve(true);
  await Promise.all(asking);
  await test.ask("ada");
  assertEquals([test.asked.length, test.decided], [1, ["ada true"]]);
});

Deno.test("Admission decides nothing when the app never answers", () => {
  const test = new Asked(() => new Promise(() => {}));
  void test.ask("ada");
  assertEquals([test.admission.decision("ada"), test.decided], [undefined, []]);
  test.admission.decide("ada", true);
  assertEquals(test.admission.decision("ada"), true);
  assertEquals(test.decided, ["ada true"]);
});

for (const said of [true, false]) {
  Deno.test(`Admission keeps what trust has said when the app then says ${!said}`, async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const test = new Asked(() => promise);
    const asking = test.ask("ada");
    test.admission.decide("ada", said);
    resolve(!said);
    await asking;
    assertEquals(test.admission.decision("ada"), said);
    assertEquals(test.decided, [`ada ${said}`]);
  });
}

Deno.test("Admission asks nobody about whom trust has said something", async () => {
  const test = new Asked(() => true);
  test.admission.decide("ada", false);
  await test.ask("ada");
  assertEquals([test.asked, test.decided], [[], ["ada false"]]);
});

Deno.test("Admission tells of a decision only when it is another", async () => {
  const test = new Asked(() => true);
  await test.ask("ada");
  for (const admitted of [true, false, false, true]) {
    test.admission.decide("ada", admitted);
  }
  assertEquals(test.decided, ["ada true", "ada false", "ada true"]);
  const open = new Asked();
  open.admission.decide("ada", true);
  assertEquals(open.decided, []);
  open.admission.decide("ada", false);
  assertEquals([open.admission.decision("ada"), open.decided], [false, [
    "ada false",
  ]]);
});

Deno.test("Admission asks for nobody who proves nothing", async () => {
  const test = new Asked(() => true);
  await test.admission.ask("ada", null);
  assertEquals([test.asked, test.admission.decision("ada")], [[], undefined]);
});

Deno.test("Admission keeps 4096 answers, those of peers that are here, and what trust has said", async () => {
  const test = new Asked(() => true);
  test.here.add("peer 0");
  test.admission.decide("ada", false);
  for (let index = 0; index < 4096; index++) await test.ask(`peer ${index}`);
  await test.ask("__proto__");
  assertStrictEquals(test.admission.decision("ada"), false);
  assertStrictEquals(test.admission.decision("peer 0"), true);
  assertStrictEquals(test.admission.decision("peer 1"), undefined);
  assertStrictEquals(test.admission.decision("peer 2"), true);
  assertStrictEquals(test.admission.decision("__proto__"), true);
  await test.ask("peer 1");
  assertEquals(test.asked.length, 4098);
});
