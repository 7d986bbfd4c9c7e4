import { assertEquals } from "@std/assert";
import { build } from "../scripts/build.ts";
import { run, tryRun } from "../scripts/run.ts";
import { type TempFolder, tempFolder } from "../scripts/temp_folder.ts";
import { publicStun, serve, Server } from "../server/mod.ts";
import { startBrowser } from "./support/browsers.ts";

/** All that somebody without a build step writes. It says hello to whoever comes, and keeps the first thing it hears. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script type="module">
  import { connect } from "/webrtc.min.js";

  globalThis.heard = connect({ host: location.host, room: "example" }).then(
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

/** Serves the page and the minified module beside the rooms. */
class PlainSite extends Server {
  readonly #minified: string;

  constructor(minified: string) {
    super({ turn: publicStun([]) });
    this.#minified = minified;
  }

  override async onRequest(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case "/":
        return new Response(PAGE, { headers: { "Content-Type": "text/html" } });
      case "/webrtc.min.js":
        return new Response(await Deno.readTextFile(this.#minified), {
          headers: { "Content-Type": "text/javascript" },
        });
      default:
        return super.onRequest(request, info);
    }
  }
}

/** A folder of somebody who has installed the package from npm. */
async function consumer(): Promise<TempFolder> {
  const folder = await tempFolder();
  const { tarball } = await build(folder.path);
  for (const [name, text] of Object.entries(CONSUMER)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, text);
  }
  await run(NPM, [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    tarball,
  ], { cwd: folder.path });
  return folder;
}

/** What a module of the consumer prints. */
async function use(folder: TempFolder, module: string): Promise<unknown> {
  return JSON.parse(await run("node", [module], { cwd: folder.path }));
}

const NPM = Deno.build.os === "windows" ? "npm.cmd" : "npm";
const withoutNpm = !(await tryRun(NPM, ["--version"])).success;

Deno.test("build minifies a module that connects two plain pages", async () => {
  await using folder = await tempFolder();
  const { minified } = await build(folder.path);
  await using server = serve({
    port: 0,
    hostname: "127.0.0.1",
    server: new PlainSite(minified),
  });
  await using started = await startBrowser("chrome");
  const pages = [
    await started.browser.newPage(),
    await started.browser.newPage(),
  ];
  for (const page of pages) await page.goto(server.url);
  for (const page of pages) {
    assertEquals(await page.evaluate("heard"), "hello");
  }
});

Deno.test("build keeps the machine's folders out of the source map", async () => {
  await using folder = await tempFolder();
  const { minified, diagnose } = await build(folder.path);
  for (const path of [minified, diagnose]) {
    const map = JSON.parse(await Deno.readTextFile(`${path}.map`));
    const strangers = map.sources.filter((source: string) =>
      !/^\.\.\/(client\/|npm\/|protocol\.ts$)/.test(source)
    );
    assertEquals(strangers, []);
  }
});

Deno.test("build packs for npm what npm expects, and nothing of Deno or JSR", async () => {
  await using folder = await tempFolder();
  const { tarball } = await build(folder.path);
  await run("tar", ["-xzf", tarball], { cwd: folder.path });
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

async function filesIn(folder: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) names.push(prefix + name);
    else names.push(...await filesIn(`${folder}/${name}`, `${prefix}${name}/`));
  }
  return names;
}
