/**
 * The network lab: an internet on this machine, with NATs, a TURN server, and
 * hosts in which browsers run. Everything is gone at the end of its block.
 *
 * ```text
 *  host ── router ─┐
 *  host ── router ─┼── internet ─┬── this process: site and signaling, TCP 443
 *  host ── router ─┘             └── coturn: UDP and TCP 3478, TCP and TLS 443
 * ```
 *
 * | I want to change … | go to … |
 * | --- | --- |
 * | which kinds of network there are, what a NAT lets through | `network_kind.ts` |
 * | loss, how hosts are plugged in | `local_network.ts` |
 * | moving, unplugging, cutting a host off | `host.ts` |
 * | the public addresses, how this process is tied to them | `internet.ts` |
 * | the TURN server | `lab_turn.ts` |
 * | how a browser starts in a host | `../support/browsers.ts` |
 * | who meets whom, by which path | `matrix_test.ts`, `expected_path.ts`, `meeting.ts` |
 * | eight pages all over these networks | `scattered_test.ts` |
 * | what a fault of the network may cost | `faults_test.ts` |
 * | a file that is sent across a cut | `transfer_test.ts` |
 *
 * @module
 */
import type { ServerOptions, Serving } from "../../server/mod.ts";
import {
  type BrowserName,
  startBrowser,
  type StartedBrowser,
} from "../support/browsers.ts";
import { startSite } from "../support/site.ts";
import { type Host, makeHost } from "./host.ts";
import { makeInternet } from "./internet.ts";
import { type LabTurn, startLabTurn } from "./lab_turn.ts";
import { type LocalNetwork, makeLocalNetwork } from "./local_network.ts";
import type { NetworkKind } from "./network_kind.ts";

/** Passes nearly every firewall. */
const PORT = 443;

/** An internet, and what is on it. All that it makes ends with it. */
export interface Lab extends AsyncDisposable {
  /** Address of this process, at which hosts reach it. */
  readonly address: string;
  /** Where the site is, for pages and for `connect`. */
  readonly origin: string;
  /** The TURN server. */
  readonly turn: LabTurn;
  /** Starts a signaling server with the test page at `origin`, which gives out credentials of the TURN server. */
  site(options?: ServerOptions): Promise<Serving>;
  /** Makes a network. */
  network(kind: NetworkKind): Promise<LocalNetwork>;
  /** Makes a host and plugs it in. */
  host(network: LocalNetwork): Promise<Host>;
  /** Starts a browser in a host. */
  browser(host: Host, name?: BrowserName): Promise<StartedBrowser>;
}

/** How a lab is to be. */
export interface LabOptions {
  /** More arguments of its coturn, as `--max-allocate-lifetime=60`. @default {[]} */
  readonly turnArgs?: readonly string[];
}

/** Makes a lab: the internet and its TURN server. */
export async function makeLab({ turnArgs }: LabOptions = {}): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const internet = stack.use(await makeInternet());
  const turn = stack.use(await startLabTurn(internet, turnArgs));
  const { address } = internet;
  const origin = `http://${address}:${PORT}`;
  const made = stack.move();
  return {
    address,
    origin,
    turn,
    site: async (options) =>
      made.use(
        await startSite(
          { turn: turn.provider, port: PORT, ...options },
          address,
        ),
      ),
    network: async (kind) => made.use(await makeLocalNetwork(internet, kind)),
    host: async (network) => made.use(await makeHost(network)),
    browser: async (network, name = "chrome") =>
      made.use(
        await startBrowser(name, {
          network,
          secureOrigins: [origin],
          anyCertificate: true,
        }),
      ),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}
