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

/** Whom a rival tells. */
export interface RivalListener {
  /** A message has arrived. */
  onMessage(text: string): void;
  /** The library says that a peer is gone. */
  onGone(): void;
  /** Anything else worth reading when a run is looked into. */
  onNote(text: string): void;
}

/** What an app does with one of the libraries, so far as their documentation tells it to. */
export interface Rival {
  /** Resolves when others can find it. */
  join(options: JoinOptions, listener: RivalListener): Promise<void>;
  /** Whom the library calls connected, by ids of its own. */
  connected(): readonly string[];
  /** Throws what the library does not take, or returns a promise that rejects. */
  send(peer: string, text: string): unknown;
}
