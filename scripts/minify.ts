import config from "../deno.json" with { type: "json" };
import { bundleInto, IMPORT, linkTo } from "./bundle.ts";
import { type Shift, shiftMappings } from "./shift_mappings.ts";
import { tempFolder } from "./temp_folder.ts";
import { pathToFileURL } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** All of it MIT, which asks for this line in every copy. */
const COPYRIGHT = "(MIT) Copyright 2026 the @x/webrtc authors";
const PARTYSOCKET = "partysocket (MIT) 2010-2012 Joe Walnes";

/** Where minified scripts go. */
export interface MinifyOptions {
  /** The folder, without a slash at the end. */
  readonly folder: string;
  /** What their names begin with. */
  readonly name: string;
}

/**
 * Minifies a module into `NAME.min.js`, and what it loads only when it needs
 * it into `NAME.*-HASH.min.js` beside that. Source maps lie beside each, with
 * `.map` at the end of their names. Removes what was loaded so in earlier
 * times. Returns the paths of the scripts, that of the module first.
 */
export async function minify(
  entry: URL,
  { folder, name }: MinifyOptions,
): Promise<string[]> {
  await using stage = await tempFolder();
  const flags = ["--minify", "--sourcemap=linked"];
  const scripts = await bundleInto(stage.path, entry, flags);
  // Of all together: a script that loads another changes with it.
  const hash = await hashOf(scripts.map(({ name }) => `${stage.path}/${name}`));
  const names = new Map(scripts.map(({ name: made }, i) => {
    const later = i > 0 ? `.${made.replace(/\.js$/, "")}-${hash}` : "";
    return [made, `${name}${later}.min.js`];
  }));
  await removeChunks(folder, name);
  const paths: string[] = [];
  for (const { name: made, later } of scripts) {
    const renamed = names.get(made) ?? made;
    const path = `${folder}/${renamed}`;
    const { code, map } = await read(
      `${stage.path}/${made}`,
      new Map(
        later.entries().map(([specifier, name]) => [
          specifier,
          names.get(name) ?? name,
        ]),
      ),
    );
    const sources = map.sources.map((source) =>
      publicPath(source, `${stage.path}/${made}`)
    );
    await Deno.writeTextFile(
      path,
      `${banner(sources)}${code}//# sourceMappingURL=${renamed}.map\n`,
    );
    await Deno.writeTextFile(
      `${path}.map`,
      JSON.stringify({
        ...map,
        sources,
        // The banner is a line of its own, made from no source.
        mappings: `;${map.mappings}`,
      }),
    );
    paths.push(path);
  }
  return paths;
}

/** The fields that change here of a source map (ECMA-426). */
interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

interface Script {
  readonly code: string;
  readonly map: SourceMap;
}

/** Reads a script, which imports files of those names later, without the link to its map. */
async function read(
  path: string,
  later: ReadonlyMap<string, string>,
): Promise<Script> {
  const text = await Deno.readTextFile(path);
  const map: SourceMap = JSON.parse(await Deno.readTextFile(`${path}.map`));
  const link = linkTo(later);
  const shifts: Shift[] = [];
  const code = text
    .replace(/\/\/# sourceMappingURL=.*\s*$/, "")
    .replaceAll(IMPORT, (found, specifier, offset) => {
      const linked = link(found, specifier);
      const before = text.slice(0, offset).split("\n");
      const line = before.length - 1;
      const column = before[line]?.length ?? 0;
      shifts.push({ line, column, by: linked.length - found.length });
      return linked;
    });
  // From behind, so that the columns of those before are still theirs.
  const mappings = shifts.reduceRight(shiftMappings, map.mappings);
  return { code, map: { ...map, mappings } };
}

async function hashOf(paths: readonly string[]): Promise<string> {
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(path)));
  const bytes = new TextEncoder().encode(texts.join("\n"));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex().slice(0, 8);
}

/** What is asked of every copy of what a script was made from. */
function banner(sources: readonly string[]): string {
  const others = sources.some((source) => source.startsWith("../npm/"))
    ? `; ${PARTYSOCKET}`
    : "";
  return `/*! ${config.name} ${config.version} ${COPYRIGHT}${others} */\n`;
}

/** What a source is called to the public, which has no use for the folders of this machine. */
function publicPath(source: string, path: string): string {
  const { href } = new URL(source, pathToFileURL(path));
  if (href.startsWith(ROOT.href)) return `../${href.slice(ROOT.href.length)}`;
  return href.replace(/^.*\/(npm\/[^/]+|node_modules)\//, "../npm/");
}

/** Their names change with what is in them, so that nothing else would ever replace them. */
async function removeChunks(folder: string, name: string): Promise<void> {
  const chunk = new RegExp(
    `^${RegExp.escape(name)}\\.\\w+-[0-9a-f]{8}\\.min\\.js(\\.map)?$`,
  );
  for await (const { name } of Deno.readDir(folder)) {
    if (chunk.test(name)) await Deno.remove(`${folder}/${name}`);
  }
}
