import { coturn } from "../../server/coturn.ts";
import type { TurnProvider } from "../../server/turn_provider.ts";
import { type Coturn, startCoturn } from "../support/coturn.ts";
import { run } from "../../scripts/run.ts";
import { makeNamespace } from "../support/namespace.ts";
import type { Internet } from "./internet.ts";

/** The usual port of TURN (RFC 8656 §3.1), and one that is open nearly everywhere. */
const [PORT, OPEN_PORT] = [3478, 443];

/** A TURN server on the internet. */
export interface LabTurn extends AsyncDisposable {
  /** Where it listens: its first address for all, its second one spare. */
  readonly addresses: readonly [first: string, spare: string];
  /** How it is reached: STUN, then TURN by UDP, by TCP and by TLS. */
  readonly urls: readonly string[];
  /** Its secret, for other credentials than those of the provider. */
  readonly secret: string;
  /** The server. */
  readonly coturn: Coturn;
  /** Gives out its credentials, which last an hour. */
  readonly provider: TurnProvider;
}

/** Starts coturn in a host of its own. */
export async function startLabTurn(
  internet: Internet,
  args: readonly string[] = [],
): Promise<LabTurn> {
  await using stack = new AsyncDisposableStack();
  const namespace = stack.use(await makeNamespace("turn"));
  const addresses = [internet.takeAddress(), internet.takeAddress()] as const;
  await internet.plug(namespace, addresses);
  const [address] = addresses;
  const secret = crypto.randomUUID();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const tls = { certificate: `${folder}/cert.pem`, key: `${folder}/key.pem` };
  await makeCertificate(address, tls);
  const server = stack.use(
    await startCoturn({
      listeningIps: addresses,
      port: PORT,
      secret,
      tls,
      args: [`--aux-server=${address}:${OPEN_PORT}`, ...args],
      network: namespace,
    }),
  );
  const urls = [
    `stun:${address}:${PORT}`,
    `turn:${address}:${PORT}?transport=udp`,
    `turn:${address}:${OPEN_PORT}?transport=tcp`,
    `turns:${address}:${OPEN_PORT}?transport=tcp`,
  ];
  const made = stack.move();
  return {
    addresses,
    urls,
    secret,
    coturn: server,
    provider: coturn({ urls, secret }),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

/** Makes a certificate that only browsers of the lab take: it is signed by nobody else. */
async function makeCertificate(
  address: string,
  { certificate, key }: { certificate: string; key: string },
): Promise<void> {
  await run("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-subj",
    `/CN=${address}`,
    "-addext",
    `subjectAltName=IP:${address}`,
    "-out",
    certificate,
    "-keyout",
    key,
  ]);
}
