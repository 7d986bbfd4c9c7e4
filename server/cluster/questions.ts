import type { Neighbour } from "./neighbour.ts";
import type { Question, Yielded } from "./node_message.ts";
import type { Timers } from "./timers.ts";

/** How long a question may take to get there: a node that was killed does not say so. */
const HEARD_MS = 1_000;
/** How long it may take from then on to be answered: a socket may be asked whether it lives, for a second. */
const ANSWER_MS = 2_500;

/** What becomes of one that was asked. */
interface Asked {
  heard(): void;
  answer(answer: Yielded | undefined): void;
}

/** What other nodes were asked, and have not answered yet. */
export class Questions {
  readonly #timers: Timers;
  readonly #asked = new Map<number, Asked>();
  #number = 0;
  #ended = false;

  /** None yet. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Asks a node; `undefined` if it does not answer. */
  async ask(
    neighbour: Neighbour,
    question: Question,
  ): Promise<Yielded | undefined> {
    if (this.#ended) return;
    const number = ++this.#number;
    const answered = Promise.withResolvers<Yielded | undefined>();
    const giveUp = () => answered.resolve(undefined);
    let cancel = this.#timers.later(HEARD_MS, giveUp);
    this.#asked.set(number, {
      heard: () => {
        cancel();
        cancel = this.#timers.later(ANSWER_MS, giveUp);
      },
      answer: answered.resolve,
    });
    neighbour.tell({ type: "ask", number, ...question });
    const answer = await answered.promise;
    cancel();
    this.#asked.delete(number);
    return answer;
  }

  /** A node has the question. */
  heard(number: number): void {
    this.#asked.get(number)?.heard();
  }

  /** A node has answered it. */
  answered(number: number, answer: Yielded): void {
    this.#asked.get(number)?.answer(answer);
  }

  /** None is answered any more. */
  end(): void {
    this.#ended = true;
    for (const { answer } of this.#asked.values()) answer(undefined);
  }
}
