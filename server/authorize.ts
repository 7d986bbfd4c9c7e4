import { isName, type RefusalCode } from "../protocol.ts";
import type { AllowsOrigin } from "./origins.ts";

/** What somebody wants to join. */
export interface Asked {
  /** Name space of the room. */
  readonly party: string;
  /** Name of the room. */
  readonly room: string;
  /** The id that is claimed; `undefined` where the server chooses it. */
  readonly id: string | undefined;
}

/** What is known of somebody who may join. Those that are named bind; the rest is the app's. */
export interface Claims {
  /** The only room it is good for. Any other is refused with `forbidden`. */
  readonly room?: string;
  /** The only name space it is good for. Any other is refused with `forbidden`. */
  readonly party?: string;
  /** The only id it is good for. Any other is refused with `forbidden`; a peer without an id gets it. */
  readonly sub?: string;
  /** Whatever else the app wants to know. */
  readonly [name: string]: unknown;
}

/**
 * Decides who may join a room, and ask for its TURN credentials. Called before
 * the upgrade, at each attempt, so also when a session is resumed.
 *
 * @returns Who it is, or the answer to refuse it with; `refusal(code)` makes one.
 */
export type Authorize = (
  request: Request,
  asked: Asked,
) => Claims | Response | Promise<Claims | Response>;

/** Who may use the server. */
export interface Admission {
  /** Pages of which origins. */
  readonly allowsOrigin: AllowsOrigin;
  /** Who, if that is asked at all. */
  readonly authorize: Authorize | undefined;
  /** Longest id. */
  readonly idChars: number;
}

/** The id of somebody who may come in, or why not. */
export type Admitted =
  | { readonly id: string | undefined }
  | { readonly refused: RefusalCode | Response };

/** Asks everything that can be asked before anybody looks at the room. */
export async function admit(
  request: Request,
  asked: Asked,
  { allowsOrigin, authorize, idChars }: Admission,
): Promise<Admitted> {
  // What is no browser sends none, and could send any.
  const origin = request.headers.get("origin");
  if (origin !== null && !allowsOrigin(origin)) {
    return { refused: "bad-origin" };
  }
  if (!authorize) return { id: asked.id };
  const claims = await authorize(request, asked);
  if (claims instanceof Response) return { refused: claims };
  const { room = asked.room, party = asked.party, sub = asked.id } = claims;
  const fits = room === asked.room && party === asked.party &&
    (asked.id === undefined || sub === asked.id) &&
    (sub === undefined || isName(sub, idChars));
  return fits ? { id: sub } : { refused: "forbidden" };
}
