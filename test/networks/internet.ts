import { run } from "../../scripts/run.ts";
import {
  cableName,
  makeNamespace,
  type Namespace,
} from "../support/namespace.ts";

/** TEST-NET-3 (RFC 5737) in eight parts: one for each process that has an internet at the same time. */
const PARTS = Array.from({ length: 8 }, (_, index) => index * 32);

/** The last address of a part: that of a router which forwards nothing. */
const LAST = 30;

/** A network of public addresses, to which this process is tied. */
export interface Internet extends AsyncDisposable {
  /** Address of this process. */
  readonly address: string;
  /** An address that nobody has yet. */
  takeAddress(): string;
  /** Plugs a namespace into it, by a link `wan` with these addresses. */
  plug(namespace: Namespace, addresses: readonly string[]): Promise<void>;
}

/** Makes an internet: a switch without any way out. */
export async function makeInternet(): Promise<Internet> {
  await using stack = new AsyncDisposableStack();
  const hub = stack.use(await makeNamespace("internet"));
  await hub.sh(`
    ip link add switch type bridge
    ip link set switch up
  `);
  const cable = cableName();
  await run("sh", [
    "-ec",
    `
      ip link add ${cable} type veth peer name home netns ${hub.name}
      ip link set ${cable} up
    `,
  ]);
  // Its other end would take it along, but not before the next one comes.
  stack.defer(async () => void await run("ip", ["link", "del", cable]));
  await hub.sh("ip link set home master switch up");
  const first = await claim(cable);
  const addressOf = (number: number) => `203.0.113.${first + number}`;
  // Without a route a packet into the void would be an error at once, which ends sessions of coturn.
  const nowhere = addressOf(LAST);
  await hub.sh(`ip address add ${nowhere}/27 dev switch`);
  let plugs = 0;
  // The first is that of this process.
  let addresses = 1;
  const made = stack.move();
  return {
    address: addressOf(1),
    takeAddress() {
      if (++addresses === LAST) {
        throw new RangeError("Cannot take an address: none is left");
      }
      return addressOf(addresses);
    },
    async plug(namespace, addresses) {
      const port = `port${plugs++}`;
      const adding = addresses.map((each) =>
        `ip address add ${each}/27 dev wan\n`
      );
      await hub.sh(`
        ip link add ${port} type veth peer name wan netns ${namespace.name}
        ip link set ${port} master switch up
      `);
      await namespace.sh(`
        ${adding.join("")}
        ip link set wan up
        ip route add default via ${nowhere}
      `);
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

/** Gives the link the first address of a part that is free, and returns where that part begins. */
async function claim(link: string): Promise<number> {
  const refusals: unknown[] = [];
  for (const first of PARTS) {
    const address = `203.0.113.${first + 1}`;
    try {
      // Only a route of its own is refused where another process has it.
      await run("sh", [
        "-ec",
        `
          ip address add ${address}/27 dev ${link} noprefixroute
          ip route add 203.0.113.${first}/27 dev ${link} src ${address} ||
            { ip address del ${address}/27 dev ${link}; exit 1; }
        `,
      ]);
      return first;
    } catch (error) {
      refusals.push(error);
    }
  }
  throw new AggregateError(
    refusals,
    "Cannot make an internet: no part is free",
  );
}
