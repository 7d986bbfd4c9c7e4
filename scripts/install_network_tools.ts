/**
 * Sees to it that the programs are there with which some tests make networks.
 * Where they cannot be had, or nobody may make networks, those tests are
 * skipped.
 *
 * @module
 */
import { disableService, installFromDebian } from "./debian.ts";
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

// Other users make no networks anyway.
if (Deno.build.os === "linux" && Deno.uid() === 0) {
  const packages = await missing();
  if (packages.length > 0) await installFromDebian("networks", packages);
  const still = await missing();
  // One that was there before is somebody's own; this one is a relay for everybody at port 3478.
  const brought = packages.filter((name) => !still.includes(name));
  if (brought.includes("coturn")) await disableService("coturn");
  console.log(
    still.length === 0
      ? "networks: all tools are there"
      : `networks: without ${still.join(" and ")}, their tests are skipped`,
  );
}
