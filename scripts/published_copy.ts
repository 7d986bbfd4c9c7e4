import config from "../deno.json" with { type: "json" };
import { copyInto } from "./copy_into.ts";
import { type TempFolder, tempFolder } from "./temp_folder.ts";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** Copies what is published into a folder of its own, whose links point back here, out of the package. */
export async function publishedCopy(): Promise<TempFolder> {
  const copy = await tempFolder();
  const names = config.publish.include.map((name) => name.replace(/\/$/, ""));
  await copyInto(copy.path, ROOT, names);
  // There are none where JSR can be reached.
  const { links }: typeof config & { readonly links?: readonly string[] } =
    config;
  await Deno.writeTextFile(
    `${copy.path}/deno.json`,
    JSON.stringify({
      ...config,
      links: links?.map((link) => fileURLToPath(new URL(link, ROOT))),
      lint: undefined,
      lock: false,
    }),
  );
  return copy;
}
