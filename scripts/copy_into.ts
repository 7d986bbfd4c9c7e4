/** Copies files and folders of one folder, by their names, into another. */
export async function copyInto(
  folder: string,
  from: URL,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    await copy(new URL(name, from), `${folder}/${name}`);
  }
}

async function copy(from: URL, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return Deno.copyFile(from, to);
  await Deno.mkdir(to);
  const inside = new URL(from.href.replace(/\/?$/, "/"));
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(encodeURIComponent(name), inside), `${to}/${name}`);
  }
}
