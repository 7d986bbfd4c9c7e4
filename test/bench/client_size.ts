import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.ts";
import type { Measurement } from "./measurement.ts";

/** What a page loads for the whole client, beside what its reconnecting socket alone takes. */
export async function clientSize(): Promise<Measurement> {
  return {
    name: "client_size",
    unit: "kB",
    floorName: "partysocket alone",
    samples: [{
      ours: await kilobytes("../../mod.ts"),
      floor: await kilobytes("./partysocket_alone.ts"),
      others: new Map(),
    }],
    aim: { ours: 12 },
  };
}

async function kilobytes(entry: string): Promise<number> {
  return gzipSync(await bundle(entry), { level: 9 }).byteLength / 1000;
}
