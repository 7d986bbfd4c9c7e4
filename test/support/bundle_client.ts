import { bundle } from "../../scripts/bundle.ts";

const ROOT = new URL("../../", import.meta.url);

const bundled = new Map<string, Promise<ReadonlyMap<string, string>>>();

/**
 * A module for a page, bundled once a run: the client, as `mod.js`, or another
 * one below the root of the package. First its own script, then those that it
 * loads from beside it, by name.
 */
export function bundleClient(
  entry = "mod.ts",
): Promise<ReadonlyMap<string, string>> {
  const made = bundled.get(entry) ?? bundle(new URL(entry, ROOT));
  bundled.set(entry, made);
  return made;
}
