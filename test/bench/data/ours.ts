import { connect, type Connection } from "../../../mod.ts";
import { enter } from "./enter.ts";
import { pieces } from "./pieces.ts";

let connection: Connection | undefined;

enter({
  async join({ signaling: host, room, name }, { onData, onFailure }) {
    connection = await connect({ host, room, id: name });
    connection.on("message", ({ data }) => {
      if (typeof data !== "string") onData(data);
    });
    connection.on("file", async (file) => {
      try {
        for await (const bytes of file) onData(bytes);
      } catch (error) {
        onFailure(String(error));
      }
    });
    connection.on("peer-disconnect", () => onFailure("the peer is gone"));
  },
  connected: () => (connection?.connections ?? []).length > 0,
  sendMessage: async (message) => await connection?.send(message),
  async sendMessages(bytes) {
    for (const message of pieces(bytes)) await connection?.send(message);
  },
  sendFile: async (file) => await connection?.sendFile(file),
});
