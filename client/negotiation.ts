import { fingerprintsOf } from "./fingerprint.ts";
import { Pace } from "./pace.ts";
import type { DescriptionSignal, PairSignalBody } from "./pair_signal.ts";

/** How long local candidates are gathered into one signal; the first goes out at once. */
const BATCH_MS = 20;
/** How many offers, and requests for one, of the other side are followed within a span: with their candidates they fill the way to the server, and others wait behind. */
const MAX_OFFERS = 64;
const MAX_RESTARTS = 8;
const SPAN_MS = 15_000;
/** Most remote candidates that wait for their description. */
const MAX_WAITING = 256;

/** What a negotiation needs. */
export interface NegotiationOptions {
  /** The connection to negotiate. Its `negotiationneeded` and `icecandidate` handlers are taken. */
  readonly pc: RTCPeerConnection;
  /** Whether this side gives way when both offer at once. */
  readonly polite: boolean;
  /** Says something to the other side, in order. */
  send(signal: PairSignalBody): void;
  /** Takes what the browser would not do. */
  onError(error: unknown): void;
  /** A description was refused that names another certificate than the one before, or several. */
  onImpostor(): void;
}

/**
 * Perfect negotiation (W3C WebRTC §10.7): either side may offer at any time,
 * and when both do, the polite one gives way by implicit rollback.
 */
export class Negotiation {
  readonly #options: NegotiationOptions;
  readonly #offersTaken = new Pace(MAX_OFFERS, SPAN_MS);
  readonly #restartsTaken = new Pace(MAX_RESTARTS, SPAN_MS);
  /** How many offers were made. */
  #offers = 0;
  /** Which one of the other side's offers was taken last. */
  #answered = 0;
  #certificate: string | undefined;
  #makingOffer = false;
  #unanswered = false;
  /** Whether an offer that restarts ICE is on its way, or about to be made. */
  #restarting = false;
  /** Whether the other side was asked to restart ICE, and has not. */
  #asking = false;
  #describing = false;
  #closed = false;
  #work: Promise<void> = Promise.resolve();
  #remote: RTCIceCandidateInit[] = [];
  #local: RTCIceCandidateInit[] = [];
  #batch: ReturnType<typeof setTimeout> | undefined;

  /** Starts to listen to `pc`. */
  constructor(options: NegotiationOptions) {
    this.#options = options;
    const { pc } = options;
    pc.onnegotiationneeded = () => this.offer();
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#gather(candidate.toJSON());
    };
  }

  /**
   * Takes a signal of the other side. One at a time: the checks below read the
   * state that the signal before has left behind.
   */
  receive(signal: PairSignalBody): void {
    this.#work = this.#work.then(async () => {
      if (this.#closed) return;
      if ("description" in signal) await this.#describe(signal);
      else if ("restart" in signal) this.#restartForOther();
      else if ("candidates" in signal) await this.#add(signal.candidates);
    }).catch((error) => {
      // Closing in the middle of an operation makes the browser refuse the next one.
      if (!this.#closed) this.#options.onError(error);
    });
  }

  /** Fingerprint of the other side's certificate, once it has described itself. */
  get certificate(): string | undefined {
    return this.#certificate;
  }

  /** Offers now. The first time this saves a task: `negotiationneeded` comes by itself, but later. */
  offer(): void {
    void this.#offer();
  }

  /** Whether the other side has described nothing since the last {@linkcode Negotiation.restart}. */
  get unanswered(): boolean {
    return this.#unanswered;
  }

  /**
   * Restarts ICE (W3C WebRTC §4.4.2). The polite side asks the other one for
   * it: should both offer, one is rolled back, which may cost Chromium its
   * candidates.
   */
  restart(): void {
    const { polite } = this.#options;
    this.#unanswered = true;
    this.#asking = polite;
    this.repeat();
    // An offer on its way may be of another network; the next one follows its answer.
    if (!polite) this.#restartIce();
  }

  /** Says again what got no answer: it may have got lost. */
  repeat(): void {
    if (this.#asking) this.#options.send({ restart: true });
    if (this.#options.pc.signalingState === "have-local-offer") {
      this.#sendDescription();
    }
  }

  /** Stops listening. Does not close the connection. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#batch);
    const { pc } = this.#options;
    pc.onnegotiationneeded = pc.onicecandidate = null;
  }

  async #offer(): Promise<void> {
    try {
      this.#makingOffer = true;
      await this.#sendLocalDescription();
    } catch (error) {
      if (!this.#closed) this.#options.onError(error);
    } finally {
      this.#makingOffer = false;
    }
  }

  async #describe(
    { description, offer }: DescriptionSignal,
  ): Promise<void> {
    const { pc, polite } = this.#options;
    if (description.type === "offer") {
      const collision = this.#makingOffer || pc.signalingState !== "stable";
      if (collision && !polite || !this.#offersTaken.allows()) return;
      this.#answered = offer;
    } else if (
      pc.signalingState !== "have-local-offer" || offer !== this.#offers
    ) {
      // An answer to an offer that was rolled back, answered already or never made.
      return;
    }
    // Firefox keeps to the certificate that it has seen, whatever is named later:
    // who is in between could name the true one then. And of several it is not known which one counts.
    const [named = "", ...more] = fingerprintsOf(description.sdp ?? "");
    if (more.length > 0 || named !== (this.#certificate ??= named)) {
      return this.#options.onImpostor();
    }
    // The other side may offer something else than the restart that it was asked for.
    if (ufragOf(description) !== ufragOf(pc.remoteDescription)) {
      this.#unanswered = this.#asking = this.#restarting = false;
    }
    // An offer that collides rolls back our own (JSEP, RFC 9429 §4.1.10.2).
    await pc.setRemoteDescription(description);
    await this.#addWaiting();
    if (description.type === "offer") await this.#sendLocalDescription();
  }

  #restartForOther(): void {
    // The answer to a restart that is on its way brings its new candidates as well.
    if (!this.#restarting && this.#restartsTaken.allows()) this.#restartIce();
  }

  #restartIce(): void {
    this.#restarting = this.#unanswered = true;
    this.#options.pc.restartIce();
  }

  async #sendLocalDescription(): Promise<void> {
    const { pc } = this.#options;
    // A candidate must not overtake the description that it belongs to.
    this.#describing = true;
    try {
      await pc.setLocalDescription();
      if (this.#closed) return;
      if (pc.localDescription?.type === "offer") this.#offers++;
      this.#sendDescription();
    } finally {
      this.#describing = false;
    }
    this.#flush();
  }

  #sendDescription(): void {
    const { pc, send } = this.#options;
    if (!pc.localDescription) return;
    const { type, sdp } = pc.localDescription;
    const offer = type === "offer" ? this.#offers : this.#answered;
    send({ description: { type, sdp }, offer });
  }

  async #add(candidates: readonly RTCIceCandidateInit[]): Promise<void> {
    for (const candidate of candidates) {
      this.#remote.push(candidate);
    }
    this.#remote.splice(0, this.#remote.length - MAX_WAITING);
    await this.#addWaiting();
  }

  /**
   * Adds the remote candidates that belong to the remote description. The
   * others wait: they came ahead of theirs, or belong to an offer we ignored.
   */
  async #addWaiting(): Promise<void> {
    const { pc } = this.#options;
    const sdp = pc.remoteDescription?.sdp;
    if (sdp === undefined) return;
    const waiting = this.#remote;
    this.#remote = [];
    for (const candidate of waiting) {
      const { usernameFragment } = candidate;
      if (
        !usernameFragment || sdp.includes(`a=ice-ufrag:${usernameFragment}\r`)
      ) {
        await pc.addIceCandidate(candidate).catch((error) => {
          if (!this.#closed) this.#options.onError(error);
        });
      } else {
        this.#remote.push(candidate);
      }
    }
  }

  #gather(candidate: RTCIceCandidateInit): void {
    this.#local.push(candidate);
    if (this.#batch === undefined) this.#flush();
  }

  #flush(): void {
    const candidates = this.#local;
    if (candidates.length === 0 || this.#describing || this.#closed) return;
    this.#local = [];
    this.#options.send({ candidates });
    clearTimeout(this.#batch);
    this.#batch = setTimeout(() => {
      this.#batch = undefined;
      this.#flush();
    }, BATCH_MS);
  }
}

/** What tells one ICE session from the next (RFC 8839 §5.4). */
function ufragOf(
  description: RTCSessionDescriptionInit | null,
): string | undefined {
  return /a=ice-ufrag:\S+/.exec(description?.sdp ?? "")?.[0];
}
