import {
  applyDiff,
  applySnapshot,
  type KnownMember,
  type Roster,
  withAwaited,
} from "../../client/presence.ts";
import {
  LIMITS,
  parseServerMessage,
  type ServerMessage,
  type Welcome,
} from "../../protocol.ts";
import type { Backplane } from "../../server/backplane/backplane.ts";
import { IceSource } from "../../server/ice_source.ts";
import { Lobby, type Wanted } from "../../server/lobby.ts";
import { publicStun } from "../../server/public_stun.ts";
import { ResumeTokens } from "../../server/resume_token.ts";
import { Tally } from "../../server/tally.ts";

/** A server without a network, whose sockets are made by hand. */
export interface SimulatedServer {
  /** Its rooms and sessions. */
  readonly lobby: Lobby;
}

/** A server that knows the tokens of all others like it, alone or a node of several. */
export function simulatedServer(
  now: () => number,
  backplane?: Backplane,
): SimulatedServer {
  const log = () => {};
  const tally = new Tally();
  return {
    lobby: new Lobby({
      // None of these is what a history is about.
      limits: { ...LIMITS, framesPerSecond: 1e9, frameBurst: 1e9 },
      ice: new IceSource({
        providers: [publicStun([])],
        log,
        tally,
        now,
        random: () => 0,
      }),
      tokens: new ResumeTokens("the secret of all servers"),
      tally,
      now,
      log,
      backplane,
    }),
  };
}

/** One end of a socket, as the server sees it, and the switches of a network. */
export class SimulatedSocket {
  readonly bufferedAmount = 0;
  readyState: number = WebSocket.CONNECTING;
  onopen: () => void = () => {};
  onmessage: (event: { data: unknown }) => void = () => {};
  onclose: (event: { code: number }) => void = () => {};
  onerror: () => void = () => {};
  /** Whether the network loses everything, without a word to the server. */
  silent = false;
  readonly #onFrame: (frame: string) => void;

  constructor(onFrame: (frame: string) => void) {
    this.#onFrame = onFrame;
  }

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen();
  }

  /** Called by the server. */
  send(frame: string): void {
    if (!this.silent) this.#onFrame(frame);
  }

  /** Called by the server. */
  close(_code: number): void {
    this.readyState = WebSocket.CLOSING;
  }

  /** Said by the client. */
  say(message: unknown): void {
    if (!this.silent) this.onmessage({ data: JSON.stringify(message) });
  }

  /** The network tells the server that it is over. */
  end(code: number): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose({ code });
  }
}

/** A signal as it was sent or heard. */
export interface Told {
  readonly from: string;
  readonly to: string;
  readonly number: number;
}

/** A client as far as the server goes: one membership after another under the same name. */
export class SimulatedPeer {
  readonly id: string;
  readonly room: string;
  /** Everybody it believes to be there. */
  members: Roster = new Map();
  /** What it has published. */
  presence: string | null = null;
  /** The last welcome; `undefined` when it has left, or was never there. */
  welcome: Welcome | undefined;
  /** Signals heard in this session at this server. */
  heard: Told[] = [];
  /** Ids of those of whom it was told that they have joined; again, that what was signaled to them may be lost. */
  readonly joined: string[] = [];
  socket: SimulatedSocket | undefined;
  #awaited: readonly KnownMember[] = [];
  #onWelcome: () => void = () => {};

  constructor(room: string, id: string) {
    this.room = room;
    this.id = id;
  }

  /** Whether its socket works in both directions. */
  get live(): boolean {
    return this.socket !== undefined && !this.socket.silent;
  }

  /** Asks for a seat, by a token or without one; answers with how it was refused, if it was. */
  async knock(
    { lobby }: SimulatedServer,
    token: string | undefined,
  ): Promise<string | undefined> {
    const wanted: Wanted = {
      key: `main\0${this.room}`,
      id: this.id,
      address: undefined,
      token,
      seen: this.heard.length,
    };
    const code = await lobby.reserve(wanted);
    if (code) return code;
    const silent = await lobby.listen(wanted);
    const grant = lobby.find(wanted, silent);
    const socket = new SimulatedSocket((frame) => this.#receive(frame));
    if (grant.to !== "refuse") {
      lobby.give(grant, wanted, socket as unknown as WebSocket);
    }
    lobby.unreserve(wanted);
    if (grant.to === "refuse") return grant.code;
    this.socket = socket;
    const welcomed = Promise.withResolvers<void>();
    this.#onWelcome = welcomed.resolve;
    socket.open();
    await welcomed.promise;
    // What the peer says upon it.
    await Promise.resolve();
  }

  /** Signals somebody. */
  tell(to: string, number: number): void {
    const told: Told = { from: this.id, to, number };
    const data = JSON.stringify({ ...told, room: this.room });
    this.socket?.say({ type: "signal", to, data });
  }

  publish(presence: string | null): void {
    this.presence = presence;
    this.socket?.say({ type: "presence", presence });
  }

  ping(): void {
    this.socket?.say({ type: "ping", seen: this.heard.length });
  }

  /** Waits no longer for those who have not come back after a restart. */
  losePatience(): void {
    const there = [...this.members.values()].filter((member) =>
      !this.#awaited.includes(member)
    );
    this.#awaited = [];
    this.members = applySnapshot(this.members, there).members;
  }

  /** Loses its socket, or says goodbye. */
  end(code: number): void {
    const { socket } = this;
    this.socket = undefined;
    if (code === 1000) this.welcome = undefined;
    socket?.end(code);
  }

  #receive(frame: string): void {
    const parsed = parseServerMessage(frame);
    if (!parsed.ok) throw new Error(`The server sent ${parsed.reason}`);
    const { message } = parsed;
    switch (message.type) {
      case "welcome":
        return this.#welcomed(message);
      case "join":
        this.joined.push(message.peer.id);
        this.members = applyDiff(this.members, message).members;
        return;
      case "leave":
      case "away":
      case "back":
      case "presence":
        this.members = applyDiff(this.members, message).members;
        return;
      case "signal":
        return this.#hear(message);
      case "ping": {
        const { socket } = this;
        queueMicrotask(() => socket?.say({ type: "pong" }));
      }
    }
  }

  #welcomed(welcome: Welcome): void {
    const { session, peers } = welcome;
    this.welcome = welcome;
    if (session !== "resumed") this.heard = [];
    if (this.heard.length !== welcome.sent) {
      throw new Error(`${this.id} has ${this.heard.length} of ${welcome.sent}`);
    }
    if (session === "new") this.#awaited = [];
    if (session === "restored") this.#awaited = [...this.members.values()];
    const snapshot = withAwaited(this.members, peers, this.#awaited);
    this.members = applySnapshot(this.members, snapshot).members;
    // No answer arrives before the server has said all that it had to say.
    queueMicrotask(() => {
      this.ping();
      this.publish(this.presence);
      this.#onWelcome();
    });
  }

  #hear({ from, data }: ServerMessage & { type: "signal" }): void {
    const told = JSON.parse(data) as Told & { room: string };
    const astray = told.from !== from || told.to !== this.id ||
      told.room !== this.room;
    if (astray) {
      throw new Error(`${this.id} in ${this.room} heard ${data} from ${from}`);
    }
    const { to, number } = told;
    this.heard.push({ from, to, number });
  }
}
