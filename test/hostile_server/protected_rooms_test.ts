import { BOTH_PLAYBILL, IDENTITY_PLAYBILL } from "./identity_playbill.ts";
import { play } from "./playbill.ts";
import { ROOM_KEY_PLAYBILL } from "./room_key_playbill.ts";

Deno.test("a hostile server gets nothing of a protected room", async (t) => {
  await play(t, [ROOM_KEY_PLAYBILL, IDENTITY_PLAYBILL, BOTH_PLAYBILL]);
});
