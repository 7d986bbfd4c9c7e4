/**
 * Copies the server into a folder of its own, with nothing around it that only
 * tests and pages need: what is compiled, or put into an image.
 *
 * ```sh
 * deno run -A scripts/server_copy.ts /opt/webrtc
 * ```
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { copyInto } from "./copy_into.ts";

const ROOT = new URL("../", import.meta.url);

/** Copies the server into the folder `to`, which is made if it is missing. */
export async function serverCopy(to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  // There are no links where JSR can be reached.
  const { version, compilerOptions, links, ...rest }:
    & typeof config
    & { readonly links?: readonly string[] } = config;
  await copyInto(to, ROOT, [
    "server",
    "protocol.ts",
    "deno.lock",
    ...(links ? ["links"] : []),
  ]);
  const sources = await textOf(new URL("server/", ROOT));
  const imports = Object.entries(rest.imports).filter(([name]) =>
    sources.includes(`"${name}"`) || sources.includes(`"${name}/`)
  );
  await Deno.writeTextFile(
    `${to}/deno.json`,
    JSON.stringify({
      version,
      compilerOptions,
      links,
      imports: Object.fromEntries(imports),
    }),
  );
}

/** The text of all files in a folder. */
async function textOf(folder: URL): Promise<string> {
  let text = "";
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    text += isDirectory
      ? await textOf(new URL(`${name}/`, folder))
      : await Deno.readTextFile(new URL(name, folder));
  }
  return text;
}

if (import.meta.main) {
  const [to] = Deno.args;
  if (to === undefined) {
    throw new TypeError("Cannot copy the server: say where");
  }
  await serverCopy(to);
}
