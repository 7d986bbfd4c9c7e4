/** A module for a page, bundled once a run: the client, or another one below the root of the package. */
export function bundleClient(entry = "mod.ts"): Promise<string> {
  const made = bundled.get(entry) ?? bundle(entry);
  bundled.set(entry, made);
  return made;
}

const bundled = new Map<string, Promise<string>>();

async function bundle(entry: string): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", entry],
    cwd: new URL("../..", import.meta.url),
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`Cannot bundle ${entry}: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}
