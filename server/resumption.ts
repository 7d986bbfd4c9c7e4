import type { ResumeClaim } from "./resume_token.ts";

/** What a session knows of the tokens that were given out for it. */
export interface Ticket {
  /** When its peer joined. */
  readonly joinedAt: number;
  /** The token of its last welcome. */
  readonly current: string | undefined;
  /** The token before, until the peer has shown that it has the current one: a welcome can get lost. */
  readonly previous: string | undefined;
  /** What it was restored by, if this server did not see the peer join. */
  readonly origin: ResumeClaim | undefined;
}

/** A token as a client shows it. */
export interface ShownToken {
  /** As it came. */
  readonly token: string;
  /** What it says. */
  readonly claim: ResumeClaim;
}

/**
 * Whether whoever shows a token may have a living session.
 *
 * - `if-silent`: it is the token of the session; but one whose socket answers keeps it
 * - `at-once`: it is newer than what the session was restored by, which was a stolen or a forged token
 * - `never`: it is neither
 */
export function mayResume(
  ticket: Ticket,
  { token, claim }: ShownToken,
  boot: string,
): "if-silent" | "at-once" | "never" {
  if (token === ticket.current || token === ticket.previous) return "if-silent";
  const { origin } = ticket;
  // A run of this server knows its own last token; only an earlier run can have minted a newer one than the origin.
  const newer = origin !== undefined && claim.proven && claim.boot !== boot &&
    claim.joinedAt === ticket.joinedAt &&
    (!origin.proven || claim.sequence > origin.sequence);
  return newer ? "at-once" : "never";
}

/** How long after the start of a server its peers may still be on their way back: their longest retry, beside the grace. Five seconds of waiting, and four until an attempt that gets no answer is given up. */
const RETURN_MS = 10_000;

/**
 * Whether whoever shows a token may have an id that somebody else has taken
 * since the server was started: it was the owner's before, with proof, and the
 * time in which it may come back is not over. Later an old token is worth
 * nothing against a peer that has lived under the name since.
 */
export function mayReclaim(
  ticket: Ticket,
  { claim }: ShownToken,
  options: {
    boot: string;
    now: number;
    startedAt: number;
    graceMs: number;
  },
): boolean {
  const { boot, now, startedAt, graceMs } = options;
  return ticket.origin === undefined && claim.proven && claim.boot !== boot &&
    claim.joinedAt < startedAt && now >= startedAt &&
    now < startedAt + graceMs + RETURN_MS;
}

/**
 * What a token is worth when its session is not here: the membership it speaks
 * of, or nothing. A session that this run has ended is over. What another
 * server signed, or seems to have, is taken at its word, as anyone may claim an
 * id that is free.
 */
export function mayRestore(
  { claim }: ShownToken,
  options: { boot: string; now: number },
): ResumeClaim | undefined {
  if (claim.boot === options.boot) return;
  // Clocks of servers differ; without proof nobody comes from the future.
  const plausible = claim.proven || claim.joinedAt <= options.now;
  return plausible && claim.joinedAt > 0 ? claim : undefined;
}
