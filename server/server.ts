import { STATUS_CODE } from "@std/http/status";
import {
  CLOSE,
  LIMITS,
  type Limits,
  type RefusalCode,
  SUBPROTOCOL,
} from "../protocol.ts";
import { defaultHeaders } from "./default_headers.ts";
import { IceSource } from "./ice_source.ts";
import type { Log } from "./log_record.ts";
import { publicStun } from "./public_stun.ts";
import { Room } from "./room.ts";
import { type Route, route } from "./route.ts";
import { Session } from "./session.ts";
import type { TurnProvider } from "./turn_provider.ts";
import { VERSION } from "./version.ts";

/** Settings of a {@linkcode Server}. */
export interface ServerOptions {
  /** Where STUN and TURN servers come from. @default {publicStun()} */
  readonly turn?: TurnProvider;
  /** Limits that differ from the defaults. @default {LIMITS} */
  readonly limits?: Partial<Limits>;
  /** Takes what is worth telling an operator. @default {nothing is told} */
  readonly log?: Log;
  /** The time, in milliseconds since the epoch. @default {Date.now} */
  readonly now?: () => number;
}

/** How long a client may take to answer the close of its socket. */
const GOODBYE_MS = 2_000;

const METHODS = "GET, HEAD, OPTIONS";

/**
 * The signaling server: rooms of peers that find each other and exchange
 * signals. Mount {@linkcode Server.fetch} in any `Deno.serve`; extend the class
 * and override {@linkcode Server.onRequest} to answer more.
 *
 * @example A server with a page of its own
 * ```ts no-eval
 * import Server from "@x/webrtc/server";
 *
 * class MyServer extends Server {
 *   override async onRequest(request: Request, info: Deno.ServeHandlerInfo) {
 *     const { pathname } = new URL(request.url);
 *     if (pathname === "/hello") return new Response("hello");
 *     return await super.onRequest(request, info);
 *   }
 * }
 *
 * Deno.serve(new MyServer().fetch);
 * ```
 */
export class Server implements AsyncDisposable {
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #turn: TurnProvider;
  readonly #ice: IceSource;
  readonly #rooms = new Map<string, Room>();
  readonly #sessions = new Set<Session>();
  #stopping = false;

  /**
   * A server without rooms; they come with their first peer and go with the last.
   *
   * @throws {RangeError} If a limit is not a positive integer.
   */
  constructor(options: ServerOptions = {}) {
    this.#limits = { ...LIMITS, ...options.limits };
    for (const [name, limit] of Object.entries(this.#limits)) {
      if (!Number.isSafeInteger(limit) || limit < 1) {
        throw new RangeError(
          `Cannot make a server: limit "${name}" must be a positive integer, got ${limit}`,
        );
      }
    }
    this.#log = options.log ?? (() => {});
    this.#now = options.now ?? Date.now;
    this.#turn = options.turn ?? publicStun();
    this.#ice = new IceSource({
      provider: this.#turn,
      log: this.#log,
      now: this.#now,
    });
  }

  /**
   * The handler for `Deno.serve`, bound to this server. Upgrades the sockets of
   * rooms itself and leaves everything else to {@linkcode Server.onRequest}.
   */
  readonly fetch = async (
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> => {
    try {
      // Deno puts the Host header into the URL as it is.
      if (!URL.canParse(request.url)) {
        return failure(STATUS_CODE.BadRequest, "bad-host", "Not a host");
      }
      if (isHandshake(request)) {
        const asked = route(new URL(request.url), this.#limits);
        if (asked.to === "room") return this.#connect(request, asked);
      }
      return await this.onRequest(request, info);
    } catch (error) {
      this.#log({ level: "error", event: "internal-error", error });
      return failure(
        STATUS_CODE.InternalServerError,
        "internal",
        "Internal error",
      );
    }
  };

  /**
   * Answers every request that opens no socket: `GET /health`, `GET …/turn`,
   * the plain GET of a room, HEAD of each, and the CORS preflight. Override it to answer
   * more, and call `super.onRequest` for the rest.
   */
  async onRequest(
    request: Request,
    _info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    switch (request.method) {
      case "GET":
        return await this.#get(request);
      case "HEAD": {
        const { status, headers, body } = await this.#get(request);
        await body?.cancel();
        return new Response(null, { status, headers });
      }
      case "OPTIONS":
        return new Response(null, {
          status: STATUS_CODE.NoContent,
          headers: { ...defaultHeaders(), Allow: METHODS },
        });
      default:
        return failure(
          STATUS_CODE.MethodNotAllowed,
          "method-not-allowed",
          `Use one of ${METHODS}`,
          { Allow: METHODS },
        );
    }
  }

  /**
   * Takes nobody in any more, tells every client to come back later, and
   * resolves when their sockets are closed, at the latest after two seconds.
   * Closing twice is fine.
   */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#ice.close();
    for (const room of this.#rooms.values()) room.dissolve();
    const closing = [...this.#sessions].map((session) => {
      session.close(CLOSE.restarting, "restarting");
      return session.closed;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([Promise.all(closing), patience]);
    clearTimeout(timer);
  }

  /** {@linkcode Server.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #get(request: Request): Promise<Response> {
    const asked = route(new URL(request.url), this.#limits);
    switch (asked.to) {
      case "health": {
        let peers = 0;
        for (const room of this.#rooms.values()) peers += room.size;
        const status = this.#stopping ? "stopping" : "ok";
        return answer({
          status,
          version: VERSION,
          rooms: this.#rooms.size,
          peers,
        });
      }
      case "turn": {
        const { iceServers, expiresAt } = await this.#ice.fresh() ??
          this.#ice.known;
        return answer({ iceServers, expiresAt });
      }
      case "room": {
        const refused = this.#refusal(request, asked);
        return refused ? refusal(refused) : new Response(
          "WebRTC signaling: connect with a WebSocket to join this room.\n",
          {
            headers: {
              ...defaultHeaders(),
              "Content-Type": "text/plain; charset=utf-8",
            },
          },
        );
      }
      case "refusal":
        return refusal(asked.code);
      case "nowhere":
        return failure(STATUS_CODE.NotFound, "not-found", "Nothing is here");
      default:
        return asked satisfies never;
    }
  }

  /** Decides before the upgrade: a refused client never gets a socket. */
  #connect(request: Request, asked: Route & { to: "room" }): Response {
    const refused = this.#refusal(request, asked);
    if (refused) return refusal(refused);
    const { key, id = crypto.randomUUID() } = asked;
    const protocol = offered(request).includes(SUBPROTOCOL)
      ? { protocol: SUBPROTOCOL }
      : {};
    let upgraded: Deno.WebSocketUpgrade;
    try {
      upgraded = Deno.upgradeWebSocket(request, protocol);
    } catch {
      return failure(
        STATUS_CODE.BadRequest,
        "bad-upgrade",
        "Not a WebSocket handshake (RFC 6455 §4.2.1)",
      );
    }
    const room = this.#rooms.get(key) ?? new Room(this.#limits.peersPerRoom);
    this.#rooms.set(key, room);
    const session = new Session({
      id,
      room,
      socket: upgraded.socket,
      limits: this.#limits,
      ice: this.#ice,
      now: this.#now,
      log: this.#log,
      onEnd: () => {
        this.#sessions.delete(session);
        if (room.size === 0) this.#rooms.delete(key);
      },
    });
    this.#sessions.add(session);
    return upgraded.response;
  }

  #refusal(
    request: Request,
    { key, id }: Route & { to: "room" },
  ): RefusalCode | undefined {
    if (this.#stopping) return "stopping";
    const protocols = offered(request);
    // A client that offers none takes the version it gets, as the welcome tells it.
    if (protocols.length > 0 && !protocols.includes(SUBPROTOCOL)) {
      return "bad-version";
    }
    return this.#rooms.get(key)?.refusal(id);
  }
}

/** Whether a request opens a WebSocket (RFC 6455 §4.2.1); the key is Deno's to check. */
function isHandshake({ method, headers }: Request): boolean {
  return method === "GET" &&
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    headers.get("sec-websocket-version") === "13";
}

/** The subprotocols that the client offers (RFC 6455 §4.1). */
function offered(request: Request): string[] {
  const list = request.headers.get("sec-websocket-protocol") ?? "";
  return list.split(",").map((each) => each.trim()).filter((each) =>
    each !== ""
  );
}

const REFUSALS: Readonly<
  Record<RefusalCode, { status: number; message: string }>
> = {
  "bad-room": {
    status: STATUS_CODE.BadRequest,
    message:
      "The room name is empty, too long, a dot or two, or has control characters",
  },
  "bad-party": {
    status: STATUS_CODE.BadRequest,
    message:
      "The party name is empty, too long, a dot or two, or has control characters",
  },
  "bad-id": {
    status: STATUS_CODE.BadRequest,
    message: "The peer id is empty, too long, or has control characters",
  },
  "bad-version": {
    status: STATUS_CODE.BadRequest,
    message: `This server speaks ${SUBPROTOCOL}`,
  },
  "id-taken": {
    status: STATUS_CODE.Conflict,
    message: "A peer of this room has that id",
  },
  "room-full": { status: STATUS_CODE.Conflict, message: "The room is full" },
  "stopping": {
    status: STATUS_CODE.ServiceUnavailable,
    message: "The server is about to stop",
  },
};

function refusal(code: RefusalCode): Response {
  const { status, message } = REFUSALS[code];
  return failure(status, code, message);
}

function failure(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return answer({ error: { code, message } }, { status, headers });
}

function answer(
  body: unknown,
  { status = STATUS_CODE.OK as number, headers = {} }: {
    status?: number;
    headers?: Record<string, string>;
  } = {},
): Response {
  return Response.json(body, {
    status,
    headers: { ...defaultHeaders(), ...headers },
  });
}
