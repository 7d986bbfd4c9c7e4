import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Backplane } from "./backplane.ts";
import { engineLink } from "./engine_link.ts";
import type { Life } from "./kept_session.ts";
import { NatsClaims } from "./nats_claims.ts";
import { natsConnect } from "./nats_connect.ts";
import { type NatsServers, natsServers } from "./nats_servers.ts";

/** How long a server may take to take a connection. */
const CONNECT_MS = 3000;

/** Within which a server knows a message again; not longer than messages are kept. */
const DUPLICATE_MS = 120_000;

/** What {@linkcode natsBackplane} takes. */
export interface NatsBackplaneOptions {
  /**
   * Where it is, as `nats://user:password@nats.example.com:4222`, or `tls:`
   * with TLS; several servers of a cluster with commas between them. A user
   * without a password is a token.
   */
  readonly url: string;
  /**
   * Begins all subjects and the name of the bucket. Servers that share a NATS
   * and not their rooms differ in it.
   *
   * @default {"webrtc"}
   */
  readonly prefix?: string;
}

/**
 * Nodes that find each other over NATS 2.9 or later, with JetStream, whose
 * key-value bucket holds the claims. It lives in memory: what is lost with a
 * server the nodes claim again, which know what they hold.
 *
 * The packages of `@nats-io` are loaded when a node goes among the others.
 *
 * @throws {TypeError} If the URL is none of NATS.
 */
export function natsBackplane(options: NatsBackplaneOptions): Backplane {
  const { url, prefix = "webrtc" } = options;
  const servers = natsServers(url);
  if (!servers) {
    // Not quoted: it may hold a password.
    throw new TypeError(
      'Cannot make a backplane: "url" must be URLs of nats or tls',
    );
  }
  return {
    name: "nats",
    open: (link) =>
      engineLink(link, async (life, onText) => {
        const { node, claimMs } = link;
        const connection = await connected(servers, life);
        const bucket = await openBucket(
          connection,
          `${prefix}_claims`,
          claimMs,
        );
        for (const subject of [`${prefix}.node.${node}`, `${prefix}.nodes`]) {
          connection.subscribe(subject, {
            callback(error, message) {
              if (error) life.lost(error.message);
              else onText(message.string());
            },
          });
        }
        await connection.flush();
        const { created } = await statusOf(bucket);
        const claims = new NatsClaims(bucket, node);
        return {
          publish(to, text) {
            const subject = to === undefined ? "nodes" : `node.${to}`;
            try {
              connection.publish(`${prefix}.${subject}`, text);
            } catch {
              // It is larger than the server takes, or the connection is closing.
            }
          },
          async ping() {
            const status = await statusOf(bucket);
            // Revisions of the one before mean nothing in the new one.
            if (status.created !== created) {
              throw new Error("the bucket of the claims was lost");
            }
          },
          leave: () => connection.flush(),
          claim: (name, instead) => claims.claim(name, instead),
          holder: (name) => claims.holder(name),
          renew: (names) => claims.renew(names),
          release: (names) => claims.release(names),
        };
      }),
  };
}

/** A connection that never comes back by itself. */
async function connected(
  servers: NatsServers,
  life: Life,
): Promise<NatsConnection> {
  const connection = await natsConnect({
    ...servers,
    reconnect: false,
    timeout: CONNECT_MS,
    noAsyncTraces: true,
  });
  life.defer(() => connection.close());
  connection.closed().then((error) => {
    life.lost(error?.message ?? "the connection was closed");
  });
  return connection;
}

/** Opens the bucket, whose keys live for so long. Makes it where it is missing. */
async function openBucket(
  connection: NatsConnection,
  name: string,
  claimMs: number,
): Promise<KV> {
  const [{ Kvm }, { jetstreamManager, StorageType }] = await Promise.all([
    import("@nats-io/kv"),
    import("@nats-io/jetstream"),
  ]);
  const bucket = await new Kvm(connection).create(name, {
    ttl: claimMs,
    history: 1,
    storage: StorageType.Memory,
    // Replicas may answer that have not heard of the last claim.
    allow_direct: false,
  });
  const { config } = await statusOf(bucket);
  const age = nanoseconds(claimMs);
  if (config.max_age !== age) {
    const manager = await jetstreamManager(connection);
    await manager.streams.update(config.name, {
      max_age: age,
      duplicate_window: Math.min(age, nanoseconds(DUPLICATE_MS)),
    });
  }
  return bucket;
}

/** What the server says of the stream that the bucket is made of. */
async function statusOf(bucket: KV) {
  return (await bucket.status()).streamInfo;
}

function nanoseconds(ms: number): number {
  return ms * 1_000_000;
}
