import type { TurnStatus } from "../protocol.ts";
import { Negotiation } from "./negotiation.ts";
import { type NoPathReason, whyNoPath } from "./pair_reason.ts";
import type { PairSignalBody } from "./pair_signal.ts";
import { isChannel } from "./data/channels.ts";
import type { DataPlane } from "./data/data_plane.ts";
import { readRoute, type Route } from "./path.ts";
import type { Line } from "./peer_connections.ts";

/** How often the route is read: it may change, and not every browser says when. */
const ROUTE_MS = 5_000;
/** Most that may come before the other side has said who it is. */
const MAX_EARLY = 1024;
const MAX_EARLY_BYTES = 2 ** 20;
/** Most errors of candidates that are kept. */
const MAX_ERRORS = 32;

/** What a link needs, and whom it tells. */
export interface LinkOptions {
  /** The connection to use, fresh, with its default channel. The link closes it. */
  readonly line: Line;
  /** Whether this side gives way when both offer at once. */
  readonly polite: boolean;
  /** What travels over it, beside what the app sends on channels of its own. */
  readonly plane: Pick<DataPlane, "attach" | "detach" | "adopt">;
  /** Labels of the channels that this side makes: those that are there already, then those that the app makes and has not closed. */
  readonly made: Set<string>;
  /** Says something to the other side, in order. */
  send(signal: PairSignalBody): void;
  /** The state of the connection, or of its default channel, changed. */
  onChange(): void;
  /** The route has become known, or another. */
  onRoute(): void;
  /** A channel opened; the default one first, once. */
  onOpen(channel: RTCDataChannel): void;
  /** Something arrived on a channel that has opened. */
  onMessage(data: string | ArrayBuffer): void;
  /** A channel that had opened closed. */
  onClose(channel: RTCDataChannel): void;
  /** The other side added a media track. */
  onTrack(event: RTCTrackEvent): void;
  /** Takes what the browser would not do. */
  onError(error: unknown): void;
  /** {@linkcode NegotiationOptions.onImpostor} */
  onImpostor(): void;
}

/** One generation of a pair: one RTCPeerConnection, its negotiation, its channels. It reports and decides nothing. */
export class Link {
  readonly pc: RTCPeerConnection;
  /** The default channel. */
  readonly channel: RTCDataChannel;
  readonly #options: LinkOptions;
  readonly #negotiation: Negotiation;
  readonly #channels = new Map<string, RTCDataChannel>();
  readonly #opened = new Set<RTCDataChannel>();
  readonly #errors: { url: string; code: number }[] = [];
  /** Whether the other side has said over this connection who it is, where it has to. */
  #named = false;
  /** What has come before that. */
  #early: (() => void)[] = [];
  #earlyBytes = 0;
  #closed = false;
  #route: Route | undefined;
  #reading: ReturnType<typeof setInterval> | undefined;

  /** Listens to the connection, and waits for the other side unless {@linkcode Link.offer} is called. */
  constructor(options: LinkOptions) {
    const { line, plane, made } = options;
    const { pc, channel, messages, requests, files } = line;
    this.pc = pc;
    this.channel = channel;
    this.#options = options;
    this.#negotiation = new Negotiation({ ...options, pc });
    this.#watch(channel);
    plane.attach(line, () => this.#name());
    for (const each of [messages, requests, files]) {
      each.onclose = () => this.#closed || options.onChange();
    }
    pc.ondatachannel = ({ channel }) => {
      if (isChannel(channel)) return plane.adopt(channel);
      if (!this.#channels.has(channel.label)) {
        this.#channels.set(channel.label, channel);
      }
      this.#watch(channel);
    };
    pc.onconnectionstatechange = () => options.onChange();
    pc.ontrack = (event) => this.#whenNamed(() => options.onTrack(event));
    pc.onicecandidateerror = ({ url, errorCode: code }) => {
      if (this.#errors.length < MAX_ERRORS) this.#errors.push({ url, code });
    };
    for (const label of made) this.channelNamed(label);
  }

  /** Whether the default channel has opened. */
  get open(): boolean {
    return this.#opened.has(this.channel);
  }

  /** Whether a channel without which nothing goes on has closed. */
  get broken(): boolean {
    const { channel, messages, requests, files } = this.#options.line;
    return [channel, messages, requests, files].some(({ readyState }) =>
      /^clos/.test(readyState)
    );
  }

  /** How packets travel; `undefined` until that is known. */
  get route(): Route | undefined {
    return this.#route;
  }

  /** Whether the other side has described nothing since it was last offered to, or asked for an offer. */
  get unanswered(): boolean {
    return this.#negotiation.unanswered;
  }

  /** {@linkcode Negotiation.certificate} */
  get certificate(): string | undefined {
    return this.#negotiation.certificate;
  }

  /** Makes the first offer. */
  offer(): void {
    this.#negotiation.offer();
  }

  /** Restarts ICE, or asks the other side to. */
  restart(): void {
    this.#negotiation.restart();
  }

  /** Says again what got no answer. */
  repeat(): void {
    this.#negotiation.repeat();
  }

  /** Takes a signal of the other side. */
  receive(signal: PairSignalBody): void {
    this.#negotiation.receive(signal);
  }

  /** The channel of that name: the default one without a name, else the one that either side has opened. */
  channelNamed(name: string | undefined): RTCDataChannel {
    if (name === undefined) return this.channel;
    let channel = this.#channels.get(name);
    if (!channel || /^clos/.test(channel.readyState)) {
      channel = this.pc.createDataChannel(name);
      this.#options.made.add(name);
      this.#channels.set(name, channel);
      this.#watch(channel);
    }
    return channel;
  }

  /** Reads the route now, and from now on. */
  follow(): void {
    if (this.#closed) return;
    void this.#readRoute();
    // ICE may move to a better path later; Firefox does not tell.
    const ice = this.pc.sctp?.transport?.iceTransport;
    if (ice) ice.onselectedcandidatepairchange = () => void this.#readRoute();
    clearInterval(this.#reading);
    this.#reading = setInterval(() => void this.#readRoute(), ROUTE_MS);
  }

  /** Why it has not connected. */
  async why(
    turn: TurnStatus | undefined,
  ): Promise<NoPathReason | "no answer from the peer"> {
    const { pc } = this;
    if (!pc.remoteDescription) return "no answer from the peer";
    const { iceServers = [] } = pc.getConfiguration();
    const report = await this.#report();
    return whyNoPath({
      report,
      iceServers,
      turn,
      gathering: pc.iceGatheringState === "gathering",
      errors: this.#errors,
    });
  }

  /** Closes connection and channels. Closing twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#reading);
    this.#negotiation.close();
    this.#options.plane.detach();
    const { pc } = this;
    pc.ondatachannel =
      pc.onconnectionstatechange =
      pc.ontrack =
      pc.onicecandidateerror =
        null;
    pc.close();
    // A channel's own close event comes only later, and in Firefox sometimes not at all.
    for (const channel of this.#opened) this.#shut(channel);
    const ice = pc.sctp?.transport?.iceTransport;
    if (ice) ice.onselectedcandidatepairchange = null;
  }

  async #readRoute(): Promise<void> {
    const { localDescription, remoteDescription } = this.pc;
    const route = readRoute({
      report: await this.#report(),
      local: localDescription?.sdp,
      remote: remoteDescription?.sdp,
    });
    if (!route || this.#closed) return;
    const before = this.#route;
    this.#route = route;
    if (route.path !== before?.path) this.#options.onRoute();
  }

  async #report(): Promise<Iterable<[string, unknown]>> {
    const report = await this.pc.getStats().catch(() => []);
    return report as unknown as Iterable<[string, unknown]>;
  }

  #watch(channel: RTCDataChannel): void {
    channel.binaryType = "arraybuffer";
    channel.onopen = () => {
      // The app hears of the peer first.
      if (this.open || channel === this.channel) this.#announce(channel);
    };
    channel.onmessage = ({ data }) => {
      // Nothing arrives on a channel before it was announced.
      this.#whenNamed(() => {
        this.#announce(channel);
        if (this.#opened.has(channel)) this.#options.onMessage(data);
      }, data.length ?? data.byteLength);
    };
    channel.onclose = () => {
      this.#shut(channel);
      // Neither side closes the default channel of a living link.
      if (channel === this.channel && !this.#closed) this.#options.onChange();
    };
    if (channel.readyState === "open") channel.onopen(new Event("open"));
  }

  #announce(channel: RTCDataChannel): void {
    if (this.#opened.has(channel) || this.#closed || !this.#named) return;
    // Should something arrive on another channel first, the app still hears of the peer before.
    if (this.channel.readyState === "open" && channel !== this.channel) {
      this.#announce(this.channel);
      if (this.#opened.has(channel) || this.#closed) return;
    }
    this.#opened.add(channel);
    if (channel === this.channel) this.#options.onChange();
    // A listener may have ended it.
    if (!this.#closed) this.#options.onOpen(channel);
    if (channel !== this.channel) return;
    for (const other of this.#channels.values()) {
      if (other.readyState === "open") this.#announce(other);
    }
  }

  /** The other side is who it should be. */
  #name(): void {
    this.#named = true;
    if (this.channel.readyState === "open") this.#announce(this.channel);
    for (const what of this.#early.splice(0)) {
      // A listener may have ended it.
      if (!this.#closed) what();
    }
  }

  #whenNamed(what: () => void, bytes = 0): void {
    if (this.#closed || this.pc.connectionState === "closed") return;
    if (this.#named && this.#early.length === 0) return what();
    this.#earlyBytes += bytes;
    // Nobody who means well sends that much before it knows whether it is heard.
    this.#early.push(what);
    if (this.#earlyBytes > MAX_EARLY_BYTES || this.#early.length > MAX_EARLY) {
      this.pc.close();
      this.#options.onChange();
    }
  }

  #shut(channel: RTCDataChannel): void {
    if (this.#channels.get(channel.label) === channel) {
      this.#channels.delete(channel.label);
      // What closes with its link is made again in the next.
      const alive = !this.#closed && this.channel.readyState === "open";
      if (alive) this.#options.made.delete(channel.label);
    }
    if (this.#opened.delete(channel)) this.#options.onClose(channel);
  }
}
