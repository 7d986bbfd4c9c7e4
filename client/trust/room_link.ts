import { fromBase64url, toBase64url } from "./base64url.ts";

/** Of a room key. */
const KEY_BYTES = 32;

/** The parameter of a fragment that holds a key, also where a program that passed it on has encoded its equals sign, cut off its value or changed its case. */
const PARAMETER = /^key(?:=|%3d|$)/i;

/**
 * Makes a room key: 32 random bytes. Whoever has it can be in the room, and
 * nobody else, whatever the signaling server does.
 *
 * @example
 * ```ts
 * import { createRoomKey, roomLink } from "@x/webrtc";
 *
 * const key = createRoomKey();
 * roomLink("https://example.com/lobby", key); // to be given to those who may come
 * ```
 */
export function createRoomKey(): Uint8Array<ArrayBuffer> {
  // Pages that came over plain HTTP have it too.
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES));
}

/**
 * The address `url` with a room key in its fragment, which browsers send to no
 * server. A key that was there is replaced; other parameters of the fragment stay.
 *
 * @throws {TypeError} If `url` is no absolute URL, or `key` no Uint8Array.
 * @throws {RangeError} If `key` has not 32 bytes.
 */
export function roomLink(url: string | URL, key: Uint8Array): string {
  checkRoomKey("make room link", "key", key);
  const link = new URL(url);
  const others = parametersOf(link).filter((each) => !PARAMETER.test(each));
  link.hash = [...others, `key=${toBase64url(key)}`].join("&");
  return link.href;
}

/**
 * The room key of a link that {@linkcode roomLink} made; `undefined` if there is
 * none in its fragment.
 *
 * @example
 * ```ts no-eval
 * import { connect, roomKeyFromLink } from "@x/webrtc";
 *
 * const roomKey = roomKeyFromLink(location.href);
 * if (!roomKey) throw new Error("Ask for a link to this room");
 * await using connection = await connect({
 *   host: "example.com",
 *   room: "lobby",
 *   roomKey,
 * });
 * ```
 *
 * @throws {TypeError} If `url` is no absolute URL, or there is a key that is
 * damaged, or more than one: such a link must not lead into a room without a key.
 */
export function roomKeyFromLink(
  url: string | URL,
): Uint8Array<ArrayBuffer> | undefined {
  const found = parametersOf(new URL(url)).filter((each) =>
    PARAMETER.test(each)
  );
  const [parameter] = found;
  if (parameter === undefined) return;
  const key = fromBase64url(parameter.replace(PARAMETER, ""));
  if (found.length === 1 && key?.length === KEY_BYTES) return key;
  // What is there is not told: most of it may be a secret.
  throw new TypeError(
    `Cannot read room key: "key" in the fragment must be ${KEY_BYTES} bytes, as 43 characters of base64url`,
  );
}

/**
 * Checks what somebody gave as a room key.
 *
 * @param action What cannot be done with another one, as in "connect".
 * @param option Name of the option or argument.
 * @throws {TypeError} If it is no Uint8Array.
 * @throws {RangeError} If it has not 32 bytes.
 */
export function checkRoomKey(
  action: string,
  option: string,
  key: unknown,
): asserts key is Uint8Array {
  const must = `Cannot ${action}: "${option}" must be `;
  if (!(key instanceof Uint8Array)) {
    throw new TypeError(`${must}a Uint8Array, got ${typeof key}`);
  }
  if (key.length !== KEY_BYTES) {
    throw new RangeError(`${must}${KEY_BYTES} bytes, got ${key.length}`);
  }
}

function parametersOf(url: URL): string[] {
  return url.hash.slice(1).split("&").filter(Boolean);
}
