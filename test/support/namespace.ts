import { run, tryRun } from "../../scripts/run.ts";

/** A network namespace (network_namespaces(7)): links, addresses, filters and ports of its own. */
export interface Namespace extends AsyncDisposable {
  /** Its name, as `ip netns` takes it. */
  readonly name: string;
  /** Runs shell commands within, up to the first one that fails. */
  sh(commands: string): Promise<void>;
  /** Script that runs a program within. */
  wrap(program: string): Promise<string>;
}

/** What runs programs within a network. */
export type Within = Pick<Namespace, "wrap">;

/** Beginning of the names of all that is ours; the id of the process follows. */
const PREFIX = "webrtc-";

let namespaces = 0;
let swept: Promise<void> | undefined;

/** Makes a namespace with nothing but its loopback. Whatever runs in it ends with it. */
export async function makeNamespace(label = "net"): Promise<Namespace> {
  await (swept ??= sweep());
  const name = `${PREFIX}${Deno.pid}-${namespaces++}-${label}`;
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await run("ip", ["netns", "add", name]);
  stack.defer(() => remove(name));

  async function sh(commands: string): Promise<void> {
    await run("ip", ["netns", "exec", name, "sh", "-ec", commands]);
  }
  // Addresses of IPv6 would come by themselves, and late.
  await sh(`
    ip link set lo up
    echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
    echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
  `);
  const made = stack.move();
  return {
    name,
    sh,
    async wrap(program) {
      const path = `${folder}/${program.replaceAll("/", "_")}`;
      const script = `#!/bin/sh\nexec ip netns exec ${name} ${program} "$@"\n`;
      await Deno.writeTextFile(path, script, { mode: 0o755 });
      return path;
    },
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

/** Name of a link in the namespace of this machine: unique, of 15 characters at most. */
export function cableName(): string {
  return `wr${Deno.pid}-${namespaces++}`;
}

async function remove(name: string): Promise<void> {
  const { stdout } = await tryRun("ip", ["netns", "pids", name]);
  // A program that goes on would keep the namespace, without its name.
  for (const pid of stdout.split("\n").filter(Boolean)) {
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  await run("ip", ["netns", "del", name]);
}

/** Removes what processes have left behind that were killed. */
async function sweep(): Promise<void> {
  const { stdout: list } = await tryRun("ip", ["netns", "list"]);
  for (const [name, pid] of list.matchAll(/^webrtc-(\d+)-\S+/gm)) {
    // Another process may sweep at the same time.
    if (!await isAlive(pid)) await remove(name).catch(() => {});
  }
  const { stdout: links } = await tryRun("ip", ["-o", "link"]);
  for (const [, name, pid] of links.matchAll(/ (wr(\d+)-\d+)@/g)) {
    // Goes with its other end, but only some time after it.
    if (name && !await isAlive(pid)) await tryRun("ip", ["link", "del", name]);
  }
}

async function isAlive(pid: string | undefined): Promise<boolean> {
  try {
    await Deno.stat(`/proc/${pid}`);
    return true;
  } catch {
    return false;
  }
}
