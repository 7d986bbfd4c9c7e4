/** What every assertion throws when it does not hold. */
export class AssertionError extends Error {
  /** Tells a failed assertion from any other error. */
  override name = "AssertionError";

  /**
   * Makes the error of a failed assertion.
   *
   * @param message What was expected and what was found
   * @param options The options of `Error`
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
