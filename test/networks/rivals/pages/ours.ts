import { connect, type Connection } from "../../../../mod.ts";
import { enter } from "../talk.ts";

let connection: Connection | undefined;

enter({
  async join({ name, signaling, room }, { onMessage, onGone, onNote }) {
    const host = `http://${signaling}`;
    connection = await connect({ host, room, id: name });
    connection.on("message", ({ data, peer }) => onMessage(data, peer));
    connection.on("peer-disconnect", onGone);
    connection.on(
      "peer-state",
      ({ state, reason, path }) => onNote(`pair ${state}: ${reason}, ${path}`),
    );
    connection.on(
      "state",
      ({ state, reason }) => onNote(`room ${state}: ${reason}`),
    );
  },
  connected: () => connection?.connections ?? [],
  send: (to, text) => connection?.send(text, { to }),
});
