import { assertLessOrEqual } from "@std/assert";
import { clientSize } from "./bench/client_size.ts";

Deno.test("the client takes at most 30 kB, minified and gzipped, partysocket included", async () => {
  const { samples: [sample] } = await clientSize();
  assertLessOrEqual(sample?.ours ?? Infinity, 30);
});
