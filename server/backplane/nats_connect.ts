import type { Socket } from "node:net";
import type {
  ConnectionOptions,
  NatsConnection,
} from "@nats-io/transport-node";

/**
 * `connect` of the client, whose sockets may break at any time. Its own takes
 * every listener off a socket before it is closed: a server that resets the
 * connection meanwhile, as one does that refuses a password, ends the process
 * by an error which nobody hears.
 */
export async function natsConnect(
  options: ConnectionOptions,
): Promise<NatsConnection> {
  const [client, { NodeTransport, nodeResolveHost }] = await Promise.all([
    import("@nats-io/transport-node"),
    import("@nats-io/transport-node/lib/node_transport.js"),
  ]);

  class DeafTransport extends NodeTransport {
    override async dial(
      at: Parameters<InstanceType<typeof NodeTransport>["dial"]>[0],
    ) {
      return deafened(await super.dial(at));
    }

    override async startTLS() {
      return deafened(await super.startTLS());
    }
  }

  client.setTransportFactory({
    factory: () => new DeafTransport(),
    dnsResolveFn: nodeResolveHost,
  });
  return await client.NatsConnectionImpl.connect(options);
}

/** The same socket, of which an error is always heard; why it has ended tells its end. */
function deafened<S extends Socket>(socket: S): S {
  const removeAllListeners = socket.removeAllListeners.bind(socket);
  const ignore = () => {};
  socket.removeAllListeners = (...event: [eventName?: string | symbol]) => {
    removeAllListeners(...event);
    socket.on("error", ignore);
    return socket;
  };
  socket.on("error", ignore);
  return socket;
}
