import { assertEquals } from "@std/assert";
import { createRoomKey, roomLink } from "../mod.ts";
import { type Build, build } from "../scripts/build.ts";
import { run, tryRun } from "../scripts/run.ts";
import { type TempFolder, tempFolder } from "../scripts/temp_folder.ts";
import { publicStun, serve, Server } from "../server/mod.ts";
import { dirname, resolve } from "node:path";
import { startBrowser } from "./support/browsers.ts";

/** All that somebody without a build step writes. It says hello to whoever comes, and keeps the first thing it hears; in a room with a key if its link has one. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script type="module">
  import { connect, roomKeyFromLink } from "/webrtc.min.js";

  const roomKey = roomKeyFromLink(location);
  globalThis.heard = connect({
    host: location.host,
    room: "example",
    ...(roomKey && { roomKey }),
  }).then(
    (connection) => new Promise((resolve) => {
      connection.on("peer", ([peer]) => connection.send("hello", { to: peer }));
      connection.on("message", ({ data }) => resolve(data));
    }),
  );
</script>
`;

/** What both kinds of Node modules do with the package. */
const USE = `
const error = await connect({ host: "127.0.0.1:9", room: "example" }).catch((error) => error);
console.log(JSON.stringify([
  typeof Connection,
  typeof diagnose,
  error instanceof ConnectError,
  error.reason,
  VERSION,
]));
`;

const USED = ["function", "function", true, "unsupported", 1];

const CONSUMER = {
  "package.json": "{}",
  "main.mjs": `
import { connect, ConnectError, Connection } from "@x/webrtc";
import { diagnose } from "@x/webrtc/diagnose";
import { VERSION } from "@x/webrtc/protocol";
${USE}`,
  "main.cjs": `
const { connect, ConnectError, Connection } = require("@x/webrtc");
const { diagnose } = require("@x/webrtc/diagnose");
const { VERSION } = require("@x/webrtc/protocol");
(async () => {${USE}})();
`,
  "main.ts": `
import { connect, type Connection } from "@x/webrtc";
import { diagnose, type Verdict } from "@x/webrtc/diagnose";
import type { ClientMessage } from "@x/webrtc/protocol";

export const connection: Connection = await connect({ host: "h", room: "r" });
export const unsubscribe: () => void = connection.on("message", ({ peer }) => {
  // @ts-expect-error: were the types lost, everything would be any.
  const wrong: number = peer;
  console.log(wrong);
});
export const verdict: Verdict =
  (await diagnose({ host: "h", room: "r" })).verdict;
export const message: ClientMessage = { type: "signal", to: "a", data: "b" };
`,
  "deno.json": JSON.stringify({
    nodeModulesDir: "manual",
    compilerOptions: { lib: ["esnext", "dom", "dom.iterable"] },
  }),
};

/** Serves the page and the minified scripts beside the rooms. */
class PlainSite extends Server {
  readonly #scripts = new Map<string, string>();

  constructor(paths: readonly string[]) {
    super({ turn: publicStun([]) });
    for (const path of paths) {
      this.#scripts.set(path.slice(path.lastIndexOf("/")), path);
    }
  }

  override async onRequest(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") {
      return new Response(PAGE, { headers: { "Content-Type": "text/html" } });
    }
    const path = this.#scripts.get(pathname);
    if (path === undefined) return super.onRequest(request, info);
    return new Response(await Deno.readTextFile(path), {
      headers: { "Content-Type": "text/javascript" },
    });
  }
}

/** A folder of somebody who has installed the package from npm. */
async function consumer(): Promise<TempFolder> {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(CONSUMER)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, text);
  }
  await run(NPM, [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    built.tarball,
  ], { cwd: folder.path });
  return folder;
}

/** What a module of the consumer prints. */
async function use(folder: TempFolder, module: string): Promise<unknown> {
  return JSON.parse(await run("node", [module], { cwd: folder.path }));
}

const NPM = Deno.build.os === "windows" ? "npm.cmd" : "npm";
const withoutNpm = !(await tryRun(NPM, ["--version"])).success;

let dist: TempFolder;
let built: Build;

// Once for all: it takes seconds.
Deno.test.beforeAll(async () => {
  dist = await tempFolder();
  built = await build(dist.path);
});

Deno.test.afterAll(async () => await dist[Symbol.asyncDispose]());

Deno.test("build minifies a module that connects two plain pages, and loads more only where there is a room key", async (t) => {
  const { minified } = built;
  await using server = serve({
    port: 0,
    hostname: "127.0.0.1",
    server: new PlainSite(minified),
  });
  await using started = await startBrowser("chrome");

  /** What is loaded by each of two pages that meet by a link. */
  async function loaded(link: string): Promise<string[]> {
    const loaded: string[] = [];
    const pages = [
      await started.browser.newPage(),
      await started.browser.newPage(),
    ];
    for (const page of pages) {
      page.on("request", (request) => {
        const [name = ""] = /[^/]*\.js$/.exec(request.url()) ?? [];
        if (name !== "") loaded.push(name.replace(/-[0-9a-f]{8}/, "-HASH"));
      });
      await page.goto(link);
    }
    for (const page of pages) {
      assertEquals(await page.evaluate("heard"), "hello");
    }
    // Not sooner: what the first one says may still be on its way.
    for (const page of pages) await page.close();
    return loaded.sort();
  }

  await t.step("without one", async () => {
    assertEquals(await loaded(server.url), ["webrtc.min.js", "webrtc.min.js"]);
  });

  await t.step("with one", async () => {
    assertEquals(await loaded(roomLink(server.url, createRoomKey())), [
      "webrtc.min.js",
      "webrtc.min.js",
      "webrtc.protect-HASH.min.js",
      "webrtc.protect-HASH.min.js",
    ]);
  });
});

Deno.test("build keeps the machine's folders out of the source map", async () => {
  const { minified, diagnose } = built;
  for (const path of [...minified, ...diagnose]) {
    const map = JSON.parse(await Deno.readTextFile(`${path}.map`));
    const strangers = map.sources.filter((source: string) =>
      !/^\.\.\/(client\/|npm\/|protocol\.ts$)/.test(source)
    );
    assertEquals(strangers, []);
  }
});

Deno.test("build makes scripts that load only what it has made", async () => {
  const { minified, diagnose } = built;
  const made = [...minified, ...diagnose];
  for (const path of made) {
    const missing = (await importsOf(path)).filter((to) => !made.includes(to));
    assertEquals(missing, [], path);
  }
});

Deno.test("build puts the licences of others into the scripts that they are in", async () => {
  const { minified, diagnose } = built;
  for (const path of [...minified, ...diagnose]) {
    const { sources } = JSON.parse(await Deno.readTextFile(`${path}.map`));
    const [banner = ""] = (await Deno.readTextFile(path)).split("\n");
    assertEquals(
      banner.includes("partysocket (MIT)"),
      sources.some((source: string) => source.includes("/partysocket/")),
      path,
    );
  }
});

Deno.test("build packs for npm what npm expects, and nothing of Deno or JSR", async () => {
  await using folder = await tempFolder();
  await run("tar", ["-xzf", built.tarball], { cwd: folder.path });
  const names = await filesIn(`${folder.path}/package`);
  const expected = [
    "LICENSE",
    "README.md",
    "mod.d.ts",
    "mod.js",
    "protocol.js",
  ];
  assertEquals(expected.filter((name) => !names.includes(name)), []);
  for (const name of names.filter((name) => /\.(js|ts|json)$/.test(name))) {
    const text = await Deno.readTextFile(`${folder.path}/package/${name}`);
    assertEquals(text.match(/jsr:|\bDeno\./), null, name);
  }
});

Deno.test("build packs for npm modules that import only what is packed, also later", async () => {
  await using folder = await tempFolder();
  await run("tar", ["-xzf", built.tarball], { cwd: folder.path });
  const root = `${folder.path}/package`;
  const modules = (await filesIn(root)).filter((name) => name.endsWith(".js"));
  const packed = modules.map((name) => `${root}/${name}`);
  for (const path of packed) {
    const missing = (await importsOf(path))
      .filter((to) => !packed.includes(to));
    assertEquals(missing, [], path);
  }
});

Deno.test({
  name: "build packs for npm what Node can import and require",
  ignore: withoutNpm,
  async fn() {
    await using folder = await consumer();
    assertEquals(await use(folder, "main.mjs"), USED);
    // Node requires ES modules from 20.19 and 22.12 on.
    const print = "console.log(process.features.require_module ?? false)";
    if (await run("node", ["--eval", print]) === "true\n") {
      assertEquals(await use(folder, "main.cjs"), USED);
    }
  },
});

Deno.test({
  name: "build packs for npm the types too",
  ignore: withoutNpm,
  async fn() {
    await using folder = await consumer();
    await run(Deno.execPath(), ["check", "main.ts"], { cwd: folder.path });
  },
});

/** Paths of what a script imports from where it lies, at once or later. */
async function importsOf(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path);
  return text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)
    .map(([, specifier = ""]) => resolve(dirname(path), specifier))
    .toArray();
}

async function filesIn(folder: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) names.push(prefix + name);
    else names.push(...await filesIn(`${folder}/${name}`, `${prefix}${name}/`));
  }
  return names;
}
