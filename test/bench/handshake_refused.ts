/** A server that answered a handshake with something else than a socket. */
export class HandshakeRefused extends Error {
  override readonly name = "HandshakeRefused";
  /** HTTP status; 0 when the connection ended without an answer. */
  readonly status: number;
  /** What it said. */
  readonly body: string;

  /** What came instead of a socket. */
  constructor(status: number, body: string) {
    super(
      status === 0
        ? "Cannot open a socket: the connection ended"
        : `Cannot open a socket: got ${status} ${body}`,
    );
    this.status = status;
    this.body = body;
  }
}
