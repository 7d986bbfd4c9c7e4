import type { Debug } from "../debug.ts";
import type { Settings } from "../options.ts";
import type { Signaling } from "../signaling.ts";
import { GuardedSignaling } from "./guarded_signaling.ts";
import { identityId, readIdentity } from "./identity.ts";
import { requireCrypto } from "./require_crypto.ts";
import { checkRoomKey } from "./room_link.ts";
import { RoomSecret } from "./room_secret.ts";

/**
 * Checks the options that protect a room, makes its keys, and tells how to take
 * over the signaling of a page whose certificate has that fingerprint.
 *
 * @throws {TypeError} If one has the wrong type, is there without a value, or does not go with another.
 * @throws {RangeError} If a room key is not 32 bytes, or a password empty.
 * @throws {DOMException} `NotSupportedError` if there is no WebCrypto.
 */
export async function protect(
  settings: Settings,
  debug: Debug,
): Promise<(signaling: Signaling, fingerprint: string) => GuardedSignaling> {
  const { roomKey, password, party, room, onTrust } = settings;
  if (roomKey !== undefined && password !== undefined) {
    throw new TypeError(
      'Cannot connect: there must be "roomKey" or "password", not both',
    );
  }
  // Also one that is `undefined`: a link without its key must not lead to a room without one.
  if ("roomKey" in settings) checkRoomKey("connect", "roomKey", roomKey);
  if ("password" in settings && typeof password !== "string") {
    throw new TypeError(
      `Cannot connect: "password" must be a string, got ${typeof password}`,
    );
  }
  if (password === "") {
    throw new RangeError('Cannot connect: "password" must not be empty');
  }
  const identity = "identity" in settings
    ? readIdentity(settings.identity)
    : undefined;
  if ("onTrust" in settings) {
    if (typeof onTrust !== "function") {
      throw new TypeError(
        `Cannot connect: "onTrust" must be a function, got ${typeof onTrust}`,
      );
    }
    // Whoever has no identity can come again under another id.
    if (!identity) {
      throw new TypeError('Cannot connect: "onTrust" needs an "identity"');
    }
  }
  const crypto = requireCrypto(settings.crypto, "connect");
  const { subtle } = crypto;
  if (identity && await identityId(subtle, identity) !== identity.id) {
    throw new TypeError(
      'Cannot connect: "identity" must have the id of its public key',
    );
  }
  const secret = roomKey ?? password;
  const keys = secret === undefined
    ? undefined
    : await RoomSecret.make({ subtle, secret, party, room });
  return (signaling, fingerprint) =>
    new GuardedSignaling({
      signaling,
      crypto,
      party,
      room,
      fingerprint,
      secret: keys,
      identity,
      onTrust,
      debug,
    });
}
