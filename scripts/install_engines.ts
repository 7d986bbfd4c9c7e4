/**
 * Sees to it that the engines are there over which some tests let several nodes
 * serve the same rooms. Where they cannot be had, those tests are skipped.
 *
 * @module
 */
import { disableService, installFromDebian } from "./debian.ts";
import { tryRun } from "./run.ts";

/** Programs; each has the name of its package of Debian, and of the service in it. */
const ENGINES = ["redis-server", "nats-server"] as const;

async function missing(): Promise<string[]> {
  const programs: string[] = [];
  for (const program of ENGINES) {
    if (!(await tryRun(program, ["--version"])).success) programs.push(program);
  }
  return programs;
}

const packages = await missing();
if (packages.length > 0) await installFromDebian("engines", packages);
const still = await missing();
// One that was there before is somebody's own.
const brought = packages.filter((name) => !still.includes(name));
for (const name of brought) await disableService(name);
console.log(
  still.length === 0
    ? "engines: all are there"
    : `engines: without ${still.join(" and ")}, their tests are skipped`,
);
