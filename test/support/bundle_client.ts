import { bundle } from "../../scripts/bundle.ts";

const ROOT = new URL("../../", import.meta.url);

/** Where what is bundled is kept for other runs; they bundle for themselves if there is no such folder. */
const KEPT = Deno.env.get("BUNDLES");

const bundled = new Map<string, Promise<ReadonlyMap<string, string>>>();

/**
 * A module for a page, bundled once a run: the client, as `mod.js`, or another
 * one below the root of the package. First its own script, then those that it
 * loads from beside it, by name.
 */
export function bundleClient(
  entry = "mod.ts",
): Promise<ReadonlyMap<string, string>> {
  const made = bundled.get(entry) ?? findOrBundle(entry);
  bundled.set(entry, made);
  return made;
}

async function findOrBundle(
  entry: string,
): Promise<ReadonlyMap<string, string>> {
  if (KEPT === undefined) return await bundle(new URL(entry, ROOT));
  const path = `${KEPT}/${entry.replaceAll("/", "_")}.json`;
  try {
    return new Map(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const scripts = await bundle(new URL(entry, ROOT));
  await Deno.writeTextFile(path, JSON.stringify([...scripts]));
  return scripts;
}
