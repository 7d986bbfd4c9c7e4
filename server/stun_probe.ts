import type { IceUrl } from "./ice_servers.ts";
import { TurnError } from "./turn_provider.ts";

/** RFC 8489 §5: type, length, magic cookie, transaction id. */
const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
/** An error is an answer as well. */
const BINDING_RESPONSES: readonly number[] = [0x0101, 0x0111];
const MAGIC_COOKIE = 0x2112a442;

/** How servers are probed. */
export interface StunProbeOptions {
  /** Ends the probe. */
  readonly signal: AbortSignal;
  /** Certificates to trust beside the usual ones, in PEM. */
  readonly caCerts?: string[];
}

/**
 * Resolves when one of these servers answers a Binding request over TCP (RFC
 * 8489 §6.2.2), or TLS where its address says so. They are asked all at once.
 *
 * @throws {TurnError} If none does.
 */
export async function probeStun(
  urls: readonly IceUrl[],
  { signal, caCerts = [] }: StunProbeOptions,
): Promise<void> {
  // UDP and TCP of a server are one port.
  const servers = new Map(
    urls.map((url) => [`${url.tls} ${url.hostname} ${url.port}`, url]),
  );
  const done = new AbortController();
  const options = { signal: AbortSignal.any([signal, done.signal]), caCerts };
  try {
    await Promise.any([...servers.values()].map((url) => ask(url, options)));
  } catch {
    signal.throwIfAborted();
    throw new TurnError("no answer to STUN over TCP");
  } finally {
    done.abort();
  }
}

async function ask(
  { hostname, port, tls }: IceUrl,
  { signal, caCerts }: Required<StunProbeOptions>,
): Promise<void> {
  const tcp = await Deno.connect({ hostname, port, signal });
  using connection = tls
    ? await Deno.startTls(tcp, { hostname, caCerts })
    : tcp;
  const stop = () => connection[Symbol.dispose]();
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    const request = new Uint8Array(HEADER_BYTES);
    const view = new DataView(request.buffer);
    view.setUint16(0, BINDING_REQUEST);
    view.setUint32(4, MAGIC_COOKIE);
    crypto.getRandomValues(request.subarray(8));
    await connection.write(request);
    const answer = new Uint8Array(HEADER_BYTES);
    for (let at = 0; at < HEADER_BYTES;) {
      const count = await connection.read(answer.subarray(at));
      if (count === null) throw new TurnError("the connection was closed");
      at += count;
    }
    const type = new DataView(answer.buffer).getUint16(0);
    const same = request.subarray(4).every((byte, at) =>
      byte === answer[at + 4]
    );
    if (!same || !BINDING_RESPONSES.includes(type)) {
      throw new TurnError("the answer is none of STUN");
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
