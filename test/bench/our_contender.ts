import { connect, type Connection, type ConnectOptions } from "../../mod.ts";
import type { Contender } from "./contender.ts";

/** What a page does with our client; with options that `connect` takes beside the room. */
export function ourContender(
  options: Omit<ConnectOptions, "host" | "room"> = {},
): Contender {
  return {
    async wait(host, room) {
      greetEverybody(await connect({ ...options, host, room }));
    },
    async visit(host, room) {
      const connection = await connect({ ...options, host, room });
      await new Promise((resolve) => connection.once("message", resolve));
    },
    async meet(host, room, id, others) {
      const connection = await connect({ ...options, host, room, id });
      greetEverybody(connection);
      await new Promise<void>((resolve) => {
        const heard = new Set<string>();
        connection.on("message", ({ peer }) => {
          if (heard.add(peer).size === others) resolve();
        });
      });
    },
  };
}

function greetEverybody(connection: Connection): void {
  connection.on("peer", ([peerId]) => {
    connection.send("hello", { to: peerId });
  });
}
