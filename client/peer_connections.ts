/**
 * Makes RTCPeerConnections, all of the same configuration. Keeps one ready:
 * the first one of a page takes milliseconds, which pass while the socket opens.
 */
export class PeerConnections {
  readonly #RTCPeerConnection: typeof RTCPeerConnection;
  readonly #iceTransportPolicy: RTCIceTransportPolicy;
  #iceServers: RTCIceServer[] = [];
  #spare: RTCPeerConnection | undefined;

  /** Makes nothing yet. */
  constructor(
    options: {
      RTCPeerConnection: typeof RTCPeerConnection;
      iceTransportPolicy: RTCIceTransportPolicy;
    },
  ) {
    this.#RTCPeerConnection = options.RTCPeerConnection;
    this.#iceTransportPolicy = options.iceTransportPolicy;
  }

  /** The configuration of every connection made from now on. */
  get configuration(): RTCConfiguration {
    return {
      iceServers: this.#iceServers,
      iceTransportPolicy: this.#iceTransportPolicy,
    };
  }

  /** Sets the STUN and TURN servers of every connection made from now on. */
  setIceServers(iceServers: readonly RTCIceServer[]): void {
    this.#iceServers = [...iceServers];
  }

  /** Makes one ahead of time. */
  warm(): void {
    this.#spare ??= new this.#RTCPeerConnection(this.configuration);
  }

  /** A fresh connection. Whoever takes it closes it. */
  take(): RTCPeerConnection {
    const spare = this.#spare;
    this.#spare = undefined;
    if (!spare) return new this.#RTCPeerConnection(this.configuration);
    // It was made before the welcome told which servers to use.
    spare.setConfiguration(this.configuration);
    return spare;
  }

  /** Closes the one that was not taken. */
  close(): void {
    this.#spare?.close();
    this.#spare = undefined;
  }
}
