import { STATUS_CODE } from "@std/http/status";
import {
  LIMITS,
  type Limits,
  MAX_LIMIT,
  type RefusalCode,
  SUBPROTOCOL,
} from "../protocol.ts";
import { type Admission, admit, type Authorize } from "./authorize.ts";
import type { Backplane } from "./backplane/backplane.ts";
import { clientAddress } from "./client_address.ts";
import { defaultHeaders } from "./default_headers.ts";
import { exposition, EXPOSITION_TYPE } from "./exposition.ts";
import { health, readiness } from "./health.ts";
import { IceSource } from "./ice_source.ts";
import { Lobby, type Wanted } from "./lobby.ts";
import type { Log } from "./log_record.ts";
import type { Metric } from "./metric.ts";
import { readOffered } from "./offered.ts";
import { readOrigins } from "./origins.ts";
import { publicStun } from "./public_stun.ts";
import { answer, failure, refusal, refusalCode } from "./refusal.ts";
import { MIN_SECRET_CHARS, ResumeTokens } from "./resume_token.ts";
import { type Route, route, template } from "./route.ts";
import { gauges } from "./status.ts";
import { HISTOGRAMS, Tally } from "./tally.ts";
import type { Telemetry } from "./telemetry.ts";
import { type IceProvider, isTurnProvider } from "./turn_provider.ts";

/** Settings of a {@linkcode Server}. */
export interface ServerOptions {
  /**
   * Where STUN and TURN servers come from. Of several, the first that gives
   * credentials is used: one that fails three times in a row, or takes more than
   * five seconds, is left alone for ten. STUN alone is for when all others fail.
   *
   * @default {publicStun()}
   */
  readonly turn?: IceProvider | readonly IceProvider[];
  /** Limits that differ from the defaults. @default {LIMITS} */
  readonly limits?: Partial<Limits>;
  /**
   * Signs the tokens with which peers resume their sessions, 16 characters or
   * more. With the same secret, another run of the server knows them.
   *
   * @default {a random one}
   */
  readonly sessionSecret?: string;
  /** Origins whose pages may use the server, such as `https://example.com` or `https://*.example.com`. @default {["*"]} */
  readonly allowedOrigins?: readonly string[];
  /** Decides who may join. @default {everybody may} */
  readonly authorize?: Authorize;
  /** How many proxies of one's own stand in front and write `X-Forwarded-For`. @default {0} */
  readonly trustProxy?: number;
  /** Lies between this server and others that serve the same rooms; they need the same `sessionSecret`. @default {rooms are in this process alone} */
  readonly backplane?: Backplane;
  /** Takes what is worth telling an operator. @default {nothing is told} */
  readonly log?: Log;
  /** Takes metrics and routes, such as {@linkcode openTelemetry}. @default {there is only `/metrics`} */
  readonly telemetry?: Telemetry;
  /** The time, in milliseconds since the epoch. @default {Date.now} */
  readonly now?: () => number;
}

/** After how long without a sign of life a socket counts as lost; Deno asks for one at half of it. */
const IDLE_SECONDS = 30;

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
  readonly #ice: IceSource;
  readonly #lobby: Lobby;
  readonly #admission: Admission;
  readonly #trustProxy: number;
  readonly #telemetry: Telemetry | undefined;
  readonly #unwatch: (() => void) | undefined;
  readonly #tally = new Tally((what, value, label) =>
    this.#telemetry?.observe(`webrtc_${what}`, value, {
      [HISTOGRAMS[what].label]: label,
    })
  );

  /**
   * A server without rooms.
   *
   * @throws {RangeError} If a limit is out of range, a secret too short, or the number of proxies none.
   * @throws {TypeError} If an origin is none.
   */
  constructor(options: ServerOptions = {}) {
    const {
      turn = publicStun(),
      log = () => {},
      now = Date.now,
      allowedOrigins = ["*"],
      authorize,
      sessionSecret,
      trustProxy = 0,
      telemetry,
      backplane,
    } = options;
    this.#limits = { ...LIMITS, ...options.limits };
    for (const [name, limit] of Object.entries(this.#limits)) {
      if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
        throw new RangeError(
          `Cannot make a server: limit "${name}" must be an integer from 1 to ${MAX_LIMIT}, got ${limit}`,
        );
      }
    }
    if (!Number.isSafeInteger(trustProxy) || trustProxy < 0) {
      throw new RangeError(
        `Cannot make a server: "trustProxy" must be a number of proxies, got ${trustProxy}`,
      );
    }
    if (
      sessionSecret !== undefined && sessionSecret.length < MIN_SECRET_CHARS
    ) {
      throw new RangeError(
        `Cannot make a server: "sessionSecret" must have at least ${MIN_SECRET_CHARS} characters, got ${sessionSecret.length}`,
      );
    }
    this.#log = log;
    this.#trustProxy = trustProxy;
    this.#admission = {
      allowsOrigin: readOrigins(allowedOrigins),
      authorize,
      idChars: this.#limits.idChars,
    };
    const providers = [turn].flat();
    this.#ice = new IceSource({
      providers,
      log,
      now,
      tally: this.#tally,
      random: Math.random,
    });
    this.#lobby = new Lobby({
      limits: this.#limits,
      ice: this.#ice,
      tokens: new ResumeTokens(sessionSecret),
      tally: this.#tally,
      now,
      log,
      backplane,
    });
    const provider = providers.filter(isTurnProvider)
      .map(({ name }) => name).join(", ");
    if (provider !== "" && !authorize && allowedOrigins.includes("*")) {
      log({ level: "warn", event: "turn-is-open", provider });
    }
    this.#telemetry = telemetry;
    this.#unwatch = telemetry?.watch(() => this.#metrics);
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
        if (asked.to === "room") {
          return await this.#connect(request, info, asked);
        }
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
   * Answers every request that opens no socket: `GET /health`, `GET /ready`,
   * `GET /metrics`, `GET …/turn`, the plain GET of a room, HEAD of each, and the CORS preflight.
   * Override it to answer more, and call `super.onRequest` for the rest.
   */
  async onRequest(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    switch (request.method) {
      case "GET":
        return await this.#get(request, info);
      case "HEAD": {
        const { status, headers, body } = await this.#get(request, info);
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
   * Takes nobody in any more, asks every client to go on elsewhere or to come
   * back later, and resolves when their sockets are closed, at the latest after
   * three and a half seconds. Closing twice is fine.
   */
  async close(): Promise<void> {
    this.#ice.close();
    await this.#lobby.drain();
    this.#unwatch?.();
  }

  /** {@linkcode Server.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #get(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    const asked = route(new URL(request.url), this.#limits);
    this.#tellRoute(request, asked);
    switch (asked.to) {
      case "health":
        return health(this.#lobby.status, this.#lobby.stopping);
      case "ready":
        return readiness(this.#lobby.status, this.#lobby.stopping);
      case "metrics":
        return text(exposition(this.#metrics), EXPOSITION_TYPE);
      case "turn": {
        const admitted = await admit(request, asked, this.#admission);
        if ("refused" in admitted) return this.#refuse(admitted.refused);
        const { shared } = this.#ice;
        await shared.fresh();
        if (this.#lobby.stopping) return this.#refuse("stopping");
        const { iceServers, expiresAt, turn } = shared.known;
        return answer({ iceServers, expiresAt, turn });
      }
      case "room": {
        const wanted = await this.#wanted(request, info, asked);
        if ("refused" in wanted) return this.#refuse(wanted.refused);
        const code = await this.#lobby.whyNot(wanted);
        if (code) return this.#refuse(code);
        return text(
          "WebRTC signaling: connect with a WebSocket to join this room.\n",
        );
      }
      case "refusal":
        return this.#refuse(asked.code);
      case "nowhere":
        return failure(STATUS_CODE.NotFound, "not-found", "Nothing is here");
      default:
        return asked satisfies never;
    }
  }

  get #metrics(): Metric[] {
    return [...gauges(this.#lobby.status), ...this.#tally.metrics];
  }

  #tellRoute({ method }: Request, asked: Route): void {
    const name = template(asked);
    if (name !== undefined) this.#telemetry?.route(method, name);
  }

  /** Decides before the upgrade: a refused client never gets a socket. */
  async #connect(
    request: Request,
    info: Deno.ServeHandlerInfo,
    asked: Route & { to: "room" | "turn" },
  ): Promise<Response> {
    this.#tellRoute(request, asked);
    const wanted = await this.#wanted(request, info, asked);
    if ("refused" in wanted) return this.#refuse(wanted.refused);
    const code = await this.#lobby.reserve(wanted);
    if (code) return this.#refuse(code);
    try {
      return await this.#seat(request, asked, wanted);
    } finally {
      this.#lobby.unreserve(wanted);
    }
  }

  async #seat(
    request: Request,
    { party, room }: Route & { to: "room" | "turn" },
    wanted: Wanted,
  ): Promise<Response> {
    const silent = await this.#lobby.listen(wanted);
    // From here on nothing is awaited: what was found stays true until it is given.
    const grant = this.#lobby.find(wanted, silent);
    if (grant.to === "refuse") return this.#refuse(grant.code);
    let upgraded: Deno.WebSocketUpgrade;
    try {
      upgraded = Deno.upgradeWebSocket(request, {
        idleTimeout: IDLE_SECONDS,
        ...(readOffered(request).version && { protocol: SUBPROTOCOL }),
      });
    } catch {
      return failure(
        STATUS_CODE.BadRequest,
        "bad-upgrade",
        "Not a WebSocket handshake (RFC 6455 §4.2.1)",
      );
    }
    const session = this.#lobby.give(grant, wanted, upgraded.socket);
    const { id, address } = wanted;
    this.#log({
      level: "debug",
      event: "socket-granted",
      session,
      party,
      room,
      id,
      address,
    });
    return upgraded.response;
  }

  /** The seat that a request asks for, once it is known who asks. */
  async #wanted(
    request: Request,
    info: Deno.ServeHandlerInfo,
    asked: Route & { to: "room" | "turn" },
  ): Promise<Wanted | { refused: RefusalCode | Response }> {
    if (this.#lobby.stopping) return { refused: "stopping" };
    const { version, resume, seen } = readOffered(request);
    // A client that offers none takes the version it gets, as the welcome tells it.
    if (version === false) return { refused: "bad-version" };
    const admitted = await admit(request, asked, this.#admission);
    if ("refused" in admitted) return admitted;
    // Who mounts the server elsewhere may have none to give.
    const remote: Partial<Deno.ServeHandlerInfo>["remoteAddr"] = info
      ?.remoteAddr;
    return {
      key: asked.key,
      id: admitted.id ?? crypto.randomUUID(),
      address: clientAddress(
        remote && "hostname" in remote ? remote.hostname : undefined,
        request.headers.get("x-forwarded-for"),
        this.#trustProxy,
      ),
      token: resume,
      seen,
    };
  }

  #refuse(why: RefusalCode | Response): Response {
    const code = why instanceof Response ? refusalCode(why) : why;
    this.#tally.add("refusals", code);
    this.#log({ level: "debug", event: "join-refused", code });
    if (!(why instanceof Response)) return refusal(why);
    // Without these a page could not read why.
    const headers = new Headers(why.headers);
    for (const [name, value] of Object.entries(defaultHeaders())) {
      if (!headers.has(name)) headers.set(name, value);
    }
    return new Response(why.body, {
      status: why.status,
      statusText: why.statusText,
      headers,
    });
  }
}

function text(body: string, type = "text/plain; charset=utf-8"): Response {
  return new Response(body, {
    headers: { ...defaultHeaders(), "Content-Type": type },
  });
}

/** Whether a request opens a WebSocket (RFC 6455 §4.2.1); the key is Deno's to check. */
function isHandshake({ method, headers }: Request): boolean {
  return method === "GET" &&
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    headers.get("sec-websocket-version") === "13";
}
