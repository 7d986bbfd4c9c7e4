/**
 * Compiles the signaling server into one binary in `dist/` that needs no Deno
 * and has leave for what the server needs, and no more.
 *
 * ```sh
 * deno task compile
 * deno task compile --target=aarch64-unknown-linux-gnu
 * ```
 *
 * Deno downloads what the binary runs on from dl.deno.land, once; where that
 * cannot be reached, `DENORT_BIN` names a file that has it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };
import { run } from "./run.ts";
import { serverCopy } from "./server_copy.ts";
import { tempFolder } from "./temp_folder.ts";

/**
 * Compiles the server into the file `to`.
 *
 * @param options More options of `deno compile`.
 */
export async function compile(
  to: string,
  options: readonly string[] = [],
): Promise<void> {
  // A binary holds every npm package that its deno.json names: else those of the tests, too.
  await using copy = await tempFolder();
  await serverCopy(copy.path);
  const permissions = config.tasks.serve.command.split(" ")
    .filter((word) => word.startsWith("--"));
  await run(Deno.execPath(), [
    "compile",
    "--quiet",
    "--no-prompt",
    ...permissions,
    `--output=${to}`,
    ...options,
    "server/main.ts",
  ], { cwd: copy.path });
}

if (import.meta.main) {
  const to = fileURLToPath(new URL("../dist/webrtc-server", import.meta.url));
  await compile(to, Deno.args);
  console.log(to);
}
