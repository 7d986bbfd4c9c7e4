import { connect, type Connection } from "../../mod.ts";

globalThis.contender = {
  async wait(host, room) {
    greetEverybody(await connect({ host, room }));
  },
  async visit(host, room) {
    const connection = await connect({ host, room });
    await new Promise((resolve) => connection.once("message", resolve));
  },
  async meet(host, room, id, others) {
    const connection = await connect({ host, room, id });
    greetEverybody(connection);
    await new Promise<void>((resolve) => {
      const heard = new Set<string>();
      connection.on("message", ({ peer }) => {
        if (heard.add(peer).size === others) resolve();
      });
    });
  },
};

function greetEverybody(connection: Connection): void {
  connection.on("peer", ([peerId]) => {
    connection.send("hello", { to: peerId });
  });
}
