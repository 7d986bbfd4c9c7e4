import { tryRun } from "../../scripts/run.ts";

/** Set where a machine must be able to make networks: what cannot be tested is then a failure. */
const REQUIRED = Deno.env.get("NETWORK_TESTS") === "required";

/** A network of its own for some processes, tied to this machine by one cable. */
export interface Network extends AsyncDisposable {
  /** Name of the namespace. */
  readonly name: string;
  /** Address of this machine, as it is reached from within. */
  readonly outside: string;
  /** Script that runs a program within. */
  wrap(program: string): Promise<string>;
  /** From now on packets from and to a TCP port outside vanish, without a word to anybody. */
  cut(port: number): Promise<void>;
  /** They pass again. */
  mend(port: number): Promise<void>;
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
  for (const program of ["ip", "iptables"]) {
    const { success, stderr } = await tryRun(program, ["-V"]);
    if (!success) return `${program} does not run (${stderr.trim()})`;
  }
  const name = `webrtc-probe-${Deno.pid}`;
  const { success, stderr } = await tryRun("ip", ["netns", "add", name]);
  if (!success) return stderr.trim();
  await tryRun("ip", ["netns", "del", name]);
}

let networks = 0;

/** Makes a network (network_namespaces(7)) that is gone at the end of its block. */
export async function makeNetwork(): Promise<Network> {
  const index = networks++;
  const name = `webrtc-${Deno.pid}-${index}`;
  const subnet = `10.213.${Deno.pid % 200}.${index * 4}`;
  const [head, last] = [subnet.replace(/\d+$/, ""), index * 4];
  const outside = `${head}${last + 1}`;
  const inside = `${head}${last + 2}`;
  // Names of links have 15 characters at most.
  const cable = `wr${Deno.pid % 100_000}-${index}`;
  const folder = await Deno.makeTempDir();
  const ip = (...args: string[]) => must("ip", args);
  const within = (...args: string[]) => ip("netns", "exec", name, ...args);

  async function filter(action: "-A" | "-D", port: number): Promise<void> {
    const rules = [["INPUT", "--sport"], ["OUTPUT", "--dport"]] as const;
    for (const [chain, side] of rules) {
      const match = ["-p", "tcp", side, String(port)];
      await within("iptables", action, chain, ...match, "-j", "DROP");
    }
  }

  await ip("netns", "add", name);
  try {
    await ip(
      "link",
      "add",
      cable,
      "type",
      "veth",
      "peer",
      "name",
      "wan",
      "netns",
      name,
    );
    await ip("address", "add", `${outside}/30`, "dev", cable);
    await ip("link", "set", cable, "up");
    await within("ip", "address", "add", `${inside}/30`, "dev", "wan");
    for (const link of ["lo", "wan"]) {
      await within("ip", "link", "set", link, "up");
    }
    await within("ip", "route", "add", "default", "via", outside);
  } catch (error) {
    await tryRun("ip", ["netns", "del", name]);
    throw error;
  }
  return {
    name,
    outside,
    async wrap(program) {
      const path = `${folder}/${program.replaceAll("/", "_")}`;
      const script = `#!/bin/sh\nexec ip netns exec ${name} ${program} "$@"\n`;
      await Deno.writeTextFile(path, script, { mode: 0o755 });
      return path;
    },
    cut: (port) => filter("-A", port),
    mend: (port) => filter("-D", port),
    async [Symbol.asyncDispose]() {
      // Its end of the cable goes with it, and so does ours.
      await ip("netns", "del", name);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await tryRun(program, args);
  if (!success) {
    throw new Error(`Cannot run ${program} ${args.join(" ")}: ${stderr}`);
  }
}
