import type { Link } from "../backplane/backplane.ts";
import { Inbound } from "./inbound.ts";
import {
  type Datagram,
  encodeNodeFrame,
  type Mark,
  type NodeFrame,
  type Ordered,
} from "./node_message.ts";
import { Outbound } from "./outbound.ts";

/** After so many beats in which it was not heard a node is lost. */
const MAX_SILENCE = 3;

/** What a neighbour needs, and whom it tells. */
export interface NeighbourOptions {
  /** Name of the node that it is. */
  readonly name: string;
  /** Name of the node that we are. */
  readonly own: string;
  /** Carries frames. */
  readonly link: Pick<Link, "send">;
  /** A number greater than any before. */
  readonly nextEpoch: () => number;
  /** All that it has to know, with which a stream begins. */
  readonly state: () => Iterable<Ordered>;
  /** It says something, in order. */
  readonly onMessage: (message: Ordered, payload: string) => void;
  /** It is not heard any more. */
  readonly onLost: () => void;
  /** It is heard again. */
  readonly onFound: () => void;
}

/** Another node, as seen from this one: what goes there and comes from there, in order and exactly once, and whether it lives. */
export class Neighbour {
  /** Its name. */
  readonly name: string;
  /** The rooms in which it has peers. */
  readonly rooms = new Set<string>();
  /** Those that it has listed since it began to. */
  readonly listed = new Set<string>();
  readonly #options: NeighbourOptions;
  readonly #outbound = new Outbound();
  readonly #inbound = new Inbound();
  /** How many beats ago it was heard. */
  #silence = 0;
  #lost = false;
  #known = false;

  /** Tells it nothing yet. */
  constructor(options: NeighbourOptions) {
    this.#options = options;
    this.name = options.name;
  }

  /** Whether it was ever heard. */
  get known(): boolean {
    return this.#known;
  }

  /** Whether it is not heard. */
  get lost(): boolean {
    return this.#lost;
  }

  /** For how many beats it has not been heard. */
  get silence(): number {
    return this.#silence;
  }

  /** How far we have told it. */
  get sent(): Mark {
    return this.#outbound.mark;
  }

  /** How far it has told us. */
  get got(): Mark {
    return this.#inbound.mark;
  }

  /** Whether so much is on its way to it that what can be refused should be. */
  get busy(): boolean {
    return this.#lost || this.#outbound.busy;
  }

  /** Tells it all it has to know, as if nothing had been said before. */
  begin(): void {
    this.#outbound.begin(this.#options.nextEpoch());
    for (const message of this.#options.state()) this.#say(message, "", true);
  }

  /** Says something in order. What does not fit is left out; it is told the state again when it is heard next. */
  send(message: Ordered, payload = ""): void {
    this.#say(message, payload, false);
  }

  /** Says something at most once. */
  tell(message: Datagram): void {
    const { own, name, link } = this.#options;
    const mark = undefined;
    link.send(name, encodeNodeFrame({ from: own, mark, message, payload: "" }));
  }

  /** It was heard. */
  heard(): void {
    this.#known = true;
    this.#silence = 0;
    if (!this.#lost) return;
    this.#lost = false;
    this.#options.onFound();
  }

  /** A beat has passed. */
  beat(): void {
    this.#silence++;
    if (this.#silence >= MAX_SILENCE) this.lose();
  }

  /** It is lost, if it was not before. */
  lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#options.onLost();
  }

  /** Takes a frame of its stream. */
  take({ mark, message, payload }: NodeFrame & { mark: Mark }): void {
    const { onMessage } = this.#options;
    switch (this.#inbound.take(mark, payload.length)) {
      case "known":
        return;
      case "gap":
        return this.#miss(mark, false);
      case "next": {
        const ack = this.#inbound.acknowledgement();
        if (ack) this.tell({ type: "ack", mark: ack });
        return onMessage(message as Ordered, payload);
      }
    }
  }

  /** It says how far it has heard us, and told us: the last frames may have got lost. */
  compare(sent: Mark | undefined, got: Mark | undefined): void {
    if (this.#outbound.broken) this.begin();
    if (got) this.#outbound.acknowledge(got);
    if (sent) this.#miss(sent, true);
  }

  /** It has got so far. */
  acknowledge(got: Mark): void {
    this.#outbound.acknowledge(got);
  }

  /** It asks for what is missing. */
  repeat(mark: Mark): void {
    const { name, link } = this.#options;
    if (mark.epoch !== this.#outbound.mark.epoch) return;
    const frames = this.#outbound.since(mark);
    if (!frames) return this.begin();
    for (const frame of frames) link.send(name, frame);
  }

  #say(message: Ordered, payload: string, isState: boolean): void {
    const { own, name, link } = this.#options;
    const mark = this.#outbound.next;
    const frame = encodeNodeFrame({ from: own, mark, message, payload });
    if (this.#outbound.push(frame, isState)) link.send(name, frame);
  }

  #miss(mark: Mark, anew: boolean): void {
    const missing = this.#inbound.missing(mark, anew);
    if (missing) this.tell({ type: "again", mark: missing });
  }
}
