/**
 * Sees to it that the programs are there with which some tests make networks.
 * Where they cannot be had, or nobody may make networks, those tests are
 * skipped.
 *
 * @module
 */
import { installFromDebian } from "./debian.ts";
import { tryRun } from "./run.ts";

/** Programs, how each tells its version, and the packages of Debian that they are in. */
const TOOLS = [
  ["ip", "-V", "iproute2"],
  ["iptables", "-V", "iptables"],
  ["conntrack", "-V", "conntrack"],
  ["openssl", "version", "openssl"],
  ["turnserver", "--version", "coturn"],
] as const;

async function missing(): Promise<string[]> {
  const packages: string[] = [];
  for (const [program, version, name] of TOOLS) {
    if (!(await tryRun(program, [version])).success) packages.push(name);
  }
  return packages;
}

/** Stops what the package of coturn may have started: a relay for everybody at port 3478. Tests start their own. */
async function disableCoturn(): Promise<void> {
  const systemd = await tryRun("systemctl", ["is-system-running"]);
  // It says "offline" where something else started the machine, as in a container.
  if (/^(running|degraded|starting)/.test(systemd.stdout)) {
    await tryRun("systemctl", ["disable", "--now", "coturn.service"]);
  } else {
    await tryRun("service", ["coturn", "stop"]);
    await tryRun("update-rc.d", ["coturn", "disable"]);
  }
}

// Other users make no networks anyway.
if (Deno.build.os === "linux" && Deno.uid() === 0) {
  const packages = await missing();
  if (packages.length > 0) await installFromDebian("networks", packages);
  const still = await missing();
  // One that was there before is somebody's own.
  const brought = packages.filter((name) => !still.includes(name));
  if (brought.includes("coturn")) await disableCoturn();
  console.log(
    still.length === 0
      ? "networks: all tools are there"
      : `networks: without ${still.join(" and ")}, their tests are skipped`,
  );
}
