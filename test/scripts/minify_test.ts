import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { minify } from "../../scripts/minify.ts";
import { tempFolder } from "../../scripts/temp_folder.ts";
import { moduleFolder } from "../support/module_folder.ts";
import { SourceMap } from "node:module";
import { pathToFileURL } from "node:url";

/** A module that loads another one twice when it needs it, and shares a third with it. */
const MODULES = {
  "main.ts": `
import { shared } from "./shared.ts";
export const here = shared("here");
export async function there() {
  const { later } = await import("./later.ts");
  return later("between") + (await import("./later.ts")).later("after");
}
`,
  "later.ts": `
import { shared } from "./shared.ts";
export const later = (word: string) => shared(word + " later");
`,
  "shared.ts": `
export function shared(word: string) { return "shared " + word; }
`,
};

/** The modules, and an empty folder for what is made from them. */
async function example() {
  await using stack = new AsyncDisposableStack();
  const modules = stack.use(await moduleFolder(MODULES));
  const made = stack.use(await tempFolder());
  const kept = stack.move();
  return {
    folder: made.path,
    write: modules.write,
    async minify() {
      const options = { folder: made.path, name: "lib" };
      const paths = await minify(modules.entry, options);
      return paths.map((path) => path.slice(made.path.length + 1));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Names of all files of a folder. */
async function filesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder)))
    .map(({ name }) => name).sort();
}

Deno.test("minify names the module as it is told, and after itself what is needed later", async () => {
  await using made = await example();
  const names = await made.minify();
  assertEquals(
    names.map((name) => name.replace(/-[0-9a-f]{8}\./, "-HASH.")),
    ["lib.min.js", "lib.later-HASH.min.js"],
  );
});

Deno.test("minify makes scripts that load each other from where they lie", async () => {
  await using made = await example();
  await made.minify();
  const { here, there } = await import(
    pathToFileURL(`${made.folder}/lib.min.js`).href
  );
  assertEquals(here, "shared here");
  assertEquals(await there(), "shared between latershared after later");
});

Deno.test("minify puts the licence into each script, and links it to its map", async () => {
  await using made = await example();
  for (const name of await made.minify()) {
    const lines = (await Deno.readTextFile(`${made.folder}/${name}`))
      .trimEnd().split("\n");
    assertMatch(lines[0] ?? "", /^\/\*! @x\/webrtc [^ ]+ \(MIT\) [^;]+ \*\/$/);
    assertEquals(lines.at(-1), `//# sourceMappingURL=${name}.map`);
    assertEquals(lines.join("\n").split("sourceMappingURL").length, 2);
  }
});

Deno.test("minify maps what stands before and behind the name of a chunk to its source", async () => {
  await using made = await example();
  const [main, later] = await made.minify();
  for (
    const [script, words, source] of [
      [main, ['"here"', '"between"', '"after"'], "main.ts"],
      [main, ['"shared "'], "shared.ts"],
      [later, ['" later"'], "later.ts"],
      [later, ['"shared "'], "shared.ts"],
    ] as const
  ) {
    const path = `${made.folder}/${script}`;
    const lines = (await Deno.readTextFile(path)).split("\n");
    const map = new SourceMap(
      JSON.parse(await Deno.readTextFile(`${path}.map`)),
    );
    for (const word of words) {
      const line = lines.findIndex((text) => text.includes(word));
      const column = lines[line]?.indexOf(word) ?? -1;
      const entry = map.findEntry(line, column);
      assert("originalSource" in entry, word);
      assertEquals(entry.generatedColumn, column, word);
      assert(entry.originalSource.endsWith(`/${source}`), word);
      const original = MODULES[source].split("\n")[entry.originalLine] ?? "";
      assertEquals(original.indexOf(word), entry.originalColumn, word);
    }
  }
});

Deno.test("minify removes what was loaded later in earlier times, and nothing else", async () => {
  await using made = await example();
  const others = ["lib.other.later-01234567.min.js", "lib.later.js"];
  for (const name of others) {
    await Deno.writeTextFile(`${made.folder}/${name}`, "");
  }
  const before = await made.minify();
  await made.write("later.ts", "export const later = () => 'new';");
  const after = await made.minify();
  assertNotEquals(before, after);
  assertEquals(
    await filesIn(made.folder),
    [...after.flatMap((name) => [name, `${name}.map`]), ...others].sort(),
  );
});
