// Joins a room twice from one process, says hello across, and ends by itself.
import { connectHeadless, next } from "./headless.ts";

const host = Deno.args[0] ?? "localhost:8000";
const first = await connectHeadless({ host, room: "headless" });
const heard = next(first, "message");
const second = await connectHeadless({ host, room: "headless" });
const [peer] = await next(second, "peer") as [string, RTCDataChannel];
await second.send("hello", { to: peer });
const { data } = await heard as { data: string };
console.log(data);
if (!second.peers.get(peer)?.path) await next(second, "peer-state");
console.log(second.peers.get(peer)?.path);
second.close();
first.close();
