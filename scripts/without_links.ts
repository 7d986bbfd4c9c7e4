/**
 * Takes the stand-ins of `links/` out of `deno.json`, so that the packages of
 * JSR themselves are used.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

const { links: _, ...rest }: typeof config & { readonly links?: unknown } =
  config;
await Deno.writeTextFile(
  new URL("../deno.json", import.meta.url),
  JSON.stringify(rest, null, 2) + "\n",
);
