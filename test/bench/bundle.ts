import { bundle as bundleModule } from "../../scripts/bundle.ts";

/** A module of this folder with all that it imports, as minified scripts for a page, by name: first its own, then those that it loads from beside it. */
export function bundle(entry: string): Promise<ReadonlyMap<string, string>> {
  return bundleModule(new URL(entry, import.meta.url), ["--minify"]);
}
