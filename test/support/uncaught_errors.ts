/** Errors that nobody catches, which then fail no test. */
export class UncaughtErrors implements Disposable {
  /** Those so far. */
  readonly errors: unknown[] = [];
  readonly #first = Promise.withResolvers<unknown>();
  readonly #take = (event: ErrorEvent) => {
    event.preventDefault();
    this.errors.push(event.error);
    this.#first.resolve(event.error);
  };

  /** From now on. */
  constructor() {
    globalThis.addEventListener("error", this.#take);
  }

  /** The first one, when it comes. */
  get next(): Promise<unknown> {
    return this.#first.promise;
  }

  /** They count again. */
  [Symbol.dispose](): void {
    globalThis.removeEventListener("error", this.#take);
  }
}
