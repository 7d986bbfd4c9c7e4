/**
 * The floor of the client: what one writes by hand for exactly this task. It
 * trickles every candidate at once, knows who dials, uses a negotiated channel,
 * and makes its RTCPeerConnection while the socket still opens. No glare, no
 * reconnecting, no errors, nobody leaves.
 *
 * @module
 */
globalThis.contender = {
  wait(relay, room, iceServers) {
    const socket = new WebSocket(`ws://${relay}/pair/${room}`);
    const pair = makePair((signal) => socket.send(signal), iceServers);
    pair.channel.onopen = () => pair.channel.send("hello");
    socket.onmessage = ({ data }) => pair.receive(JSON.parse(data));
    return new Promise((resolve) => socket.onopen = () => resolve());
  },
  visit(relay, room, iceServers) {
    const socket = new WebSocket(`ws://${relay}/pair/${room}`);
    const pair = makePair((signal) => socket.send(signal), iceServers);
    socket.onopen = () => pair.describe();
    socket.onmessage = ({ data }) => pair.receive(JSON.parse(data));
    return new Promise((resolve) => pair.channel.onmessage = () => resolve());
  },
  meet(relay, room, id, others) {
    const socket = new WebSocket(`ws://${relay}/mesh/${room}/${id}`);
    const pairs = new Map<string, HandMadePair>();
    let heard = 0;
    return new Promise((resolve) => {
      function meet(other: string): HandMadePair {
        const pair = makePair((signal) => socket.send(other + id + signal));
        pairs.set(other, pair);
        pair.channel.onopen = () => pair.channel.send("hello");
        pair.channel.onmessage = () => {
          if (++heard === others) resolve();
        };
        return pair;
      }
      socket.onmessage = ({ data }) => {
        // The list of who is there comes first; later frames are "to", "from", signal.
        for (const other of data.match(/../g) ?? []) meet(other).describe();
        socket.onmessage = ({ data }) => {
          const from = data.slice(2, 4);
          const pair = pairs.get(from) ?? meet(from);
          pair.receive(JSON.parse(data.slice(4)));
        };
      };
    });
  },
};

interface Signal {
  readonly description?: RTCSessionDescriptionInit;
  readonly candidate?: RTCIceCandidateInit;
}

interface HandMadePair {
  readonly channel: RTCDataChannel;
  describe(): Promise<void>;
  receive(signal: Signal): Promise<void>;
}

function makePair(
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
