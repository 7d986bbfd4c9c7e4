/**
 * Runs the examples in the docs as tests.
 *
 * Deno runs each block that it type-checks. So that an example for a page can
 * be checked without being run, this runs a copy of the docs in which blocks
 * marked `no-eval` are marked `ignore`; `deno check --doc` sees the originals.
 *
 * @module
 */
import { publishedCopy } from "./published_copy.ts";
import { run } from "./run.ts";

async function ignoreNoEval(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) await ignoreNoEval(path);
    if (!/\.(ts|md)$/.test(name)) continue;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(
      path,
      text.replaceAll(/^([ *]*```\w+) no-eval\b/gm, "$1 ignore"),
    );
  }
}

await using copy = await publishedCopy();
await ignoreNoEval(copy.path);
await run(
  Deno.execPath(),
  ["test", "--doc", "--allow-all"],
  { cwd: copy.path },
);
