import { makeNamespace, type Within } from "../support/namespace.ts";
import type { LocalNetwork } from "./local_network.ts";

/** A machine that is plugged into one network at a time. */
export interface Host extends Within, AsyncDisposable {
  /** Its address, unless it is unplugged. */
  readonly address: string | undefined;
  /** Pulls the cable: link and address are gone, and the host knows. Doing it twice is fine. */
  unplug(): Promise<void>;
  /** Puts the cable in again: the same network, a new address. */
  plug(): Promise<void>;
  /** Unplugs it and plugs it into another network. */
  move(network: LocalNetwork): Promise<void>;
  /** From now on packets from and to an address vanish, without a word to anybody. */
  cut(address: string): Promise<void>;
  /** They pass again. */
  mend(address: string): Promise<void>;
}

/** Makes a host and plugs it in. */
export async function makeHost(network: LocalNetwork): Promise<Host> {
  await using stack = new AsyncDisposableStack();
  const namespace = stack.use(await makeNamespace("host"));
  // No name can be looked up: better at once than after seconds, in which no browser closes.
  await namespace.sh("iptables -A OUTPUT -p udp --dport 53 -j REJECT");
  let address: string | undefined = await network.plug(namespace);

  const filter = (action: "-A" | "-D", other: string) =>
    namespace.sh(`
      iptables ${action} INPUT -s ${other} -j DROP
      iptables ${action} OUTPUT -d ${other} -j DROP
    `);
  async function unplug(): Promise<void> {
    if (address === undefined) return;
    address = undefined;
    await namespace.sh("ip link del eth0");
  }
  async function plug(): Promise<void> {
    if (address === undefined) address = await network.plug(namespace);
  }
  const made = stack.move();
  return {
    get address() {
      return address;
    },
    wrap: (program) => namespace.wrap(program),
    unplug,
    plug,
    async move(other) {
      network = other;
      await unplug();
      await plug();
    },
    cut: (other) => filter("-A", other),
    mend: (other) => filter("-D", other),
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}
