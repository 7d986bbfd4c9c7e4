/** A message was lost for some peers: their pair ended, or what was sent could not be read to its end. */
export class SendError extends Error {
  /** Always `"SendError"`. */
  override readonly name = "SendError";
  /** Ids of the peers for which it is lost. All others have it, or will. */
  readonly lost: readonly string[];

  /** `cause` is what happened to the first of them. */
  constructor(lost: readonly string[], options?: ErrorOptions) {
    super(`Cannot send: lost for ${lost.length} peers`, options);
    this.lost = lost;
  }
}
