import { run } from "./run.ts";
import { tempFolder } from "./temp_folder.ts";

const ROOT = new URL("../", import.meta.url);

/** A script for a page. */
export interface BundledScript {
  /** Name of its file. */
  readonly name: string;
  /** Names of the files that it imports when it needs them, by what stands in the script instead. */
  readonly later: ReadonlyMap<string, string>;
}

/**
 * Bundles a module into a folder, as one script with all that it imports at
 * once. What it imports by `import()`, and so on, becomes one script each, with
 * a copy of what it shares with others: nothing in that may keep a state, or be
 * looked for by `instanceof`. The `--code-splitting` of Deno, which copies
 * nothing, puts what is shared into scripts that every page would have to load
 * next, and makes the client 1.1 kB larger for them, gzipped.
 *
 * Returns what it has made, first the module's own. `flags` are more of those
 * of `deno bundle`.
 */
export async function bundleInto(
  folder: string,
  entry: URL,
  flags: readonly string[] = [],
): Promise<BundledScript[]> {
  const scripts: BundledScript[] = [];
  const names = new Map([[entry.href, nameOf(entry.href)]]);
  // A map that grows is walked to its new end.
  for (const [module, name] of names) {
    const later = new Map<string, string>();
    for (const [specifier, target] of await importedLater(module)) {
      const script = names.get(target) ?? nameOf(target);
      names.set(target, script);
      later.set(specifier, script);
    }
    if (new Set(names.values()).size < names.size) {
      throw new Error(`Cannot bundle ${module}: two scripts of one name`);
    }
    await run(Deno.execPath(), [
      "bundle",
      "--quiet",
      "--platform=browser",
      `--output=${folder}/${name}`,
      ...[...later.keys()].map((specifier) => `--external=${specifier}`),
      ...flags,
      module,
    ], { cwd: ROOT });
    scripts.push({ name, later });
  }
  return scripts;
}

/** The texts of what {@linkcode bundleInto} makes, by name and in its order, as they can be served. */
export async function bundle(
  entry: URL,
  flags: readonly string[] = [],
): Promise<ReadonlyMap<string, string>> {
  await using folder = await tempFolder();
  const texts = new Map<string, string>();
  for (const { name, later } of await bundleInto(folder.path, entry, flags)) {
    const text = await Deno.readTextFile(`${folder.path}/${name}`);
    texts.set(name, text.replaceAll(IMPORT, linkTo(later)));
  }
  return texts;
}

/** Where a script imports something when it needs it. */
export const IMPORT = /\bimport\("([^"]+)"\)/g;

/** Replaces an {@linkcode IMPORT} by one of the file that it means. */
export function linkTo(
  later: ReadonlyMap<string, string>,
): (found: string, specifier: string) => string {
  return (found, specifier) => {
    const name = later.get(specifier);
    return name === undefined ? found : `import("./${name}")`;
  };
}

function nameOf(module: string): string {
  return module.replace(/^.*\//, "").replace(/\.\w+$/, ".js");
}

/** The fields that are used here of what `deno info --json` says. */
interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

interface Dependency {
  /** As it is written. */
  readonly specifier: string;
  readonly isDynamic?: boolean;
  /** Missing where only types are imported. */
  readonly code?: { readonly specifier?: string };
}

/** The modules that `module`, and what it imports at once, import only later, by how they write it. */
async function importedLater(module: string): Promise<Map<string, string>> {
  const info = await run(Deno.execPath(), ["info", "--json", module], {
    cwd: ROOT,
  });
  const { modules }: Graph = JSON.parse(info);
  const imports = new Map(
    modules.map((
      { specifier, dependencies = [] },
    ) => [specifier, dependencies]),
  );
  const atOnce = new Set([module]);
  const written = new Set<string>();
  const dynamic: [string, string][] = [];
  for (const each of atOnce) {
    for (const { specifier, isDynamic, code } of imports.get(each) ?? []) {
      if (code?.specifier === undefined) continue;
      if (isDynamic) dynamic.push([specifier, code.specifier]);
      else {
        atOnce.add(code.specifier);
        written.add(specifier);
      }
    }
  }
  const later = new Map<string, string>();
  for (const [specifier, target] of dynamic) {
    if (atOnce.has(target)) continue;
    // The bundler knows it by this alone, wherever it stands.
    if (written.has(specifier) || (later.get(specifier) ?? target) !== target) {
      throw new Error(
        `Cannot bundle ${module}: "${specifier}" means two modules`,
      );
    }
    later.set(specifier, target);
  }
  return later;
}
