/** A folder that is gone at the end of its block. */
export interface TempFolder extends AsyncDisposable {
  /** Where it is, without a slash at the end. */
  readonly path: string;
}

/** Makes an empty folder outside the package. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
