import { fingerprintsOf } from "../fingerprint.ts";
import { parsePairSignal } from "../pair_signal.ts";
import type { UntrustedCode } from "../untrusted.ts";
import { joinBytes, sameBytes, utf8 } from "./bytes.ts";
import { type Card, readIntroduction, writeIntroduction } from "./card.ts";
import { type Identity, identityId, sign, verify } from "./identity.ts";
import { type PeerSession, PeerSessions } from "./peer_sessions.ts";
import type { RoomSecret } from "./room_secret.ts";
import {
  FRAME,
  type Frame,
  frameChars,
  frameContext,
  type FrameHead,
  type FrameKind,
  IV_BYTES,
  readBody,
  readFrame,
  SESSION_BYTES,
  SIGNATURE_BYTES,
  writeFrame,
  writeHead,
} from "./sealed_frame.ts";

const EVERYBODY = new Uint8Array(SESSION_BYTES);

/** What a guard is made of. */
export interface GuardOptions {
  readonly crypto: Crypto;
  readonly party: string;
  readonly room: string;
  /** Own peer id. */
  readonly id: string;
  /** Fingerprint of the certificate of all our connections. */
  readonly fingerprint: string;
  /** Keys of the room, if it has any. */
  readonly secret: RoomSecret | undefined;
  /** Who we are, if we prove it. */
  readonly identity: Identity | undefined;
}

/** What was found in a frame. */
export type Opened =
  | { readonly refused: UntrustedCode; readonly frame?: Frame }
  /** A session that has not introduced itself. */
  | { readonly unknown: Frame }
  | {
    readonly session: PeerSession;
    /** Whether the session is now the one of its peer, and was not before. */
    readonly adopted: boolean;
    /** Whether it wants to be greeted. */
    readonly ask: boolean;
    /** The text of a signal. */
    readonly signal?: string;
    /** Whether some before it are missing. */
    readonly missing?: boolean;
  };

/** Seals and signs what we say, and finds out who says what. Says nothing itself. */
export class Guard {
  /** Names this page to the others, for as long as its connection lives. */
  readonly session: Uint8Array<ArrayBuffer>;
  readonly #options: GuardOptions;
  readonly #card: Card;
  readonly #sessions = new PeerSessions();
  #published = 0;
  #greeted = 0;

  /** Knows nobody yet. */
  constructor(options: GuardOptions) {
    const { crypto, fingerprint, identity } = options;
    this.#options = options;
    this.session = crypto.getRandomValues(new Uint8Array(SESSION_BYTES));
    this.#card = identity ? { fingerprint, identity } : { fingerprint };
  }

  /** The session of a peer. */
  current(peer: string): PeerSession | undefined {
    return this.#sessions.current(peer);
  }

  /** The peer has left. What its session has said is remembered. */
  forget(peer: string): void {
    this.#sessions.forget(peer);
  }

  /** What our presence is published as. */
  sealPresence(presence: string | null): Promise<string> {
    return this.#seal(
      FRAME.presence,
      { to: "", receiver: EVERYBODY, counter: ++this.#published },
      writeIntroduction({ card: this.#card, presence, ask: false }),
    );
  }

  /** How many characters that takes. */
  presenceChars(presence: string | null): number {
    const { secret, identity } = this.#options;
    const text = { card: this.#card, presence, ask: false };
    return frameChars(utf8(writeIntroduction(text)).length, {
      keyId: secret?.keyId,
      signed: identity !== undefined,
    });
  }

  /** A word to a peer whose session need not be known; with `ask`, one that wants an answer. */
  sealHello(
    to: string,
    receiver: Uint8Array<ArrayBuffer> | undefined,
    ask: boolean,
  ): Promise<string> {
    return this.#seal(
      FRAME.hello,
      { to, receiver: receiver ?? EVERYBODY, counter: ++this.#greeted },
      writeIntroduction({ card: this.#card, ask }),
    );
  }

  /** A signal to the session of a peer. */
  sealSignal(
    { peer: to, bytes: receiver, card, keys }: PeerSession,
    counter: number,
    generation: number,
    text: string,
  ): Promise<string> {
    const { fingerprint } = card;
    const { secret } = this.#options;
    const key = keys.ours ??= secret?.key(FRAME.signal, this.session, receiver);
    return this.#seal(
      FRAME.signal,
      { to, receiver, counter, generation, fingerprint, key },
      text,
    );
  }

  /** Finds out what a peer has said: published, or told us alone. One at a time for each peer. */
  async open(
    from: string,
    text: string,
    published: boolean,
  ): Promise<Opened> {
    const { secret, identity, id } = this.#options;
    const frame = readFrame(text);
    if (!frame) {
      const plain = !/^(sealed|signed)\./.test(text);
      const missing = secret ? "key-mismatch" : "identity-missing";
      return { refused: plain ? missing : "forged" };
    }
    const refuse = (refused: UntrustedCode) => ({ refused, frame });
    const { kind, keyId, sender, receiver } = frame;
    const ours = from === id || sameBytes(sender, this.session);
    if (ours) return refuse("reflected");
    const ourKey = secret?.keyId;
    const sameKey = keyId && ourKey
      ? sameBytes(keyId, ourKey)
      : keyId === ourKey;
    if (!sameKey) return refuse("key-mismatch");
    if (frame.signed !== (identity !== undefined)) {
      return refuse("identity-missing");
    }
    if (published !== (kind === FRAME.presence)) return refuse("forged");
    const known = this.#sessions.find(from, sender);
    const forUs = sameBytes(receiver, this.session);
    const forAll = sameBytes(receiver, EVERYBODY);
    const meant = kind === FRAME.presence
      ? forAll
      : forUs || kind === FRAME.hello && forAll;
    if (!meant) {
      return refuse(this.#sessions.isOfAnybody(receiver) ? "forged" : "stale");
    }
    if (kind === FRAME.signal && !known) {
      return this.#sessions.isOfAnybody(sender)
        ? refuse("forged")
        : { unknown: frame };
    }

    const { fingerprint } = this.#options;
    const context = this.#context(frame.head, kind, {
      from,
      to: published ? "" : this.#options.id,
      fingerprints: [known?.card.fingerprint ?? "", fingerprint],
    });
    const content = await this.#unseal(frame, context, known);
    if (!content) return refuse("forged");
    const signature = content.subarray(0, frame.signed ? SIGNATURE_BYTES : 0);
    const said = content.subarray(signature.length);
    const decoded = decode(said);
    if (decoded === undefined) return refuse("forged");
    const introduction = kind === FRAME.signal
      ? undefined
      : readIntroduction(decoded);
    const card = known?.card ?? introduction?.card;
    if (!card) return refuse("forged");
    if (identity) {
      const code = await this.#doubt(
        known,
        from,
        card,
        signature,
        context,
        said,
      );
      if (code) return refuse(code);
    }
    // One that tells another story than before is no honest one.
    if (
      introduction && introduction.card.fingerprint !== card.fingerprint
    ) return refuse("forged");

    // Another frame of it may have been opened at the same time.
    const session = this.#sessions.find(from, sender) ??
      this.#sessions.begin(
        from,
        sender,
        // What nobody has signed proves nothing.
        identity ? card : { fingerprint: card.fingerprint },
      );
    if (kind === FRAME.signal) return this.#hear(session, frame, decoded);
    const last = published ? session.published : session.greeted;
    const { counter } = frame;
    // A presence is told again to whom it was told: by every welcome.
    const replayed = published ? counter < last : counter <= last;
    if (replayed) return refuse("replayed");
    if (published) {
      session.published = counter;
      session.presence = introduction?.presence ?? null;
    } else session.greeted = counter;
    const adopted = this.#sessions.adopt(session, forUs);
    return { session, adopted, ask: introduction?.ask ?? false };
  }

  #hear(session: PeerSession, frame: Frame, text: string): Opened {
    const refuse = (refused: UntrustedCode) => ({ refused, frame });
    const { counter, generation } = frame;
    if (counter <= session.heard) return refuse("replayed");
    const missing = counter > session.heard + 1;
    session.heard = counter;
    const signal = parsePairSignal(text);
    if (signal?.generation !== generation) return refuse("forged");
    if ("description" in signal) {
      const [named, ...others] = fingerprintsOf(
        signal.description.sdp ?? "",
      );
      if (named !== session.card.fingerprint || others.length > 0) {
        return refuse("fingerprint-mismatch");
      }
    }
    const adopted = this.#sessions.adopt(session, true);
    return { session, adopted, ask: false, signal: text, missing };
  }

  /** Why a card is not of whom it says, or did not sign this; `undefined` if all is well. */
  async #doubt(
    known: PeerSession | undefined,
    from: string,
    { identity }: Card,
    signature: Uint8Array<ArrayBuffer>,
    context: Uint8Array<ArrayBuffer>,
    said: Uint8Array<ArrayBuffer>,
  ): Promise<UntrustedCode | undefined> {
    const { crypto: { subtle } } = this.#options;
    // That of a known session was looked at when it came.
    const itsOwn = known?.identity?.id === from ||
      identity && await identityId(subtle, identity) === from;
    if (!identity || !itsOwn) {
      return "identity-mismatch";
    }
    const signed = joinBytes(context, said);
    return await verify(subtle, identity, signature, signed)
      ? undefined
      : "forged";
  }

  async #seal(
    kind: FrameKind,
    { to, receiver, counter, generation = 0, fingerprint = "", key }:
      & Pick<FrameHead, "receiver" | "counter">
      & {
        to: string;
        generation?: number;
        fingerprint?: string;
        key?: Promise<CryptoKey> | undefined;
      },
    text: string,
  ): Promise<string> {
    const { crypto, id: from, secret, identity } = this.#options;
    const { subtle } = crypto;
    const sender = this.session;
    const head = writeHead({
      kind,
      keyId: secret?.keyId,
      signed: identity !== undefined,
      sender,
      receiver,
      generation,
      counter,
    });
    const context = this.#context(head, kind, {
      from,
      to,
      fingerprints: [this.#options.fingerprint, fingerprint],
    });
    let content = utf8(text);
    if (identity) {
      const signed = joinBytes(context, content);
      content = joinBytes(await sign(subtle, identity, signed), content);
    }
    if (secret) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const algorithm = { name: "AES-GCM", iv, additionalData: context };
      const sealed = await subtle.encrypt(
        algorithm,
        await (key ?? secret.key(kind, sender, receiver)),
        content,
      );
      content = joinBytes(iv, new Uint8Array(sealed));
    }
    return writeFrame(head, content);
  }

  /** What was sealed; `undefined` if it was not sealed so. */
  async #unseal(
    frame: Frame,
    additionalData: Uint8Array<ArrayBuffer>,
    session: PeerSession | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { crypto: { subtle }, secret } = this.#options;
    const { kind, sender, receiver } = frame;
    const body = readBody(frame);
    if (!body || !secret) return body;
    const iv = body.subarray(0, IV_BYTES);
    const make = () => secret.key(kind, sender, receiver);
    const key =
      await (session && kind === FRAME.signal
        ? session.keys.theirs ??= make()
        : make());
    try {
      const algorithm = { name: "AES-GCM", iv, additionalData };
      const sealed = body.subarray(IV_BYTES);
      return new Uint8Array(await subtle.decrypt(algorithm, key, sealed));
    } catch {
      // WebCrypto says no more than that (Web Cryptography API §29.4.2).
      return undefined;
    }
  }

  #context(
    head: Uint8Array<ArrayBuffer>,
    kind: FrameKind,
    place: Pick<
      Parameters<typeof frameContext>[1],
      "from" | "to" | "fingerprints"
    >,
  ): Uint8Array<ArrayBuffer> {
    const { party, room } = this.#options;
    return frameContext(head, {
      ...place,
      party,
      room,
      // Where a card is told, the certificates are not known yet.
      ...(kind === FRAME.signal ? {} : { fingerprints: ["", ""] as const }),
    });
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
