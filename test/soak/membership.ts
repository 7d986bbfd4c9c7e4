import type {
  Away,
  Back,
  ClientMessage,
  Join,
  Leave,
  Member,
  Presence,
  SignalFrom,
  Welcome,
} from "../../protocol.ts";
import type { Ledger } from "./ledger.ts";

/** What a signal of the soak says; who gets it checks every word. */
interface Said {
  readonly room: string;
  readonly from: string;
  readonly fromAt: number;
  readonly to: string;
  readonly toAt: number;
  /** Counts the signals from this membership to that one. */
  readonly n: number;
  readonly filling: string;
}

/** What a presence of the soak says. */
interface Published {
  readonly id: string;
  /** Counts what this membership has published. */
  readonly n: number;
}

/** Somebody else in the room. */
interface Other {
  readonly joinedAt: number;
  away: boolean;
  presence: string | null;
  /** How many signals this membership has sent it. */
  told: number;
}

/** One visitor's session as the visitor knows it, over all of its sockets, and whether what it hears can be true. */
export class Membership {
  readonly room: string;
  readonly id: string;
  readonly joinedAt: number;
  /** How long it outlives its socket. */
  readonly graceMs: number;
  /** Everybody else in the room. */
  readonly others: Map<string, Other> = new Map();
  /** What it has published. */
  presence: string | null = null;
  /** How many signals it has received. */
  seen = 0;
  /** What it resumes with. */
  token: string;
  /** A token that must be worth nothing any more. */
  spent: string | undefined;
  readonly #ledger: Ledger;
  /** The token before, which is good until the server has heard of the present one. */
  #before: string | undefined;
  /** How many signals each membership has sent to this one. */
  readonly #heard = new Map<string, number>();
  /** Signals that the server has not yet said to have. */
  #outbox: ClientMessage[] = [];
  #confirmed = 0;
  #published = 0;

  /** Begins with a welcome of a new session. */
  constructor(room: string, welcome: Welcome, ledger: Ledger) {
    this.room = room;
    this.id = welcome.id;
    this.joinedAt = welcome.joinedAt;
    this.graceMs = welcome.limits.graceMs;
    this.token = welcome.resume;
    this.#ledger = ledger;
    if (welcome.seen !== 0) this.#complain(`begins with ${welcome.seen} taken`);
    if (welcome.sent !== 0) this.#complain(`begins with ${welcome.sent} sent`);
    this.#setOthers(welcome.peers);
  }

  /** Goes on with a welcome of the same session, and says what the server has not got. */
  resume(welcome: Welcome): readonly ClientMessage[] {
    const { id, joinedAt, peers, resume, seen, sent } = welcome;
    if (id !== this.id) this.#complain(`was resumed as ${id}`);
    if (joinedAt !== this.joinedAt) {
      this.#complain(`joined at ${this.joinedAt}, was resumed at ${joinedAt}`);
    }
    if (sent !== this.seen) {
      this.#complain(`has ${this.seen} signals, is to have ${sent}`);
    }
    this.#before = this.token;
    this.token = resume;
    this.#setOthers(peers);
    this.#confirm(seen);
    return this.#outbox;
  }

  /** The server has heard that this one has its token, and has taken so many signals. */
  pong(seen: number): void {
    this.spent = this.#before ?? this.spent;
    this.#before = undefined;
    this.#confirm(seen);
  }

  /** A signal to somebody, with something to make it long. */
  signalTo(to: string, filling: string): ClientMessage | undefined {
    const other = this.others.get(to);
    if (!other) return;
    const { room, id: from, joinedAt: fromAt } = this;
    const n = ++other.told;
    const said: Said = {
      room,
      from,
      fromAt,
      to,
      toAt: other.joinedAt,
      n,
      filling,
    };
    return this.#send({ type: "signal", to, data: JSON.stringify(said) });
  }

  /** A signal to somebody who is not there. */
  signalToNobody(): ClientMessage {
    return this.#send({ type: "signal", to: "nobody", data: "" });
  }

  /** A new presence. */
  publish(): ClientMessage {
    const said: Published = { id: this.id, n: ++this.#published };
    this.presence = JSON.stringify(said);
    return { type: "presence", presence: this.presence };
  }

  /** How many signals of another membership it has received. */
  heardFrom({ id, joinedAt }: Pick<Member, "id" | "joinedAt">): number {
    return this.#heard.get(`${id}/${joinedAt}`) ?? 0;
  }

  /** Takes what the server says about the room. */
  hear(message: Join | Leave | Away | Back | Presence | SignalFrom): void {
    switch (message.type) {
      case "join":
        if (this.others.has(message.peer.id)) {
          this.#complain(`heard twice that ${message.peer.id} joined`);
        }
        return this.#add(message.peer);
      case "leave":
        if (!this.others.delete(message.id)) {
          this.#complain(`heard that ${message.id} left, whom it did not know`);
        }
        return;
      case "away":
      case "back":
        return this.#turn(message.id, message.type === "away");
      case "presence":
        return this.#hearPresence(message);
      case "signal":
        return this.#hearSignal(message);
      default:
        return message satisfies never;
    }
  }

  #turn(id: string, away: boolean): void {
    const other = this.others.get(id);
    if (!other || other.away === away) {
      this.#complain(
        `heard that ${id} is ${away ? "away" : "back"}, who was ${
          other ? "already" : "not there"
        }`,
      );
    } else other.away = away;
  }

  #hearPresence({ id, presence }: Presence): void {
    const other = this.others.get(id);
    if (!other) {
      return this.#complain(`heard what ${id} published, who is not there`);
    }
    const before: Published = JSON.parse(other.presence ?? '{"n":0}');
    const said: Published = JSON.parse(presence ?? "{}");
    if (said.id !== id || said.n <= before.n) {
      this.#complain(`heard that ${id} published ${presence} in ${before.n}`);
    }
    other.presence = presence;
  }

  #hearSignal({ from, data }: SignalFrom): void {
    this.seen++;
    const said: Said = JSON.parse(data);
    if (
      said.room !== this.room || said.from !== from || said.to !== this.id
    ) {
      return this.#complain(
        `heard from ${from} what ${said.from} said to ${said.to} in ${said.room}`,
      );
    }
    // It was for the one who had this id before.
    if (said.toAt !== this.joinedAt) return this.#ledger.count("too late");
    const heard = this.heardFrom({ id: from, joinedAt: said.fromAt });
    if (said.n !== heard + 1) {
      this.#complain(`heard ${said.n} from ${from} after ${heard}`);
    }
    this.#heard.set(`${from}/${said.fromAt}`, said.n);
    this.#ledger.count("heard");
  }

  #setOthers(members: readonly Member[]): void {
    const before = new Map(this.others);
    this.others.clear();
    for (const member of members) {
      if (this.others.has(member.id)) {
        this.#complain(`was welcomed by ${member.id} twice`);
      }
      this.#add(member, before.get(member.id));
    }
  }

  #add({ id, joinedAt, presence = null, away }: Member, known?: Other): void {
    if (id === this.id || !id.startsWith(`${this.room}.`)) {
      this.#complain(`heard that ${id} is in the room`);
    }
    const told = known?.joinedAt === joinedAt ? known.told : 0;
    this.others.set(id, { joinedAt, presence, away, told });
  }

  #send(message: ClientMessage): ClientMessage {
    this.#outbox.push(message);
    return message;
  }

  #confirm(seen: number): void {
    const fresh = seen - this.#confirmed;
    if (fresh < 0 || fresh > this.#outbox.length) {
      this.#complain(
        `has sent ${
          this.#confirmed + this.#outbox.length
        } signals, the server took first ${this.#confirmed}, then ${seen}`,
      );
    }
    this.#outbox = this.#outbox.slice(Math.max(0, fresh));
    this.#confirmed = seen;
  }

  #complain(what: string): void {
    this.#ledger.complain(`${this.id} ${what}`);
  }
}
