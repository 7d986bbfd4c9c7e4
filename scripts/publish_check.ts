/**
 * Checks that the package can be published to JSR, without doing it.
 *
 * `deno publish` refuses a linked folder inside the package that it would not
 * publish, so it looks at a copy whose links point out of it.
 *
 * @module
 */
import { publishedCopy } from "./published_copy.ts";
import { run } from "./run.ts";

await using copy = await publishedCopy();
await run(
  Deno.execPath(),
  ["publish", "--dry-run", "--allow-dirty"],
  { cwd: copy.path },
);
