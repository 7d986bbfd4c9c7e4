/** Connections that a test connects, disturbs and looks at; in the order in which they were made. */
export class FakePeerConnections {
  /** Every connection that was made. */
  readonly made: FakePeerConnection[] = [];
  /** What to give as the option `RTCPeerConnection`. */
  readonly RTCPeerConnection: typeof RTCPeerConnection;

  /** Makes the class, whose objects end up in this list. */
  constructor() {
    const { made } = this;
    class Listed extends FakePeerConnection {
      constructor(configuration: RTCConfiguration) {
        super(configuration);
        made.push(this);
      }
    }
    this.RTCPeerConnection = Listed as unknown as typeof RTCPeerConnection;
  }

  /** The last one. */
  get last(): FakePeerConnection {
    const last = this.made.at(-1);
    if (!last) throw new Error("No connection was made");
    return last;
  }

  /** Those that nobody has closed. */
  get open(): FakePeerConnection[] {
    return this.made.filter(({ connectionState }) =>
      connectionState !== "closed"
    );
  }
}

/** The part of a description that matters here: whose ICE credentials it carries (RFC 8839 §5.4). */
export function sdpOf(ufrag: string): string {
  return `v=0\r\na=ice-ufrag:${ufrag}\r\n`;
}

/** The credentials in a description. */
export function ufragOf(
  description: RTCSessionDescriptionInit | null,
): string | undefined {
  return description?.sdp?.match(/a=ice-ufrag:(\S+)/)?.[1];
}

let lastUfrag = 0;

/**
 * An RTCPeerConnection without a network: it negotiates as W3C WebRTC has it,
 * and connects, or not, as the test says.
 */
export class FakePeerConnection {
  connectionState: RTCPeerConnectionState = "new";
  iceGatheringState: RTCIceGatheringState = "new";
  signalingState: RTCSignalingState = "stable";
  currentLocalDescription: RTCSessionDescriptionInit | null = null;
  currentRemoteDescription: RTCSessionDescriptionInit | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onicecandidateerror: ((event: unknown) => void) | null = null;
  ondatachannel: ((event: { channel: FakeDataChannel }) => void) | null = null;
  ontrack: ((event: unknown) => void) | null = null;
  readonly sctp = {
    transport: {
      iceTransport: {
        onselectedcandidatepairchange: null as (() => void) | null,
      },
    },
  };
  /** Every channel of either side. */
  readonly channels: FakeDataChannel[] = [];
  /** Candidates of the other side that were added. */
  readonly candidates: RTCIceCandidateInit[] = [];
  /** What `getStats` tells. */
  stats: Readonly<Record<string, object>> = {};
  /** How often it was asked. */
  statsRead = 0;
  #configuration: RTCConfiguration;
  #pendingLocal: RTCSessionDescriptionInit | null = null;
  #pendingRemote: RTCSessionDescriptionInit | null = null;
  /** [[LocalIceCredentialsToReplace]] */
  readonly #replace = new Set<string | undefined>();
  /** [[NegotiationNeeded]] */
  #needed = false;
  /** [[Operations]] */
  #operations = 0;
  #lastOperation: Promise<unknown> = Promise.resolve();
  /** [[UpdateNegotiationNeededFlagOnEmptyChain]] */
  #updateLater = false;

  constructor(configuration: RTCConfiguration) {
    this.#configuration = configuration;
  }

  get localDescription(): RTCSessionDescriptionInit | null {
    return this.#pendingLocal ?? this.currentLocalDescription;
  }

  get remoteDescription(): RTCSessionDescriptionInit | null {
    return this.#pendingRemote ?? this.currentRemoteDescription;
  }

  getConfiguration(): RTCConfiguration {
    return this.#configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    if (this.#closed) throw invalidState();
    this.#configuration = configuration;
  }

  getStats(): Promise<Map<string, unknown>> {
    this.statsRead++;
    return Promise.resolve(new Map(Object.entries(this.stats)));
  }

  createDataChannel(
    label: string,
    { negotiated = false }: RTCDataChannelInit = {},
  ): FakeDataChannel {
    if (this.#closed) throw invalidState();
    const channel = new FakeDataChannel(label, negotiated);
    this.channels.push(channel);
    if (this.channels.length === 1) this.#updateNeeded();
    return channel;
  }

  restartIce(): void {
    this.#replace.add(ufragOf(this.currentLocalDescription));
    this.#replace.add(ufragOf(this.#pendingLocal));
    this.#replace.delete(undefined);
    this.#updateNeeded();
  }

  /** §4.4.1.5; only without arguments. */
  setLocalDescription(): Promise<void> {
    return this.#operate(() => {
      const before = ufragOf(this.localDescription);
      const answers = this.signalingState === "have-remote-offer";
      const renew = answers
        ? ufragOf(this.#pendingRemote) !==
          ufragOf(this.currentRemoteDescription)
        : this.#replace.size > 0;
      const ufrag = before && !renew ? before : `local${++lastUfrag}`;
      const sdp = sdpOf(ufrag);
      if (answers) {
        this.currentLocalDescription = { type: "answer", sdp };
        this.currentRemoteDescription = this.#pendingRemote;
        this.#settle();
      } else {
        this.#pendingLocal = { type: "offer", sdp };
        this.signalingState = "have-local-offer";
      }
      if (ufrag !== before) this.#gather(ufrag);
    });
  }

  /** §4.4.1.5, with implicit rollback. */
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    return this.#operate(() => {
      if (description.type === "offer") {
        this.#pendingLocal = null;
        this.#pendingRemote = description;
        this.signalingState = "have-remote-offer";
      } else {
        if (this.signalingState !== "have-local-offer") throw invalidState();
        this.currentLocalDescription = this.#pendingLocal;
        this.currentRemoteDescription = description;
        this.#settle();
      }
    });
  }

  addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    return this.#operate(() => {
      if (candidate.usernameFragment !== ufragOf(this.remoteDescription)) {
        throw new DOMException("Of another description", "OperationError");
      }
      this.candidates.push(candidate);
    });
  }

  /** §4.4.1.11: no event of the connection tells of it; its channels end later, as in browsers. */
  close(): void {
    if (this.#closed) return;
    this.connectionState = this.signalingState = "closed";
    setTimeout(() => {
      for (const channel of this.channels) {
        if (channel.readyState !== "closed") channel.end();
      }
    });
  }

  /** The network makes it so. */
  become(state: RTCPeerConnectionState): void {
    if (this.#closed) return;
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** The other side makes a channel. */
  announce(label: string): FakeDataChannel {
    const channel = new FakeDataChannel(label, false);
    this.channels.push(channel);
    channel.readyState = "open";
    this.ondatachannel?.({ channel });
    channel.onopen?.();
    return channel;
  }

  get #closed(): boolean {
    return this.connectionState === "closed";
  }

  /** §4.4.1.2, chain an operation. */
  async #operate(operation: () => void): Promise<void> {
    if (this.#closed) throw invalidState();
    this.#operations++;
    const done = this.#lastOperation.then(async () => {
      // It is done elsewhere; who waits for the one before goes on first.
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      // What was begun before it was closed never ends.
      if (this.#closed) return new Promise<never>(() => {});
      operation();
    });
    this.#lastOperation = done.catch(() => {});
    try {
      await done;
    } finally {
      if (--this.#operations === 0 && this.#updateLater) this.#updateNeeded();
    }
  }

  /** The signaling state is stable now. */
  #settle(): void {
    this.#pendingLocal = this.#pendingRemote = null;
    this.signalingState = "stable";
    if (!this.#replace.has(ufragOf(this.currentLocalDescription))) {
      this.#replace.clear();
    }
    this.#needed = false;
    this.#updateNeeded();
  }

  /** §4.7.3, update the negotiation-needed flag. */
  #updateNeeded(): void {
    this.#updateLater = this.#operations > 0;
    if (this.#updateLater) return;
    setTimeout(() => {
      this.#updateLater = this.#operations > 0;
      if (this.#updateLater || this.signalingState !== "stable") return;
      const before = this.#needed;
      this.#needed = !this.currentLocalDescription || this.#replace.size > 0;
      if (this.#needed && !before) this.onnegotiationneeded?.();
    });
  }

  #gather(usernameFragment: string): void {
    const candidate = "candidate:1 1 udp 1 192.0.2.1 1 typ host";
    const json = { candidate, usernameFragment };
    this.iceGatheringState = "gathering";
    setTimeout(() => {
      if (this.#closed) return;
      this.onicecandidate?.({ candidate: { candidate, toJSON: () => json } });
      this.iceGatheringState = "complete";
    });
  }
}

/** A channel of such a connection. */
export class FakeDataChannel extends EventTarget {
  readonly label: string;
  readonly negotiated: boolean;
  readyState: RTCDataChannelState = "connecting";
  binaryType = "blob";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  /** What was sent. */
  readonly sent: unknown[] = [];

  constructor(label: string, negotiated: boolean) {
    super();
    this.label = label;
    this.negotiated = negotiated;
  }

  /** Goes nowhere. */
  send(data: unknown): void {
    if (this.readyState !== "open") throw invalidState();
    this.sent.push(data);
  }

  /** Called by the app, as the other side would see it at once. */
  close(): void {
    this.readyState = "closing";
    this.end();
  }

  /** It opens. */
  open(): void {
    this.readyState = "open";
    this.onopen?.();
  }

  /** The other side says something. */
  say(data: string): void {
    this.onmessage?.({ data });
  }

  /** The other side closes it. */
  end(): void {
    this.readyState = "closed";
    this.onclose?.();
  }
}

function invalidState(): DOMException {
  return new DOMException("Not in this state", "InvalidStateError");
}
