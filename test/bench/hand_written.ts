/**
 * The floor of the client: what one writes by hand for exactly this task. It
 * knows who dials, and makes its RTCPeerConnection while the socket still opens.
 * No glare, no reconnecting, no errors, nobody leaves.
 *
 * @module
 */
import { type HandMadePair, makePair } from "./hand_made_pair.ts";

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
