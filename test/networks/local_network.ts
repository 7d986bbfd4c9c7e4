import { makeNamespace, type Namespace } from "../support/namespace.ts";
import type { Internet } from "./internet.ts";
import { filterOf, isPublic, type NetworkKind } from "./network_kind.ts";

/** What hosts are plugged into: a switch, and a router to the internet. */
export interface LocalNetwork extends AsyncDisposable {
  /** What its router does. */
  readonly kind: NetworkKind;
  /** From now on the router loses this part of the packets, both ways and without a word: 0 is none, 1 is all. */
  lose(part: number): Promise<void>;
  /** From now on the router has forgotten every mapping, as after a restart. */
  forget(): Promise<void>;
  /** Plugs a namespace into it, by a link `eth0`. Returns its address. */
  plug(namespace: Namespace): Promise<string>;
}

let networks = 0;

/** Makes a network of that kind. */
export async function makeLocalNetwork(
  internet: Internet,
  kind: NetworkKind,
): Promise<LocalNetwork> {
  const index = networks++;
  await using stack = new AsyncDisposableStack();
  const router = stack.use(await makeNamespace(kind));
  const wan = internet.takeAddress();
  await internet.plug(router, [wan]);
  const gateway = isPublic(kind) ? wan : `192.168.${index % 250 + 1}.1`;
  await router.sh(`
    ip link add lan type bridge
    ip address add ${gateway}/${isPublic(kind) ? 32 : 24} dev lan
    ip link set lan up
    echo 1 > /proc/sys/net/ipv4/ip_forward
    iptables -N LOSS
    iptables -A FORWARD -j LOSS
    ${filterOf(kind)}
  `);
  let hosts = 0;
  const made = stack.move();
  return {
    kind,
    async lose(part) {
      const few = `-m statistic --mode random --probability ${part}`;
      await router.sh(`
        iptables -F LOSS
        ${part > 0 ? `iptables -A LOSS ${part < 1 ? few : ""} -j DROP` : ""}
      `);
    },
    forget: () => router.sh("conntrack -F"),
    async plug(namespace) {
      const number = hosts++;
      const address = isPublic(kind)
        ? internet.takeAddress()
        : gateway.replace(/1$/, `${number + 2}`);
      await router.sh(`
        ip link add port${number} type veth peer name eth0 netns ${namespace.name}
        ip link set port${number} master lan up
        ${isPublic(kind) ? `ip route add ${address} dev lan` : ""}
      `);
      await namespace.sh(`
        ip address add ${address}/${isPublic(kind) ? 27 : 24} dev eth0
        ip link set eth0 up
        ip route add default via ${gateway}
      `);
      return address;
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}
