import {
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type JWTVerifyOptions,
} from "jose";
import type { Authorize, Claims } from "./authorize.ts";
import { bearerToken } from "./offered.ts";
import { refusal } from "./refusal.ts";

/** Settings of {@linkcode jwtAuthorizer}. */
export type JwtAuthorizerOptions =
  & {
    /** What the claim `aud` must hold. @default {it is not looked at} */
    readonly audience?: string;
    /** What the claim `iss` must be. @default {it is not looked at} */
    readonly issuer?: string;
    /** The time, in milliseconds since the epoch. @default {Date.now} */
    readonly now?: () => number;
  }
  & ({
    /** Key of HS256, at least 32 bytes (RFC 7518 §3.2). */
    readonly secret: string;
  } | {
    /** Where the public keys are, as a JWK Set (RFC 7517 §5), for ES256, EdDSA and RS256. */
    readonly jwksUrl: string | URL;
  });

/** Bytes that a key of HS256 must have (RFC 7518 §3.2). */
export const MIN_SECRET_BYTES = 32;

/**
 * Lets in whoever has a JSON Web Token (RFC 7519) that is signed and has not
 * expired. Its claims bind: `exp` must be there, `room` is the one room it is
 * good for, `party` the one name space, `sub` the one id; without them it is
 * good for any.
 *
 * A token is looked at when a socket is opened. One that expires later ends
 * nothing, but does not resume either.
 *
 * @throws {RangeError} If the secret is too short.
 */
export function jwtAuthorizer(options: JwtAuthorizerOptions): Authorize {
  const { audience, issuer, now = Date.now } = options;
  const pause = new Pause(now);
  const verify = verifier(options, pause);
  return async (request) => {
    const token = bearerToken(request);
    if (token === undefined) return refusal("unauthorized");
    try {
      const { payload } = await verify(token, {
        ...(audience !== undefined && { audience }),
        ...(issuer !== undefined && { issuer }),
        requiredClaims: ["exp"],
        currentDate: new Date(now()),
      });
      // Whoever issues them need not keep to the types.
      for (const name of BINDING) {
        if (!["string", "undefined"].includes(typeof payload[name])) {
          return refusal("forbidden");
        }
      }
      return payload as Claims;
    } catch (error) {
      if (isTheirs(error)) return refusal("unauthorized");
      pause.begin();
      return refusal("unavailable");
    }
  };
}

/** Claims that are compared with what is asked for. */
const BINDING = ["sub", "room", "party"] as const;

type Verify = (
  token: string,
  options: JWTVerifyOptions,
) => Promise<{ payload: Record<string, unknown> }>;

/** Keys and algorithms belong together: a public key must never be taken for a secret (RFC 8725 §3.1). */
function verifier(options: JwtAuthorizerOptions, pause: Pause): Verify {
  if ("secret" in options) {
    const key = new TextEncoder().encode(options.secret);
    if (key.byteLength < MIN_SECRET_BYTES) {
      throw new RangeError(
        `Cannot make an authorizer: "secret" must have at least ${MIN_SECRET_BYTES} bytes, got ${key.byteLength}`,
      );
    }
    return (token, rest) =>
      jwtVerify(token, key, { ...rest, algorithms: ["HS256"] });
  }
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), {
    [customFetch]: async (url, options) => {
      if (pause.lasts) throw new Error("the issuer failed a moment ago");
      const response = await fetch(url, options);
      if (response.status === 200) return response;
      // Left unread, it would hold its connection.
      await response.body?.cancel();
      throw new Error(`the issuer answered ${response.status}`);
    },
  });
  return (token, rest) =>
    jwtVerify(token, keys, {
      ...rest,
      algorithms: ["ES256", "EdDSA", "Ed25519", "RS256"],
    });
}

/** Time after a failure of the issuer in which strangers with made-up tokens do not make us ask it again. */
class Pause {
  readonly #now: () => number;
  #beganAt = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether it lasts. A clock that goes back ends it. */
  get lasts(): boolean {
    const passed = this.#now() - this.#beganAt;
    return passed >= 0 && passed < PAUSE_MS;
  }

  begin(): void {
    if (!this.lasts) this.#beganAt = this.#now();
  }
}

const PAUSE_MS = 5_000;

/** Whether a token is to blame, and not that the keys could not be had. */
function isTheirs(error: unknown): boolean {
  return error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    // What the fetch of the keys failed with has no code of its own.
    error.code !== "ERR_JOSE_GENERIC";
}
