import { assertEquals, assertRejects } from "@std/assert";
import { loadIdentity } from "../../../client/trust/load_identity.ts";

// What it does where there is an IndexedDB: test/browser/identity_test.ts.

Deno.test("loadIdentity rejects when there is no IndexedDB", async () => {
  const { name, message } = await assertRejects(
    () => loadIdentity(),
    DOMException,
  );
  assertEquals(name, "NotSupportedError");
  assertEquals(
    message,
    "Cannot load identity: there is no IndexedDB to keep it in; createIdentity() makes one for this visit",
  );
});

Deno.test("loadIdentity rejects when there is no WebCrypto", async () => {
  const { name, message } = await assertRejects(
    () => loadIdentity({ crypto: {} as Crypto }),
    DOMException,
  );
  assertEquals(name, "NotSupportedError");
  assertEquals(
    message,
    "Cannot load identity: there is no WebCrypto; a page has it only in a secure context (HTTPS, or localhost)",
  );
});

for (const name of ["", null, 1, ["default"]]) {
  Deno.test(`loadIdentity rejects when the name is ${JSON.stringify(name)}`, async () => {
    await assertRejects(
      () => loadIdentity({ name: name as string }),
      TypeError,
      'Cannot load identity: "name" must be a string that is not empty',
    );
  });
}
