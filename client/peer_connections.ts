import type { IceServer } from "../protocol.ts";
import { fingerprintsOf } from "./fingerprint.ts";

/** How long a certificate lasts: longer than any page stays, and as long as one may (W3C WebRTC §4.9.1). */
const CERTIFICATE_MS = 365 * 24 * 60 * 60_000;

/** A connection and the channels that both sides make by themselves (negotiated, ids 0 to 3), so that they need no announcement. */
export interface Line {
  /** The connection. */
  readonly pc: RTCPeerConnection;
  /** The default channel, which is the app's. */
  readonly channel: RTCDataChannel;
  /** Carries messages. */
  readonly messages: RTCDataChannel;
  /** Carries requests, which need not wait for messages. */
  readonly requests: RTCDataChannel;
  /** Carries files, for which nothing else need wait. */
  readonly files: RTCDataChannel;
}

/** An app's own or one of the wire. */
type AnyIceServer = RTCIceServer | IceServer;

/**
 * Makes RTCPeerConnections, all of the same configuration. Keeps one ready:
 * the first one of a page takes milliseconds, which pass while the socket opens.
 */
export class PeerConnections {
  readonly #RTCPeerConnection: typeof RTCPeerConnection;
  readonly #iceTransportPolicy: RTCIceTransportPolicy;
  #iceServers: readonly AnyIceServer[];
  #certificate: RTCCertificate | undefined;
  #spare: Line | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Makes nothing yet. */
  constructor(
    options: {
      RTCPeerConnection: typeof RTCPeerConnection;
      iceTransportPolicy: RTCIceTransportPolicy;
      iceServers?: readonly RTCIceServer[];
    },
  ) {
    this.#RTCPeerConnection = options.RTCPeerConnection;
    this.#iceTransportPolicy = options.iceTransportPolicy;
    this.#iceServers = options.iceServers ?? [];
  }

  /** The configuration of every connection made from now on. */
  get configuration(): RTCConfiguration {
    return {
      // The wire's lists are read-only, those of the W3C are not.
      iceServers: this.#iceServers.map(({ urls, ...rest }) => ({
        ...rest,
        urls: [urls].flat(),
      })),
      iceTransportPolicy: this.#iceTransportPolicy,
      // Also for one that has it: Chromium takes a list without it for another.
      ...(this.#certificate ? { certificates: [this.#certificate] } : {}),
    };
  }

  /** The fingerprint of the certificate of all connections, as in SDP. One must be ready. */
  async fingerprint(): Promise<string> {
    const { sdp = "" } = await this.#spare?.pc.createOffer() ?? {};
    const [fingerprint = ""] = fingerprintsOf(sdp);
    return fingerprint;
  }

  /** Sets the STUN and TURN servers of every connection made from now on; tells whether they are others than before. */
  setIceServers(iceServers: readonly AnyIceServer[]): boolean {
    const before = JSON.stringify(this.#iceServers);
    this.#iceServers = iceServers;
    return JSON.stringify(iceServers) !== before;
  }

  /**
   * Makes one ahead of time; and before it the certificate of all (W3C WebRTC
   * §4.9), so that others know them by one fingerprint. Where that cannot be
   * asked for, the runtime decides.
   *
   * @throws {DOMException|TypeError} What the browser says of wrong `iceServers` or a wrong policy.
   */
  async warm(): Promise<void> {
    await this.#certify();
    this.#spare ??= this.#make();
  }

  /** A fresh connection with its default channel. Whoever takes it closes it. */
  take(): Line {
    const spare = this.#spare;
    // It was made before the welcome told which servers to use.
    spare?.pc.setConfiguration(this.configuration);
    this.#spare = undefined;
    return spare ?? this.#make();
  }

  /** Closes the one that was not taken, and makes none any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#spare?.pc.close();
    this.#spare = undefined;
  }

  async #certify(): Promise<void> {
    const { generateCertificate } = this.#RTCPeerConnection;
    // Here, too, the socket opens first.
    if (!generateCertificate) {
      return new Promise((next) => this.#timer = setTimeout(next));
    }
    const algorithm = {
      name: "ECDSA",
      namedCurve: "P-256",
      expires: CERTIFICATE_MS,
    };
    this.#certificate = await this.#RTCPeerConnection.generateCertificate(
      algorithm,
    );
  }

  #make(): Line {
    const pc = new this.#RTCPeerConnection(this.configuration);
    const make = (label: string, id: number) =>
      pc.createDataChannel(label, { negotiated: true, id });
    return {
      pc,
      channel: make("webrtc", 0),
      messages: make("webrtc-messages", 1),
      requests: make("webrtc-requests", 2),
      files: make("webrtc-files", 3),
    };
  }
}
