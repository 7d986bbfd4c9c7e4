/** How a page gets into the room. */
export interface JoinOptions {
  /** Its name, unique in the room. */
  readonly name: string;
  /** Host and port of the library's signaling server. */
  readonly signaling: string;
  /** Name of the room, in which nobody was before. */
  readonly room: string;
  /** For libraries that the app gives them to. */
  readonly iceServers: readonly RTCIceServer[];
  /** Names of those who have joined before, for libraries that must be told whom to dial. */
  readonly others: readonly string[];
}

/** Whom a page's library tells. */
export interface JoinListener<Data = unknown> {
  /** A message has arrived. */
  onMessage(data: Data, from: string): void;
  /** The library says that a peer is gone. */
  onGone(): void;
  /** Anything else worth reading when a run is looked into. */
  onNote(text: string): void;
}
