import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Length that a secret must have; a word is guessed. */
export const MIN_SECRET_CHARS = 16;

/** The seat that a token is for. */
export interface TokenSeat {
  /** Key of the room. */
  readonly key: string;
  /** Id of the peer. */
  readonly id: string;
}

/** What a token says. */
export interface ResumeClaim {
  /** When the peer joined; its roles follow from that. */
  readonly joinedAt: number;
  /** Counts the tokens of a membership, across servers. */
  readonly sequence: number;
  /** The run of a server that minted it. */
  readonly boot: string;
  /** Whether it was signed with our secret, for this very seat. */
  readonly proven: boolean;
}

/**
 * Mints and reads the tokens with which a peer resumes its session: what they
 * say in the open, then HMAC-SHA256 (RFC 2104) of that, the room and the id.
 * A token of another secret is read, and is not proven.
 */
export class ResumeTokens {
  /** Names this run of the server: it knows all sessions whose tokens it minted. */
  readonly boot: string = randomBytes(6).toString("base64url");
  readonly #secret: string | Uint8Array;

  /** Without a secret, one that no other server has. */
  constructor(secret?: string) {
    this.#secret = secret ?? randomBytes(32);
  }

  /** A token made of letters, digits, `-`, `_` and `.` only, as a subprotocol must be (RFC 6455 §4.1). */
  mint(seat: TokenSeat, joinedAt: number, sequence: number): string {
    const said = `${joinedAt}.${sequence}.${this.boot}`;
    return `${said}.${this.#sign(seat, said)}`;
  }

  /** What a token says; `undefined` when it has not the form of one. Never throws. */
  read(seat: TokenSeat, token: string): ResumeClaim | undefined {
    const [, said, joinedAt, sequence, boot, signature] =
      /^((\d{1,16})\.(\d{1,15})\.([\w-]{8}))\.([\w-]{43})$/.exec(token) ?? [];
    if (!said || !boot || !signature) return;
    const expected = this.#sign(seat, said);
    return {
      joinedAt: Number(joinedAt),
      sequence: Number(sequence),
      boot,
      proven: timingSafeEqual(Buffer.from(signature), Buffer.from(expected)),
    };
  }

  #sign({ key, id }: TokenSeat, said: string): string {
    // No name holds a control character, so nothing can be shifted from one part to the next.
    return createHmac("sha256", this.#secret)
      .update(`webrtc resume\0${key}\0${id}\0${said}`).digest("base64url");
  }
}
