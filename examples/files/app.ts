/**
 * The page: enters the room that its link names, stays there, and comes back
 * when asked to.
 *
 * | I want to change …                 | go to …                              |
 * | ---------------------------------- | ------------------------------------ |
 * | which room, and the link to it     | `room_link.ts`                       |
 * | what people are called             | `own_name.ts`, `one_line.ts`         |
 * | who is here, what happens in a room | `room.ts`                           |
 * | the card of a peer: drop, choose, cut | `peer_card.ts`, `describe_peer.ts` |
 * | sending a file                     | `send_file.ts`                       |
 * | accepting, declining, saving one   | `receive_file.ts`, `open_on_disk.ts` |
 * | bars, numbers, buttons of a transfer | `transfer.ts`, `describe_transfer.ts`, `pace.ts` |
 * | the words of a failure             | `explain_end.ts`                     |
 *
 * @module
 */
import { connect, type Connection } from "@x/webrtc";
import { find } from "./find.ts";
import { readOwnName } from "./own_name.ts";
import { stayInRoom } from "./room.ts";
import { roomOfLink } from "./room_link.ts";

const joining = find(document, "#joining", HTMLElement);
const failed = find(document, "#failed", HTMLElement);
const again = find(document, "#again", HTMLButtonElement);

type Room = ReturnType<typeof roomOfLink>;

// Another link in the same window leads to another room.
globalThis.addEventListener("hashchange", () => location.reload());

while (true) {
  let failure: string;
  try {
    const room = roomOfLink();
    failure = await stayInRoom(await join(room), room);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  find(document, "#failure", HTMLElement).textContent = failure;
  failed.hidden = false;
  again.focus();
  await new Promise((resolve) => again.onclick = resolve);
  failed.hidden = true;
}

async function join(room: Room): Promise<Connection> {
  joining.hidden = false;
  try {
    const presence = { name: readOwnName() };
    return await connect({ host: location.host, ...room, presence });
  } finally {
    joining.hidden = true;
  }
}
