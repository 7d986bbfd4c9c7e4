/** The client as one module for a page, bundled once a run. */
export function bundleClient(): Promise<string> {
  return bundled ??= bundle();
}

let bundled: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", "mod.ts"],
    cwd: new URL("../..", import.meta.url),
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`Cannot bundle the client: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}
