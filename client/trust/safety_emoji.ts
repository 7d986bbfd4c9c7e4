import { fromBase64url, toBase64url } from "./base64url.ts";
import { joinBytes, lengthPrefixed, utf8 } from "./bytes.ts";
import { emojiOf, type SafetyEmoji } from "./emoji.ts";
import { compareBytes, encodeSide, type SafetySide } from "./safety_number.ts";

const NONCE_BYTES = 32;

/** What digests begin with, each kind with its own. */
const COMMIT_LABEL = "webrtc safety emoji v1 commit";
const RESULT_LABEL = "webrtc safety emoji v1 result";

const EMOJI = 7;
/** Of an emoji: 2^6 are 64. */
const BITS = 6;

/** What a {@linkcode SafetyEmojiExchange} is made of. */
export interface SafetyEmojiExchangeOptions {
  readonly crypto: Crypto;
  /** The own side and the other one, as this page sees them. */
  readonly sides: readonly [own: SafetySide, other: SafetySide];
  /** Gives a text to the `receive` of the other side, in order. */
  send(text: string): void;
}

/**
 * Two pages agree on seven emoji, which are the same ones only if both see the
 * same two sides. To be short they must not be known before both are bound: of 42
 * bits somebody in between would find two certificates, one for each victim, that
 * lead to the same emoji, after about 2^21 tries. So each page first commits to a
 * nonce, and reveals it only when the other has committed too (the idea of the
 * hash commitment of RFC 6189 §4.4.1.1): whoever is in between has chosen its
 * nonces before it knows anything that the emoji depend on, and its one guess is
 * right once in 2^42 times.
 *
 * Therefore a pair has one exchange, for as long as it lasts: each new one is a new
 * guess.
 *
 * The texts are `commit.` and `reveal.`, followed by 32 bytes in base64url.
 */
export class SafetyEmojiExchange {
  readonly #options: SafetyEmojiExchangeOptions;
  readonly #own: Uint8Array;
  readonly #other: Uint8Array;
  readonly #nonce: Uint8Array;
  readonly #result = Promise.withResolvers<readonly SafetyEmoji[]>();
  #started = false;
  #over = false;
  /** Whether the nonce was sent. */
  #revealed = false;
  #ownCommit: string | undefined;
  #commit: string | undefined;
  #reveal: string | undefined;

  /** An exchange in which nothing has been said. */
  constructor(options: SafetyEmojiExchangeOptions) {
    this.#options = options;
    const [own, other] = options.sides;
    this.#own = encodeSide(own);
    this.#other = encodeSide(other);
    this.#nonce = options.crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    // It may fail before anybody asks.
    this.#result.promise.catch(() => {});
  }

  /**
   * The emoji, once the other side has asked for them too. Asked again, they are
   * the same ones, and so is the failure.
   *
   * @throws {DOMException} `DataError`, if the other side has not kept to the
   * protocol: it is broken, or somebody is in between. There is no second try.
   */
  start(): Promise<readonly SafetyEmoji[]> {
    if (!this.#started) {
      this.#started = true;
      this.#guard(() => this.#begin());
    }
    return this.#result.promise;
  }

  /** Takes a text of the other side. What is wrong with it is told by {@linkcode SafetyEmojiExchange.start}. */
  receive(text: string): void {
    if (this.#over) return;
    this.#guard(() => this.#take(text));
  }

  /** Ends it without a result, as when the other side has gone: `start` rejects with `reason`. */
  abort(reason: unknown): void {
    this.#over = true;
    this.#result.reject(reason);
  }

  async #begin(): Promise<void> {
    if (compareBytes(this.#own, this.#other) === 0) {
      refuse("the other side is this one");
    }
    const commit = await this.#commitTo(this.#own, this.#nonce);
    if (this.#over) return;
    this.#ownCommit = commit;
    this.#options.send(`commit.${commit}`);
    this.#revealInTurn();
  }

  #take(text: string): Promise<void> | void {
    const [, kind, value = ""] = /^(commit|reveal)\.(.*)$/.exec(text) ?? [];
    const bytes = fromBase64url(value);
    if (bytes?.length !== NONCE_BYTES) refuse("what came is malformed");
    if (kind === "commit") {
      // An own commit that came back would be followed by our nonce.
      if (value === this.#ownCommit) refuse("our own commit came back");
      if (value !== (this.#commit ??= value)) refuse("it committed twice");
      this.#revealInTurn();
    } else {
      // It reveals only when it has our commit, which we keep until we have asked.
      if (!this.#commit || !this.#ownCommit) refuse("it revealed too early");
      if (value === this.#reveal) return;
      if (this.#reveal !== undefined) refuse("it revealed twice");
      this.#reveal = value;
      return this.#end(bytes);
    }
  }

  /** The nonce is told when both are bound, never before. */
  #revealInTurn(): void {
    if (this.#revealed || !this.#ownCommit || !this.#commit) return;
    this.#revealed = true;
    this.#options.send(`reveal.${toBase64url(this.#nonce)}`);
  }

  async #end(nonce: Uint8Array): Promise<void> {
    if (await this.#commitTo(this.#other, nonce) !== this.#commit) {
      refuse("it revealed something else than it had committed to");
    }
    const sides = [
      [this.#own, this.#nonce] as const,
      [this.#other, nonce] as const,
    ].sort(([one], [other]) => compareBytes(one, other));
    const digest = await this.#digest(
      RESULT_LABEL,
      ...sides.map(([side]) => side),
      ...sides.map(([, nonce]) => nonce),
    );
    this.#over = true;
    this.#result.resolve(emojiFrom(digest));
  }

  async #commitTo(side: Uint8Array, nonce: Uint8Array): Promise<string> {
    return toBase64url(await this.#digest(COMMIT_LABEL, side, nonce));
  }

  async #digest(label: string, ...parts: Uint8Array[]): Promise<Uint8Array> {
    const { subtle } = this.#options.crypto;
    const all = [utf8(label), ...parts].map(lengthPrefixed);
    return new Uint8Array(await subtle.digest("SHA-256", joinBytes(...all)));
  }

  /** Does a step; if it fails, so does all. */
  async #guard(step: () => Promise<void> | void): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.abort(error);
    }
  }
}

function refuse(what: string): never {
  throw new DOMException(`Cannot compare emoji: ${what}`, "DataError");
}

/** The first 42 bits, six by six. */
function emojiFrom(digest: Uint8Array): SafetyEmoji[] {
  const bits = [...digest].map((byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  return Array.from({ length: EMOJI }, (_, index) => {
    const at = index * BITS;
    return emojiOf(parseInt(bits.slice(at, at + BITS), 2));
  });
}
