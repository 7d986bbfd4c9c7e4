import type { Outlet } from "./deliver.ts";
import { FRAME_BYTES } from "./lane_frame.ts";
import type { Payload } from "./payload.ts";

/** With more in the browser's buffer a datagram is dropped: it would come too late to be of use. */
const HIGH_WATER_BYTES = 65_536;

/** A channel to one peer on which each message is one of the RTCDataChannel, and what cannot leave now never does. */
export class ChannelDatagrams implements Outlet {
  readonly #onMessage: (data: string | ArrayBuffer) => void;
  #channel: RTCDataChannel | undefined;
  #pc: RTCPeerConnection | undefined;

  /** Has no RTCDataChannel yet. */
  constructor(options: { onMessage(data: string | ArrayBuffer): void }) {
    this.#onMessage = options.onMessage;
  }

  /** {@linkcode Outlet.maxMessageBytes}; without a connection nothing is too large to be dropped. */
  get maxMessageBytes(): number {
    const pc = this.#pc;
    return pc ? pc.sctp?.maxMessageSize || FRAME_BYTES : Infinity;
  }

  /** {@linkcode Outlet.heldBytes}: nothing waits here. */
  get heldBytes(): number {
    return 0;
  }

  /** Uses an RTCDataChannel from now on, which need not be open. */
  attach(channel: RTCDataChannel, pc: RTCPeerConnection): void {
    this.detach();
    this.#channel = channel;
    this.#pc = pc;
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }) => {
      const plain = typeof data === "string" || data instanceof ArrayBuffer;
      // An RTCPeerConnection that was injected may give a view of what it uses again.
      const whole = plain ? data : new Uint8Array(data).buffer;
      if (channel.readyState !== "connecting") return this.#onMessage(whole);
      // Chromium: it can be heard before it can be used.
      channel.addEventListener("open", () => this.#onMessage(whole));
    };
  }

  /** Uses none, until the next one. */
  detach(): void {
    if (this.#channel) this.#channel.onmessage = null;
    this.#channel = this.#pc = undefined;
  }

  /** {@linkcode Outlet.push}, or drops it: nobody wants it later. */
  push(payload: Payload, onLeft: (peers?: 0 | 1) => void): undefined {
    onLeft(this.#send(payload.raw) ? 1 : 0);
  }

  /** {@linkcode Outlet.remove}: nothing waits here. */
  remove(): void {}

  /** Is done for good. */
  end(): void {
    this.detach();
  }

  #send(data: Payload["raw"]): boolean {
    const channel = this.#channel;
    const { readyState, bufferedAmount = 0 } = channel ?? {};
    if (readyState !== "open" || bufferedAmount > HIGH_WATER_BYTES) {
      return false;
    }
    try {
      channel?.send(data as string);
      return true;
    } catch {
      // It closes.
      return false;
    }
  }
}
