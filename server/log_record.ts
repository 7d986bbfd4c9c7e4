/**
 * What the library reports. It never prints: give `log` to a `Server` and do
 * with the records what you like. No record holds a credential, an address, a
 * room name or a peer id.
 */
export type LogRecord =
  | {
    /** A TURN provider gave no usable credentials; peers get STUN only until it does. */
    readonly level: "warn";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "turn-failed";
    /** Name of the provider. */
    readonly provider: string;
    /** What went wrong, without anything the vendor said. */
    readonly reason: string;
  }
  | {
    /** A TURN provider that failed gives credentials again. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "turn-recovered";
    /** Name of the provider. */
    readonly provider: string;
  }
  | {
    /** A peer broke a limit and was dropped. */
    readonly level: "info";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "peer-dropped";
    /** Close code it got. */
    readonly code: number;
    /** The same in words. */
    readonly reason: string;
  }
  | {
    /** Our own fault: a bug, or a subclass that threw. */
    readonly level: "error";
    /** Discriminates {@linkcode LogRecord}. */
    readonly event: "internal-error";
    /** What was thrown. */
    readonly error: unknown;
  };

/** Takes the records of a server, one at a time. Must not throw. */
export type Log = (record: LogRecord) => void;
