/**
 * Builds the client for those who do not use Deno, into `dist/`: minified
 * modules for a `<script type="module">`, and a package for npm.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { copyInto } from "./copy_into.ts";
import { minify } from "./minify.ts";
import { run } from "./run.ts";
import { tempFolder } from "./temp_folder.ts";

const ROOT = new URL("../", import.meta.url);
const TARBALL = `x-webrtc-${config.version}.tgz`;

/** Paths of what was built. */
export interface Build {
  /** The client, minified: what a page loads, then the chunks that this loads from beside it. */
  readonly minified: readonly string[];
  /** The same of `diagnose`, which is no part of it. */
  readonly diagnose: readonly string[];
  /** The package for npm. */
  readonly tarball: string;
}

/** Builds all into a folder, which is made if it is missing. */
export async function build(
  to: string | URL = new URL("dist/", ROOT),
): Promise<Build> {
  await Deno.mkdir(to, { recursive: true });
  const folder = await Deno.realPath(to);
  return {
    minified: await minify(new URL("mod.ts", ROOT), {
      folder,
      name: "webrtc",
    }),
    diagnose: await minify(new URL("client/diagnose/mod.ts", ROOT), {
      folder,
      name: "webrtc.diagnose",
    }),
    tarball: await pack(folder),
  };
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
  for (const path of Object.values(await build()).flat()) {
    const { size } = await Deno.stat(path);
    console.log(`${path} (${size} bytes)`);
  }
}
