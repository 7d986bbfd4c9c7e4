import { createNanoEvents } from "nanoevents";

/** Takes the payload of an event. */
type Listener = (...payload: never[]) => void;

/** Events with one payload each, in which a listener that throws stops no other. */
export class Emitter<Events extends { [Name in keyof Events]: Listener }> {
  readonly #events = createNanoEvents<Events>();

  /** Calls `listener` at every `event`, until the returned function is called. */
  on<Name extends keyof Events>(
    event: Name,
    listener: Events[Name],
  ): () => void {
    return this.#events.on(event, guard(listener));
  }

  /** Calls every listener of `event`. */
  emit<Name extends keyof Events>(
    event: Name,
    ...payload: Parameters<Events[Name]>
  ): void {
    this.#events.emit(event, ...payload);
  }
}

function guard<Guarded extends Listener>(listener: Guarded): Guarded {
  return ((...payload: never[]) => {
    try {
      listener(...payload);
    } catch (error) {
      reportError(error);
    }
  }) as Guarded;
}
