import { assertEquals } from "@std/assert";
import { PUBLIC_API_FILE, publicApi } from "../scripts/public_api.ts";

Deno.test("the public API is the one written down", async () => {
  assertEquals(
    (await publicApi()).split("\n"),
    (await Deno.readTextFile(PUBLIC_API_FILE)).split("\n"),
    'The public API changed. If that was meant, run "deno task test:api" and commit test/public_api.txt',
  );
});
