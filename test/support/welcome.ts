import { LIMITS, VERSION, type Welcome } from "../../protocol.ts";

/** A welcome into an empty room, for who makes a server by hand. */
export const WELCOME: Welcome = {
  type: "welcome",
  version: VERSION,
  id: "a",
  joinedAt: 1,
  peers: [],
  iceServers: [],
  iceExpiresAt: null,
  turn: "none",
  resume: "",
  session: "new",
  seen: 0,
  sent: 0,
  limits: LIMITS,
};
