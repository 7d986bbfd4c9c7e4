import { run, tryRun } from "../../scripts/run.ts";
import { cableName, makeNamespace, type Namespace } from "./namespace.ts";

/** Set where a machine must be able to make networks: what cannot be tested is then a failure. */
const REQUIRED = Deno.env.get("NETWORK_TESTS") === "required";

/** What networks are made with, and how each tells its version. */
const TOOLS = [
  ["ip", "-V"],
  ["iptables", "-V"],
  ["conntrack", "-V"],
  ["openssl", "version"],
] as const;

/** A network of its own for some processes, tied to this machine by one cable. */
export interface Network
  extends Pick<Namespace, "name" | "wrap">, AsyncDisposable {
  /** Address of this machine, as it is reached from within. */
  readonly outside: string;
  /** Address within, as it is reached from this machine. */
  readonly inside: string;
  /** From now on packets from and to a TCP port outside vanish, without a word to anybody. */
  cut(port: number): Promise<void>;
  /** They pass again. */
  mend(port: number): Promise<void>;
  /** Pulls the cable, which those within know. */
  unplug(): Promise<void>;
  /** Puts it in again. */
  plug(): Promise<void>;
}

/**
 * Why no network can be made here: `undefined` if one can. Prints the reason,
 * as a test that is skipped for it tells none.
 */
export async function whyNoNetworks(): Promise<string | undefined> {
  const reason = await lack();
  if (reason !== undefined && REQUIRED) {
    throw new Error(`Cannot test networks: ${reason}`);
  }
  if (reason !== undefined) {
    console.log(`Tests of networks are skipped: ${reason}`);
  }
  return reason;
}

async function lack(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "this is not Linux";
  if (Deno.uid() !== 0) return "this is not root";
  for (const [program, version] of TOOLS) {
    const { success, stderr } = await tryRun(program, [version]);
    if (!success) return `${program} does not run (${stderr.trim()})`;
  }
  const name = `webrtc-probe-${Deno.pid}`;
  const { success, stderr } = await tryRun("ip", ["netns", "add", name]);
  if (!success) return stderr.trim();
  await tryRun("ip", ["netns", "del", name]);
}

let networks = 0;

/** Makes a network that is gone at the end of its block. */
export async function makeNetwork(): Promise<Network> {
  const last = networks++ * 4;
  const head = `10.213.${Deno.pid % 200}`;
  const outside = `${head}.${last + 1}`;
  const inside = `${head}.${last + 2}`;
  const cable = cableName();
  await using stack = new AsyncDisposableStack();
  const namespace = stack.use(await makeNamespace());
  const { name } = namespace;

  async function filter(action: "-A" | "-D", port: number): Promise<void> {
    const drop = (chain: string, side: string) =>
      `iptables ${action} ${chain} -p tcp ${side} ${port} -j DROP\n`;
    await namespace.sh(drop("INPUT", "--sport") + drop("OUTPUT", "--dport"));
  }

  await run("sh", [
    "-ec",
    `
      ip link add ${cable} type veth peer name wan netns ${name}
      ip address add ${outside}/30 dev ${cable}
      ip link set ${cable} up
    `,
  ]);
  const plug = () =>
    namespace.sh(`
      ip link set wan up
      ip route add default via ${outside}
    `);
  await namespace.sh(`ip address add ${inside}/30 dev wan`);
  await plug();
  const made = stack.move();
  return {
    name,
    outside,
    inside,
    wrap: (program) => namespace.wrap(program),
    cut: (port) => filter("-A", port),
    mend: (port) => filter("-D", port),
    // What leads anywhere by it is gone as well.
    unplug: () => namespace.sh("ip link set wan down"),
    plug,
    // Its end of the cable goes with it, and so does ours.
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}
