import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { requireCrypto } from "../../../client/trust/require_crypto.ts";

/** As a page of an insecure context has it. */
const INSECURE = { getRandomValues: crypto.getRandomValues } as Crypto;

Deno.test("requireCrypto takes the one of the runtime when none was injected", () => {
  assertStrictEquals(requireCrypto(undefined, "test"), crypto);
});

Deno.test("requireCrypto takes the one that was injected", () => {
  const injected = { subtle: crypto.subtle } as Crypto;
  assertStrictEquals(requireCrypto(injected, "test"), injected);
});

Deno.test("requireCrypto throws when the injected one has no subtle", () => {
  const { name, message } = assertThrows(
    () => requireCrypto(INSECURE, "create identity"),
    DOMException,
  );
  assertEquals(name, "NotSupportedError");
  assertEquals(
    message,
    "Cannot create identity: there is no WebCrypto; a page has it only in a secure context (HTTPS, or localhost)",
  );
});

for (
  const [what, value] of [["no crypto", undefined], [
    "none with subtle",
    INSECURE,
  ]] as const
) {
  Deno.test(`requireCrypto throws when the runtime has ${what}`, () => {
    const real = Object.getOwnPropertyDescriptor(globalThis, "crypto");
    Object.defineProperty(globalThis, "crypto", { value, configurable: true });
    try {
      const { name } = assertThrows(
        () => requireCrypto(undefined, "test"),
        DOMException,
      );
      assertEquals(name, "NotSupportedError");
    } finally {
      Object.defineProperty(globalThis, "crypto", real ?? {});
    }
  });
}
