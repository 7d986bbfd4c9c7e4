let bundled: Promise<string> | undefined;

/**
 * `app.ts` and everything it imports as one script for a browser, made at the first call.
 *
 * @throws {Error} If it cannot be made; the message says why.
 */
export function bundleApp(): Promise<string> {
  return bundled ??= bundle(`${import.meta.dirname}/app.ts`);
}

async function bundle(entrypoint: string): Promise<string> {
  if (!Deno.bundle) {
    throw new Error(
      `Cannot bundle ${entrypoint}: run Deno with --unstable-bundle`,
    );
  }
  const { errors, outputFiles } = await Deno.bundle({
    entrypoints: [entrypoint],
    platform: "browser",
    minify: true,
    write: false,
  });
  const script = outputFiles?.[0]?.text();
  if (errors.length > 0 || !script) {
    const reasons = errors.map(({ text, location }) => {
      return location ? `${location.file}:${location.line}: ${text}` : text;
    });
    throw new Error(`Cannot bundle ${entrypoint}: ${reasons.join("; ")}`);
  }
  return script;
}
