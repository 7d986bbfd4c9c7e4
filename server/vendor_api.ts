import type { IceServer } from "../protocol.ts";
import { hasTurn, usableIceServers } from "./ice_servers.ts";
import { TurnError } from "./turn_provider.ts";

/** Largest answer that is read; those that are documented have two kilobytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** One request to a vendor. */
export interface VendorRequest {
  /** Where to. */
  readonly url: string;
  /** HTTP method. */
  readonly method: "GET" | "POST";
  /** Headers; who asks is among them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Body. */
  readonly body?: BodyInit;
  /** Ends the request. */
  readonly signal: AbortSignal;
}

/**
 * The HTTP API of a vendor of TURN credentials. What it rejects with is a
 * {@linkcode TurnError} in our own words, or the reason of the signal: a
 * vendor's words may quote a secret, and so may the error of `fetch`, which
 * quotes the URL. Neither is passed on, as a cause neither.
 */
export class VendorApi {
  readonly #vendor: string;
  readonly #fetch: typeof fetch;

  /** The API of `vendor`, by its name in messages. */
  constructor(vendor: string, fetch: typeof globalThis.fetch) {
    this.#vendor = vendor;
    this.#fetch = fetch;
  }

  /** Sends a request. Resolves with the answer, whatever its status. */
  async send({ url, signal, ...rest }: VendorRequest): Promise<Response> {
    try {
      // A redirect would carry the secret elsewhere.
      return await this.#fetch(url, { ...rest, redirect: "error", signal });
    } catch {
      if (signal.aborted) throw signal.reason;
      throw new TurnError(`${this.#vendor} cannot be reached`);
    }
  }

  /** The JSON of an answer that must be of success. */
  async json(response: Response, signal: AbortSignal): Promise<unknown> {
    await this.expectOk(response);
    try {
      return JSON.parse(await textOf(response));
    } catch {
      if (signal.aborted) throw signal.reason;
      throw new TurnError(
        `${this.#vendor} answered with something that is not JSON, or too much of it`,
      );
    }
  }

  /**
   * What browsers can use of a list that it answered with.
   *
   * @throws {TurnError} If there is no credential of TURN among it.
   */
  iceServers(list: unknown): IceServer[] {
    const iceServers = usableIceServers(list);
    if (hasTurn(iceServers)) return iceServers;
    throw new TurnError(`${this.#vendor} answered without credentials`);
  }

  /** Rejects if an answer is of no success, and leaves its body unread. */
  async expectOk(response: Response): Promise<void> {
    if (response.ok) return;
    await response.body?.cancel();
    throw new TurnError(`${this.#vendor} answered ${response.status}`);
  }
}

/** The body of an answer, unless there is no end of it. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError("Too large");
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
