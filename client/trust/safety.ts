import type { Comparison } from "../data/data_plane.ts";
import { requireCrypto } from "./require_crypto.ts";
import { SafetyEmojiExchange } from "./safety_emoji.ts";
import { safetyNumber, type SafetySide } from "./safety_number.ts";

/** Two sides, as this page sees them. */
export type SafetySides = readonly [own: SafetySide, other: SafetySide];

/**
 * The safety number of two sides.
 *
 * @throws {DOMException} `NotSupportedError` if there is no WebCrypto.
 */
export function numberOf(
  crypto: Crypto | undefined,
  sides: SafetySides,
): Promise<string> {
  const { subtle } = requireCrypto(crypto, "make safety number");
  return safetyNumber(subtle, ...sides);
}

/**
 * A comparison of emoji by two sides.
 *
 * @throws {DOMException} `NotSupportedError` if there is no WebCrypto.
 */
export function comparisonOf(
  crypto: Crypto | undefined,
  sides: SafetySides,
  send: (text: string) => void,
): Comparison {
  return new SafetyEmojiExchange({
    crypto: requireCrypto(crypto, "compare emoji"),
    sides,
    send,
  });
}
