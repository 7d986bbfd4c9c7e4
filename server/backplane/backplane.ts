/**
 * What the nodes of a cluster have in common: an engine that carries frames
 * between them, and that decides who holds a name. Nothing else is asked of it,
 * so that it may lose all it knows: the nodes know the rest.
 */
export interface Backplane {
  /** What it is called in the log and in the metrics, as `redis`. */
  readonly name: string;
  /**
   * Goes among the nodes. Returns at once; the link is down until `onUp` is
   * called, and comes back by itself whenever it was lost.
   */
  open(options: LinkOptions): Link;
}

/** Who goes among the nodes, and what it is told. */
export interface LinkOptions {
  /** Names the node, unlike any other and any earlier run; letters, digits, `-` and `_`. */
  readonly node: string;
  /** How long a name stays claimed that is not renewed, in milliseconds. The same on all nodes. */
  readonly claimMs: number;
  /** A frame has come from another node. Those of one node come in the order in which it sent them; some may be missing. */
  onFrame(frame: string): void;
  /** The engine answers, and frames of others come from now on. Never called twice in a row. */
  onUp(): void;
  /** The engine does not answer any more, and why not. Found out within three seconds. Never called twice in a row, nor before the first `onUp`. */
  onDown(reason: string): void;
  /** The link does not come up, and why not, as a password that is wrong. Each reason is told once until it is up. */
  onTrouble?(reason: string): void;
}

/** A node's link to the others. */
export interface Link {
  /** Sends a frame to one node, at most once. While the link is down it is dropped. */
  send(node: string, frame: string): void;
  /** Sends a frame to all other nodes, at most once. While the link is down it is dropped. */
  broadcast(frame: string): void;
  /**
   * Claims a name for this node, unless another holds it; or, with `instead`,
   * if just that node holds it. Resolves with the node that holds it then.
   *
   * @throws {Error} If the engine does not answer within a second. The claim may have been made all the same.
   */
  claim(name: string, instead?: string): Promise<string>;
  /**
   * The node that holds a name, if one does.
   *
   * @throws {Error} If the engine does not answer within a second.
   */
  holder(name: string): Promise<string | undefined>;
  /**
   * Keeps names for as long again, and claims those that nobody holds.
   * Resolves with those that others hold, which is all that was not kept.
   *
   * @throws {Error} If the engine does not answer within a second.
   */
  renew(names: readonly string[]): Promise<readonly string[]>;
  /**
   * Gives names back that this node holds; of others nothing is changed.
   *
   * @throws {Error} If the engine does not answer within a second.
   */
  release(names: readonly string[]): Promise<void>;
  /** Leaves the nodes, but not the names. Closing twice is fine. */
  close(): Promise<void>;
}
