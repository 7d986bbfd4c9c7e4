/**
 * Builds the client for those who do not use Deno, into `dist/`: minified
 * modules for a `<script type="module">`, and a package for npm.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { copyInto } from "./copy_into.ts";
import { run } from "./run.ts";
import { tempFolder } from "./temp_folder.ts";
import { pathToFileURL } from "node:url";

const ROOT = new URL("../", import.meta.url);
const TARBALL = `x-webrtc-${config.version}.tgz`;

/** All of it MIT, which asks for this line in every copy. */
const COPYRIGHT = "(MIT) Copyright 2026 the @x/webrtc authors";
const PARTYSOCKET = "partysocket (MIT) 2010-2012 Joe Walnes";

/** Paths of what was built. */
export interface Build {
  /** The client, minified; its source map lies beside it, with `.map` at the end of its name. */
  readonly minified: string;
  /** The same of `diagnose`, which is no part of it. */
  readonly diagnose: string;
  /** The package for npm. */
  readonly tarball: string;
}

/** Builds both into a folder, which is made if it is missing. */
export async function build(
  folder: string | URL = new URL("dist/", ROOT),
): Promise<Build> {
  await Deno.mkdir(folder, { recursive: true });
  const path = await Deno.realPath(folder);
  return {
    minified: await minify(
      "mod.ts",
      `${path}/webrtc.min.js`,
      `${COPYRIGHT}; ${PARTYSOCKET}`,
    ),
    diagnose: await minify(
      "client/diagnose/mod.ts",
      `${path}/webrtc.diagnose.min.js`,
      COPYRIGHT,
    ),
    tarball: await pack(path),
  };
}

async function minify(
  entry: string,
  path: string,
  copyright: string,
): Promise<string> {
  await run(Deno.execPath(), [
    "bundle",
    "--platform=browser",
    "--minify",
    "--sourcemap=linked",
    `--output=${path}`,
    entry,
  ], { cwd: ROOT });
  const banner = `/*! ${config.name} ${config.version} ${copyright} */\n`;
  await Deno.writeTextFile(path, banner + await Deno.readTextFile(path));
  const map: SourceMap = JSON.parse(await Deno.readTextFile(`${path}.map`));
  const moved: SourceMap = {
    ...map,
    sources: map.sources.map((source) => publicPath(source, path)),
    // The banner is a line of its own, made from no source.
    mappings: `;${map.mappings}`,
  };
  await Deno.writeTextFile(`${path}.map`, JSON.stringify(moved));
  return path;
}

/** The fields that change here of a source map (ECMA-426). */
interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** What a source is called to the public, which has no use for the folders of this machine. */
function publicPath(source: string, path: string): string {
  const { href } = new URL(source, pathToFileURL(path));
  if (href.startsWith(ROOT.href)) return `../${href.slice(ROOT.href.length)}`;
  return href.replace(/^.*\/(npm\/[^/]+|node_modules)\//, "../npm/");
}

async function pack(folder: string): Promise<string> {
  const path = `${folder}/${TARBALL}`;
  await using stage = await tempFolder();
  await copyInto(stage.path, ROOT, [
    "mod.ts",
    "protocol.ts",
    "client",
    "README.md",
    "LICENSE",
  ]);
  const { name, version, license, compilerOptions, exports, imports } = config;
  await writeJson(`${stage.path}/deno.json`, {
    name,
    version,
    license,
    compilerOptions,
    lock: false,
    exports: {
      ".": exports["."],
      "./diagnose": exports["./diagnose"],
      "./protocol": exports["./protocol"],
    },
    imports: {
      partysocket: imports.partysocket,
    },
  });
  const here = { cwd: stage.path };
  await run(Deno.execPath(), [
    "pack",
    "--allow-dirty",
    "--no-source-maps",
    `--output=${TARBALL}`,
  ], here);
  // "deno pack" has no way to say what only npm's tools ask for.
  await run("tar", ["-xzf", TARBALL], here);
  const manifest = `${stage.path}/package/package.json`;
  await writeJson(manifest, {
    ...JSON.parse(await Deno.readTextFile(manifest)),
    description: "Peers in a page: rooms of WebRTC data channels",
    keywords: ["webrtc", "peer-to-peer", "datachannel", "signaling", "room"],
    sideEffects: false,
  });
  await run("tar", ["-czf", TARBALL, "package"], here);
  await Deno.copyFile(`${stage.path}/${TARBALL}`, path);
  return path;
}

function writeJson(path: string, value: unknown): Promise<void> {
  return Deno.writeTextFile(path, JSON.stringify(value, null, 2) + "\n");
}

if (import.meta.main) {
  for (const path of Object.values(await build())) {
    const { size } = await Deno.stat(path);
    console.log(`${path} (${size} bytes)`);
  }
}
