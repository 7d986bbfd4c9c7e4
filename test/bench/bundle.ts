/** A module of this folder, or of a package, with all that it imports, as minified script for a page. */
export async function bundle(
  entry: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", "--minify", entry],
    cwd: new URL(".", import.meta.url),
  }).output();
  if (!success) {
    const reason = new TextDecoder().decode(stderr);
    throw new Error(`Cannot bundle ${entry}: ${reason}`);
  }
  return stdout;
}
