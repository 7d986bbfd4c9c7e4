import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.ts";
import type { Measurement } from "./measurement.ts";

/**
 * What a page loads for the whole client, beside what its reconnecting socket
 * alone takes. Rows of their own have what it loads in addition when it needs
 * it, by the name of the module that it imports then.
 */
export async function clientSize(): Promise<Measurement> {
  const ours = sizes(await bundle("../../mod.ts"));
  const floor = sizes(await bundle("./partysocket_alone.ts"));
  return {
    name: "client_size",
    unit: "kB",
    floorName: "partysocket alone",
    samples: [{ ours: ours.first, floor: floor.first, others: ours.later }],
    aim: { ours: 12 },
  };
}

/** Kilobytes of scripts, each of them compressed alone, as it crosses the network. */
interface Sizes {
  /** What a page loads. */
  readonly first: number;
  /** What it loads beside that when it needs it, by what it is. */
  readonly later: ReadonlyMap<string, number>;
}

function sizes(scripts: ReadonlyMap<string, string>): Sizes {
  const [[, first] = ["", NaN], ...later] = scripts.entries().map((
    [name, script],
  ) => [`+ ${name.replace(/\.js$/, "")}`, kilobytes(script)] as const);
  return { first, later: new Map(later) };
}

function kilobytes(script: string): number {
  return gzipSync(script, { level: 9 }).byteLength / 1000;
}
