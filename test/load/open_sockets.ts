import { QuickSocket } from "./quick_socket.ts";

/** Sockets of a client, to be given to it as a class, and how many are left of them. */
export class OpenSockets {
  /** For addresses of `ws:`. */
  readonly Quick: typeof WebSocket;
  /** For those of `wss:`. */
  readonly Native: typeof WebSocket;
  readonly #open = new Set<EventTarget>();
  #onNone: () => void = () => {};

  /** None so far. */
  constructor() {
    const watch = (socket: EventTarget) => this.#watch(socket);
    this.Native = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        watch(this);
      }
    };
    class Watched extends QuickSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        watch(this);
      }
    }
    this.Quick = Watched as unknown as typeof WebSocket;
  }

  /** Resolves when all have ended, so that everybody's goodbye was heard; or after so long. */
  async ended(ms: number): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #watch(socket: EventTarget): void {
    this.#open.add(socket);
    socket.addEventListener("close", () => {
      this.#open.delete(socket);
      if (this.#open.size === 0) this.#onNone();
    }, { once: true });
  }
}
