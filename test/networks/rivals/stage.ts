import { coturn, type CoturnOptions } from "../../../server/coturn.ts";
import { type Lab, makeLab } from "../lab.ts";
import type { Host } from "../host.ts";
import type { LocalNetwork } from "../local_network.ts";
import type { NetworkKind } from "../network_kind.ts";
import type { Library } from "../../rivals/library.ts";
import { openRival } from "./open_rival.ts";
import type { PairOfPages } from "./pair_of_pages.ts";
import { startSignaling } from "../../rivals/signaling.ts";

/** Where rivals meet. */
export interface StageOptions {
  /** The networks of the two hosts. */
  readonly kinds: readonly [a: NetworkKind, b: NetworkKind];
  /** Life of TURN credentials, and of an allocation until it is refreshed for the first time. @default {an hour, and what coturn gives} */
  readonly turn?: {
    readonly ttlSeconds: number;
    readonly allocationSeconds: number;
  };
}

/** Two hosts in networks of their own, with a browser in each. */
export interface Stage extends AsyncDisposable {
  readonly lab: Lab;
  /** Networks of `a` and `b`. */
  readonly networks: readonly [a: LocalNetwork, b: LocalNetwork];
  /** Hosts of `a` and `b`. */
  readonly hosts: readonly [a: Host, b: Host];
  /** Starts the server of a library and opens its two pages, which have not joined yet. */
  pair(library: Library, port: number): Promise<PairOfPages>;
}

/** Makes a lab with two hosts. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { kinds, turn: lives } = options;
  await using stack = new AsyncDisposableStack();
  const lab = stack.use(
    await makeLab({
      turnArgs: lives
        ? [`--max-allocate-lifetime=${lives.allocationSeconds}`]
        : [],
    }),
  );
  const { urls, secret } = lab.turn;
  const turn: CoturnOptions = {
    urls,
    secret,
    ...(lives && { ttlSeconds: lives.ttlSeconds }),
  };
  const networks = [
    await lab.network(kinds[0]),
    await lab.network(kinds[1]),
  ] as const;
  const hosts = [
    await lab.host(networks[0]),
    await lab.host(networks[1]),
  ] as const;
  const [first, second] = await Promise.all(
    hosts.map((host) => lab.browser(host)),
  );
  if (!first || !second) throw new Error("Cannot compare: no browsers");
  let rooms = 0;
  const opened = stack.move();
  return {
    lab,
    networks,
    hosts,
    async pair(library, port) {
      await using stack = new AsyncDisposableStack();
      const signaling = stack.use(
        await startSignaling(library, { hostname: lab.address, port, turn }),
      );
      const open = async ({ browser }: typeof first) => {
        const page = await openRival(browser, lab.origin, library);
        stack.defer(() => page.close());
        return page;
      };
      const [a, b] = [await open(first), await open(second)];
      const { iceServers } = await coturn(turn).credentials({
        peer: "lab",
        signal: AbortSignal.timeout(1_000),
      });
      const pair = stack.move();
      return {
        library,
        a,
        b,
        room: `room-${rooms++}`,
        signaling,
        iceServers: iceServers.map(({ urls, ...rest }) => ({
          ...rest,
          urls: [...urls],
        })),
        [Symbol.asyncDispose]: () => pair.disposeAsync(),
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
