import { tempFolder } from "../../scripts/temp_folder.ts";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

/** A folder with modules in it, which is gone at the end of its block. */
export interface ModuleFolder extends AsyncDisposable {
  /** URL of `main.ts`. */
  readonly entry: URL;
  /** Replaces a module, or adds one. */
  write(name: string, text: string): Promise<void>;
}

/** Writes modules into a folder, by their paths in it. */
export async function moduleFolder(
  modules: Readonly<Record<string, string>>,
): Promise<ModuleFolder> {
  const folder = await tempFolder();
  const write = async (name: string, text: string) => {
    const path = `${folder.path}/${name}`;
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text);
  };
  for (const [name, text] of Object.entries(modules)) await write(name, text);
  return {
    entry: pathToFileURL(`${folder.path}/main.ts`),
    write,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
