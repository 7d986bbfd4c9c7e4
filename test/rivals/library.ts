import config from "../../deno.json" with { type: "json" };

/** The libraries that are compared. */
export type Library = keyof typeof GLUE;

/** What the app does beside calling a library: as much as its documentation tells it to. */
const GLUE = {
  ours: "connects; ICE servers come from its server",
  peerjs:
    "its own server (npm `peer`); dials who was there before; calls `reconnect()` one second after `disconnected`",
  "simple-peer":
    "a relay of 30 lines and a socket that opens again after one second; whoever opens it makes a `Peer` for each in the room with whom there is none, or a destroyed one",
  trystero:
    "joins; its default strategy, over a relay of Nostr in the lab; `rtcConfig.iceServers`",
} as const;

/** All libraries, ours first. */
export const LIBRARIES = Object.keys(GLUE) as Library[];

/** What it is called, with its version. */
export function titleOf(library: Library): string {
  if (library === "ours") return config.name;
  const specifier: string = config.imports[library];
  return specifier.replace(/^npm:/, "").replace("@", " ");
}

/** What the app adds to it. */
export function glueOf(library: Library): string {
  return GLUE[library];
}

/** Name of its server in `servers/`, and of its pages where they are. */
export function fileOf(library: Library): string {
  return `${library.replace("-", "_")}.ts`;
}
