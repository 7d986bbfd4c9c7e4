import type { ConnectionOptions } from "@nats-io/transport-node";

/** Where NATS servers are, and what they ask for. */
export type NatsServers = Pick<
  ConnectionOptions,
  "servers" | "user" | "pass" | "token" | "tls"
>;

/**
 * Reads `nats://user:password@a.example:4222,nats://b.example`, with a token in
 * place of user and password, and `tls:` where it must be encrypted. The
 * credentials are those of the first that has some. Gives `undefined` if it is
 * anything else.
 */
export function natsServers(url: string): NatsServers | undefined {
  const urls = url.split(",").map((part) => URL.parse(part.trim()));
  const read: URL[] = [];
  for (const url of urls) {
    if (!url || !/^(nats|tls):$/.test(url.protocol) || !url.hostname) return;
    read.push(url);
  }
  const known = read.find(({ username }) => username !== "");
  try {
    const name = decodeURIComponent(known?.username ?? "");
    const pass = decodeURIComponent(known?.password ?? "");
    return {
      servers: read.map(({ host }) => host),
      ...(name !== "" &&
        (pass === "" ? { token: name } : { user: name, pass })),
      ...(read.some(({ protocol }) => protocol === "tls:") && { tls: {} }),
    };
  } catch {
    // Something that begins with % and is no character.
  }
}
