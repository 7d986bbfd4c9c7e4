import type { ClientMessage, Welcome } from "../../protocol.ts";
import type { Ledger } from "./ledger.ts";
import { Membership } from "./membership.ts";

/** What a visitor wants when it comes, and until when it must get it. */
export interface Claim {
  readonly room: string;
  readonly id: string;
  /** The session that it was in. */
  readonly before?: Membership;
  /** That one must go on if the welcome comes until then, and may later; `undefined` if it must be over. */
  readonly livesUntil?: number;
}

/** What a welcome comes to: the session, and what the server has to be told again. Complains if it is not what was claimed. */
export function redeem(
  { room, id, before, livesUntil }: Claim,
  welcome: Welcome,
  { ledger, now }: { ledger: Ledger; now: number },
): { membership: Membership; rest: readonly ClientMessage[] } {
  const { session, joinedAt } = welcome;
  ledger.count(before ? `back, ${session}` : session);
  if (session === "resumed" && before && livesUntil !== undefined) {
    return { membership: before, rest: before.resume(welcome) };
  }
  const inTime = livesUntil !== undefined && now < livesUntil;
  if (session !== "new" || inTime || welcome.id !== id) {
    ledger.complain(`${id} was welcomed as ${welcome.id}, ${session}`);
  }
  if (before && joinedAt <= before.joinedAt) {
    ledger.complain(`${id} joined at ${before.joinedAt}, then at ${joinedAt}`);
  }
  return { membership: new Membership(room, welcome, ledger), rest: [] };
}
