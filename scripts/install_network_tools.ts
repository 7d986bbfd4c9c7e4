/**
 * Sees to it that the programs are there with which some tests make networks.
 * Where they cannot be had, or nobody may make networks, those tests are
 * skipped.
 *
 * @module
 */
import { installFromDebian } from "./debian.ts";
import { tryRun } from "./run.ts";

/** Programs, and the packages of Debian that they are in. */
const TOOLS = [["ip", "iproute2"], ["iptables", "iptables"]] as const;

async function missing(): Promise<string[]> {
  const packages: string[] = [];
  for (const [program, name] of TOOLS) {
    if (!(await tryRun(program, ["-V"])).success) packages.push(name);
  }
  return packages;
}

// Other users make no networks anyway.
if (Deno.build.os === "linux" && Deno.uid() === 0) {
  const packages = await missing();
  if (packages.length > 0) await installFromDebian("networks", packages);
  const still = await missing();
  console.log(
    still.length === 0
      ? "networks: ip and iptables are there"
      : `networks: without ${still.join(" and ")}, their tests are skipped`,
  );
}
