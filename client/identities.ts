import type { CryptoOptions, Identity } from "./trust/identity.ts";
import type { LoadIdentityOptions } from "./trust/load_identity.ts";

/**
 * Makes an identity that lasts as long as the page keeps it; `loadIdentity`
 * keeps one for the next visit. It signs with Ed25519 where WebCrypto has that,
 * otherwise with ECDSA.
 *
 * @example
 * ```ts
 * import { createIdentity } from "@x/webrtc";
 *
 * const identity = await createIdentity();
 * identity.id; // the peer id it will have in every room
 * ```
 *
 * @throws {DOMException} `NotSupportedError`, if there is no WebCrypto: a page
 * has it only in a secure context.
 */
export async function createIdentity(
  options: CryptoOptions = {},
): Promise<Identity> {
  // Only pages that have identities pay for them.
  const { createIdentity } = await import("./trust/identity.ts");
  return await createIdentity(options);
}

/**
 * The identity that this browser keeps for this origin, in IndexedDB; made the first time.
 *
 * One identity is one peer at a time: a second page that joins the same room
 * with it is refused, with the code `id-taken`. Pages that are to be in one room
 * together take one each, by `name`.
 *
 * @example
 * ```ts no-eval
 * import { connect, loadIdentity } from "@x/webrtc";
 *
 * const identity = await loadIdentity();
 * await using connection = await connect({
 *   host: "example.com",
 *   room: "lobby",
 *   identity,
 * });
 * connection.socket.id === identity.id; // true, today and tomorrow
 * ```
 *
 * @throws {TypeError} If `name` is no string, or empty.
 * @throws {DOMException} `NotSupportedError` if there is no WebCrypto (a page has it
 * only in a secure context) or no IndexedDB; `DataError` if what is kept under the
 * name is no identity, which is left as it is; others of IndexedDB.
 */
export async function loadIdentity(
  options: LoadIdentityOptions = {},
): Promise<Identity> {
  const { loadIdentity } = await import("./trust/load_identity.ts");
  return await loadIdentity(options);
}
