import { assertEquals } from "@std/assert";
import { startBrowser } from "../support/browsers.ts";
import { bundleClient } from "../support/bundle_client.ts";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { EXPECTED_OPEN, VECTORS } from "../support/vectors.ts";

Deno.test("RoomSecret and Guard make and open what the vectors hold in every browser", async (t) => {
  await using site = await startSite();
  const [code = ""] = (await bundleClient("test/support/compute_vectors.ts"))
    .values();

  for (const name of ["chrome", "firefox"] as const) {
    await t.step(name, async () => {
      await using started = await startBrowser(name);
      await using opened = await openPage(started.browser, site.url);
      const { made, found } = await opened.page.evaluate(
        async (code, vectors) => {
          const url = URL.createObjectURL(
            new Blob([code], { type: "text/javascript" }),
          );
          const { computeVectors, openVectors } = await import(
            url
          ) as typeof import("../support/compute_vectors.ts");
          return {
            made: await computeVectors(vectors),
            found: await openVectors(vectors),
          };
        },
        code,
        VECTORS,
      );
      assertEquals(made, VECTORS.output);
      assertEquals<readonly unknown[]>(found, EXPECTED_OPEN);
      assertEquals(opened.complaints, []);
    });
  }
});
