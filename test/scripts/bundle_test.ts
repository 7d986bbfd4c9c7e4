import { assert, assertEquals, assertRejects } from "@std/assert";
import { bundle } from "../../scripts/bundle.ts";
import { tempFolder } from "../../scripts/temp_folder.ts";
import { moduleFolder } from "../support/module_folder.ts";
import { pathToFileURL } from "node:url";

const SHARED = `export const shared = (word: string) => "shared " + word;`;

/** Bundles modules, of which the first is `main.ts`. */
async function bundleOf(
  modules: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  await using folder = await moduleFolder(modules);
  return await bundle(folder.entry);
}

Deno.test("bundle makes one script of what is imported at once, and of each module that is imported later", async () => {
  await using made = await tempFolder();
  const scripts = await bundleOf({
    "main.ts": `
import { shared } from "./shared.ts";
export const here = shared("here");
export const there = async () => (await import("./later.ts")).later();
`,
    "later.ts": `
import { shared } from "./shared.ts";
export const later = async () =>
  shared("later") + (await import("./latest.ts")).latest;
`,
    "latest.ts": `export const latest = " and latest";`,
    "shared.ts": SHARED,
  });
  assertEquals([...scripts.keys()], ["main.js", "later.js", "latest.js"]);
  assertEquals(scripts.get("main.js")?.includes("later()"), true);
  assertEquals(scripts.get("main.js")?.includes("latest"), false);
  for (const [name, text] of scripts) {
    await Deno.writeTextFile(`${made.path}/${name}`, text);
  }
  const main = await import(pathToFileURL(`${made.path}/main.js`).href);
  assertEquals(
    [main.here, await main.there()],
    ["shared here", "shared later and latest"],
  );
});

Deno.test("bundle makes no script of its own when a module is imported at once too", async () => {
  const scripts = await bundleOf({
    "main.ts": `
import { shared } from "./shared.ts";
export const all = async () => [shared("now"), await import("./shared.ts")];
`,
    "shared.ts": SHARED,
  });
  assertEquals([...scripts.keys()], ["main.js"]);
});

Deno.test("bundle makes a script of its own when only types are imported at once", async () => {
  const scripts = await bundleOf({
    "main.ts": `
import type { Later } from "./later.ts";
export const later = async (): Promise<Later> => (await import("./later.ts")).later;
`,
    "later.ts":
      `export type Later = string; export const later: Later = "later";`,
  });
  assertEquals([...scripts.keys()], ["main.js", "later.js"]);
});

Deno.test("bundle names a module that is imported later in two ways once", async () => {
  const scripts = await bundleOf({
    "main.ts": `
export const a = () => import("./later.ts");
export const b = () => import("././later.ts");
`,
    "later.ts": "export const later = 1;",
  });
  assertEquals([...scripts.keys()], ["main.js", "later.js"]);
  const imports = scripts.get("main.js")?.match(/import\([^)]*\)/g);
  assertEquals(imports, ['import("./later.js")', 'import("./later.js")']);
});

Deno.test("bundle rejects when two modules would have one name", async () => {
  await assertRejects(
    () =>
      bundleOf({
        "main.ts": `export const a = () => import("./main.js");`,
        "main.js": "export {};",
      }),
    Error,
    "two scripts of one name",
  );
});

Deno.test("bundle rejects when one specifier means two modules", async () => {
  for (const imports of [`import "./a.ts";`, `void import("./a.ts");`]) {
    await assertRejects(
      () =>
        bundleOf({
          "main.ts": `import "./in/b.ts"; ${imports}`,
          "a.ts": `export const a = "of main";`,
          "in/a.ts": `export const a = "of b";`,
          "in/b.ts": `export const b = () => import("./a.ts");`,
        }),
      Error,
      '"./a.ts" means two modules',
    );
  }
});

Deno.test("bundle rejects with what the bundler complains about", async () => {
  const error = await assertRejects(
    () => bundleOf({ "main.ts": `import "./missing.ts";` }),
    Error,
  );
  assert(error.message.includes("missing.ts"), error.message);
});
