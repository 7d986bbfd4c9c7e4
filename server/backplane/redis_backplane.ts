import type { Redis } from "ioredis";
import type { Backplane } from "./backplane.ts";
import { engineLink, type EngineSession } from "./engine_link.ts";
import type { Life } from "./kept_session.ts";

/** How long a connection that is given up may take to close. */
const DISCONNECT_MS = 100;

/** Claims what nobody holds, or this node, or the node instead of which it claims. */
const CLAIM = `
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return holder end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return ARGV[1]`;

/** The same for many; gives the numbers of those that others hold. */
const RENEW = `
local lost = {}
for i, key in ipairs(KEYS) do
  local holder = redis.call("GET", key)
  if holder and holder ~= ARGV[1] then lost[#lost + 1] = i
  else redis.call("SET", key, ARGV[1], "PX", ARGV[2]) end
end
return lost`;

const RELEASE = `
for _, key in ipairs(KEYS) do
  if redis.call("GET", key) == ARGV[1] then redis.call("DEL", key) end
end`;

/** What {@linkcode redisBackplane} takes. */
export interface RedisBackplaneOptions {
  /** Where it is, as `redis://user:password@redis.example.com:6379/0`, or `rediss:` with TLS. Frames are heard in all databases, whichever that is; only claims are kept in it. */
  readonly url: string;
  /**
   * Begins all channels and keys. Servers that share a Redis and not their
   * rooms differ in it.
   *
   * @default {"webrtc"}
   */
  readonly prefix?: string;
}

/**
 * Nodes that find each other over Redis 6 or later, or Valkey. It is one
 * server, with replicas or without: not a Redis Cluster, whose scripts take no
 * keys that live apart. Nothing in it needs to outlive it.
 *
 * `ioredis` is loaded when a node goes among the others. It reads the whole
 * environment: a program that may not read all of it runs with `--ignore-env`.
 *
 * @throws {TypeError} If the URL is none of Redis.
 */
export function redisBackplane(options: RedisBackplaneOptions): Backplane {
  const { url, prefix = "webrtc" } = options;
  // Not quoted: it may hold a password.
  if (!/^rediss?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new TypeError(
      'Cannot make a backplane: "url" must be a URL of redis or rediss',
    );
  }
  return {
    name: "redis",
    open: (link) =>
      engineLink(link, async (life, onText) => {
        const [commands, subscriber] = await Promise.all([
          connected(url, life),
          connected(url, life),
        ]);
        subscriber.on("message", (_channel: string, text: string) => {
          onText(text);
        });
        await subscriber.subscribe(
          channelOf(prefix, link.node),
          channelOf(prefix),
        );
        return session({ commands, subscriber, prefix, ...link });
      }),
  };
}

/** Of one node, or of all. */
function channelOf(prefix: string, node?: string): string {
  return node === undefined ? `${prefix}:nodes` : `${prefix}:node:${node}`;
}

/** A connection that never comes back by itself. */
async function connected(url: string, life: Life): Promise<Redis> {
  const { Redis } = await import("ioredis");
  let trouble: Error | undefined;
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    disableClientInfo: true,
    // Needs INFO, which not every user may ask for; PING tells the same.
    enableReadyCheck: false,
    disconnectTimeout: DISCONNECT_MS,
  });
  const ended = new Promise<void>((resolve) => redis.once("end", resolve));
  redis.on("error", (error: Error) => trouble ??= error);
  redis.on("end", () => {
    life.lost(trouble?.message ?? "the connection was closed");
  });
  life.defer(() => {
    // It would wait for a socket that is closed to close.
    if (redis.status === "end") return;
    redis.disconnect();
    return ended;
  });
  try {
    await redis.connect();
  } catch (error) {
    throw trouble ?? error;
  }
  // A password or a database that was refused does not end the connection.
  if (trouble) throw trouble;
  return redis;
}

interface SessionOptions {
  readonly commands: Redis;
  readonly subscriber: Redis;
  readonly prefix: string;
  readonly node: string;
  readonly claimMs: number;
}

function session(options: SessionOptions): EngineSession {
  const { commands, subscriber, prefix, node, claimMs } = options;
  const keyOf = (name: string) => `${prefix}:claim:${name}`;

  /** Runs a script for some names. */
  function run(script: string, names: readonly string[]): Promise<unknown> {
    const keys = names.map(keyOf);
    return commands.eval(script, keys.length, ...keys, node, claimMs);
  }

  return {
    publish(to, text) {
      // Whether anybody hears it shows elsewhere.
      commands.publish(channelOf(prefix, to), text).catch(() => {});
    },
    ping: () => Promise.all([commands.ping(), subscriber.ping()]),
    leave: () => commands.ping(),
    async claim(name, instead = node) {
      const key = keyOf(name);
      return String(
        await commands.eval(CLAIM, 1, key, node, claimMs, instead),
      );
    },
    async holder(name) {
      return await commands.get(keyOf(name)) ?? undefined;
    },
    async renew(names) {
      const lost = await run(RENEW, names);
      const numbers = new Set(Array.isArray(lost) ? lost : []);
      return names.filter((_name, index) => numbers.has(index + 1));
    },
    async release(names) {
      await run(RELEASE, names);
    },
  };
}
