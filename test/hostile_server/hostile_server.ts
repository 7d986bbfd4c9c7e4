import type {
  ClientMessage,
  ServerMessage,
  SignalFrom,
} from "../../protocol.ts";
import type { Attack, HostilePage } from "./attack.ts";
import { Recorder } from "./recorder.ts";

/** A server in front of a real one, which does as it likes with what pages say to each other. */
export interface HostileServer extends AsyncDisposable {
  /** Where pages find it. */
  readonly url: string;
  /** All that has passed. */
  readonly recorder: Recorder;
  /** The pages of a room that have a socket, by id. */
  pages(room: string): ReadonlyMap<string, HostilePage>;
  /** Attacks a room from now on. */
  attack(room: string, attack: Attack): void;
}

/** Starts one in front of the server at `url`, on a free port of this machine. A room that is not attacked is served well. */
export function startHostileServer(url: string): HostileServer {
  const recorder = new Recorder();
  const attacks = new Map<string, Attack>();
  const rooms = new Map<string, Map<string, HostilePage>>();
  const open = new Set<Between>();

  async function upgrade(request: Request, target: URL): Promise<Response> {
    const room = decodeURIComponent(target.pathname.split("/")[3] ?? "");
    const id = target.searchParams.get("_pk") ?? "";
    const offered = request.headers.get("Sec-WebSocket-Protocol") ?? "";
    const upstream = new WebSocket(target, {
      protocols: offered.split(/, */).filter(Boolean),
      headers: {},
    } as unknown as string[]);
    const early: string[] = [];
    upstream.onmessage = ({ data }) => void early.push(data);
    await untilOpen(upstream);
    if (upstream.readyState !== WebSocket.OPEN) return await pass(request);
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: upstream.protocol,
    });
    const members = rooms.get(room) ?? new Map<string, HostilePage>();
    rooms.set(room, members);
    const page = new Between({
      id,
      name: room,
      room: members,
      socket,
      upstream,
      recorder,
      attack: () => attacks.get(room) ?? {},
    });
    open.add(page);
    void page.closed.then(() => open.delete(page));
    recorder.record({
      room,
      page: id,
      to: "server",
      frame: `GET ${target.pathname}${target.search}\n${offered}`,
    });
    for (const frame of early) page.receive(frame);
    return response;
  }

  async function pass(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    for (const name of [...headers.keys()]) {
      if (
        /^(sec-websocket-.*|connection|upgrade|host|accept-encoding)$/.test(
          name,
        )
      ) {
        headers.delete(name);
      }
    }
    const { status, headers: answered, body } = await fetch(
      new URL(pathname + search, url),
      { method: request.method, headers },
    );
    return new Response(body, { status, headers: answered });
  }

  const http = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      if (request.headers.get("Upgrade") !== "websocket") return pass(request);
      const { pathname, search } = new URL(request.url);
      return upgrade(request, new URL(pathname + search, url));
    },
  );

  return {
    url: `http://127.0.0.1:${http.addr.port}`,
    recorder,
    pages: (room) => rooms.get(room) ?? new Map(),
    attack: (room, attack) => void attacks.set(room, attack),
    async [Symbol.asyncDispose]() {
      for (const page of open) page.close();
      await Promise.all([...open].map((page) => page.closed));
      await http.shutdown();
    },
  };
}

/** What stands between a page and its room. */
interface BetweenOptions {
  readonly id: string;
  readonly name: string;
  readonly room: Map<string, HostilePage>;
  /** Socket of the page. */
  readonly socket: WebSocket;
  /** Its other end, to the real server. */
  readonly upstream: WebSocket;
  readonly recorder: Recorder;
  readonly attack: () => Attack;
}

class Between implements HostilePage {
  readonly id: string;
  readonly room: ReadonlyMap<string, HostilePage>;
  /** Resolves when both sockets are closed. */
  readonly closed: Promise<unknown>;
  joinedAt = 0;
  readonly #options: BetweenOptions;
  /** What the page is told before its socket is open. */
  readonly #early: string[] = [];

  constructor(options: BetweenOptions) {
    this.#options = options;
    const { id, room, socket, upstream } = options;
    this.id = id;
    this.room = room;
    room.set(id, this);
    socket.onopen = () => {
      for (const frame of this.#early.splice(0)) socket.send(frame);
    };
    socket.onmessage = ({ data }) => this.#hear(data);
    upstream.onmessage = ({ data }) => this.receive(data);
    this.closed = Promise.all([
      closing(socket, upstream),
      closing(upstream, socket),
    ]).then(() => {
      if (room.get(id) === this) room.delete(id);
    });
  }

  /** Takes a frame of the real server. */
  receive(frame: string): void {
    const { recorder, name, attack } = this.#options;
    recorder.record({ room: name, page: this.id, to: "page", frame });
    const message: ServerMessage = JSON.parse(frame);
    if (message.type === "welcome") this.joinedAt = message.joinedAt;
    const passed = attack().toPage?.(message, this) ?? [message];
    for (const each of passed) this.tell(each);
  }

  tell(message: ServerMessage): void {
    const { socket } = this.#options;
    // A client counts signals by how their frames begin.
    const frame = JSON.stringify(
      message.type === "signal" ? inOrder(message) : message,
    );
    if (socket.readyState === WebSocket.CONNECTING) this.#early.push(frame);
    else if (socket.readyState === WebSocket.OPEN) socket.send(frame);
  }

  say(message: ClientMessage): void {
    const { upstream } = this.#options;
    if (upstream.readyState === WebSocket.OPEN) {
      upstream.send(JSON.stringify(message));
    }
  }

  /** Ends both sockets. */
  close(): void {
    const { socket, upstream } = this.#options;
    for (const each of [socket, upstream]) {
      if (each.readyState <= WebSocket.OPEN) each.close();
    }
  }

  #hear(frame: string): void {
    const { recorder, name, attack } = this.#options;
    recorder.record({ room: name, page: this.id, to: "server", frame });
    const message: ClientMessage = JSON.parse(frame);
    const passed = attack().toServer?.(message, this) ?? [message];
    for (const each of passed) this.say(each);
  }
}

function inOrder({ from, data }: SignalFrom): SignalFrom {
  return { type: "signal", from, data };
}

/** Resolves when a socket has opened, or will not. */
function untilOpen(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.onopen = () => resolve();
    socket.onclose = () => resolve();
    socket.onerror = (event) => event.preventDefault();
  });
}

/** Resolves when a socket is closed; the other one is closed alike. */
function closing(socket: WebSocket, other: WebSocket): Promise<void> {
  socket.onerror = (event) => event.preventDefault();
  return new Promise((resolve) => {
    socket.onclose = ({ code, reason }) => {
      // Of the codes below 3000 a program may send only this one.
      const plain = code !== 1000 && code < 3000;
      if (other.readyState <= WebSocket.OPEN) {
        if (plain) other.close();
        else other.close(code, reason);
      }
      resolve();
    };
  });
}
