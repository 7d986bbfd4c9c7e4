import { assert, assertEquals } from "@std/assert";
import { startServer } from "../support/start_server.ts";

const GUIDE = await Deno.readTextFile(
  new URL("../../deploy/README.md", import.meta.url),
);

Deno.test("the guide of operators has every metric of the server, with its kind, and no other", async () => {
  await using server = startServer();
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const known = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map((
    [, name, kind],
  ) => `${name} ${kind}`);
  const told = [...GUIDE.matchAll(/^\| `(webrtc_\w+)` +\| (\w+)/gm)].map((
    [, name, kind],
  ) => `${name} ${kind}`);
  assertEquals(told.toSorted(), known.toSorted());
});

Deno.test("the guide of operators names files that are there", async () => {
  const links = [...GUIDE.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)];
  assert(links.length > 0);
  for (const [, path = ""] of links) {
    await Deno.stat(new URL(`../../deploy/${path}`, import.meta.url));
  }
});
