/** Promises that were rejected and that nobody looked at, which then fail no test. */
export class UnhandledRejections implements Disposable {
  readonly #reasons: unknown[] = [];
  #last: PromiseWithResolvers<void> | undefined;
  readonly #take = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    if (event.reason === this.#last) this.#last?.resolve();
    else this.#reasons.push(event.reason);
  };

  /** From now on. */
  constructor() {
    globalThis.addEventListener("unhandledrejection", this.#take);
  }

  /** Why those were rejected that have been so far. They are told of later, in order, so one more shows that all were. */
  async all(): Promise<readonly unknown[]> {
    const last = this.#last = Promise.withResolvers<void>();
    void Promise.reject(last);
    await last.promise;
    return this.#reasons;
  }

  /** They count again. */
  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#take);
  }
}
