/** What such pairs tell each other. */
export interface Signal {
  readonly description?: RTCSessionDescriptionInit;
  readonly candidate?: RTCIceCandidateInit;
}

/** A pair that is made by hand. */
export interface HandMadePair {
  /** Opens when they are connected. */
  readonly channel: RTCDataChannel;
  /** Offers, or answers. Of two, one is to call it. */
  describe(): Promise<void>;
  /** Takes what the other has sent. */
  receive(signal: Signal): Promise<void>;
}

/** Makes a pair that trickles every candidate at once, with a negotiated channel. */
export function makePair(
  send: (signal: string) => void,
  iceServers: RTCIceServer[] = [],
): HandMadePair {
  const pc = new RTCPeerConnection({ iceServers });
  const channel = pc.createDataChannel("", { negotiated: true, id: 0 });
  pc.onicecandidate = ({ candidate }) => {
    if (candidate) send(JSON.stringify({ candidate }));
  };
  async function describe(): Promise<void> {
    await pc.setLocalDescription();
    send(JSON.stringify({ description: pc.localDescription }));
  }
  return {
    channel,
    describe,
    async receive({ description, candidate }) {
      // The browser puts a candidate behind a description that is still being set.
      if (candidate) await pc.addIceCandidate(candidate);
      if (!description) return;
      await pc.setRemoteDescription(description);
      if (description.type === "offer") await describe();
    },
  };
}
