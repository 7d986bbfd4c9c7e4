/** Takes the payload of an event. */
type Listener = (...payload: never[]) => void;

/**
 * Events in which a listener that throws stops no other: its error is reported
 * as uncaught.
 */
export class Emitter<Events extends { [Name in keyof Events]: Listener }> {
  // A listener that is added twice is called twice, so each is kept in a box of its own.
  readonly #boxes = new Map<keyof Events, Set<{ listener: Listener }>>();

  /** Calls `listener` at every `event`, until the returned function is called; and soon with what is `present` by then, if anything is. */
  on<Name extends keyof Events>(
    event: Name,
    listener: Events[Name],
    present?: () => Parameters<Events[Name]> | undefined,
  ): () => void {
    const boxes = this.#boxes.get(event) ?? new Set();
    this.#boxes.set(event, boxes);
    const box = { listener };
    boxes.add(box);
    queueMicrotask(() => {
      // Not before: there may be news by now, after which nothing older may come.
      const payload = boxes.has(box) && present?.();
      if (payload) call(listener, payload);
    });
    return () => void boxes.delete(box);
  }

  /** The same for the next `event`, or what is `present`, alone. */
  once<Name extends keyof Events>(
    event: Name,
    listener: Events[Name],
    present?: () => Parameters<Events[Name]> | undefined,
  ): () => void {
    const next = (...payload: never[]) => {
      off();
      listener(...payload);
    };
    const off = this.on(event, next as Events[Name], present);
    return off;
  }

  /** Whether anybody listens to `event`. */
  has(event: keyof Events): boolean {
    return (this.#boxes.get(event)?.size ?? 0) > 0;
  }

  /** Calls every listener of `event` that there is now. */
  emit<Name extends keyof Events>(
    event: Name,
    ...payload: Parameters<Events[Name]>
  ): void {
    for (const { listener } of [...this.#boxes.get(event) ?? []]) {
      call(listener, payload);
    }
  }
}

function call(listener: Listener, payload: unknown[]): void {
  try {
    listener(...payload as never[]);
  } catch (error) {
    // Node has no reportError.
    queueMicrotask(() => {
      throw error;
    });
  }
}
