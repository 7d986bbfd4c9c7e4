import { RoomSecret } from "../../client/trust/room_secret.ts";

/** What pages make of a room key in that room. */
export function secretOf(
  key: Uint8Array,
  room: string,
): Promise<RoomSecret> {
  const { subtle } = crypto;
  return RoomSecret.make({ subtle, secret: key, party: "main", room });
}
