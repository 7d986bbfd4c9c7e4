import { assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { run, tryRun } from "../../scripts/run.ts";
import { compile } from "../../scripts/compile.ts";
import { serverCopy } from "../../scripts/server_copy.ts";
import { tempFolder } from "../../scripts/temp_folder.ts";

Deno.test("serverCopy copies a server that runs by itself, and no package that only tests have", async () => {
  await using folder = await tempFolder();
  const to = `${folder.path}/server`;
  await serverCopy(to);
  const version = await run(
    Deno.execPath(),
    ["run", "--allow-env", "--allow-read=.env", "server/main.ts", "--version"],
    { cwd: to },
  );
  assertEquals(version.trim(), config.version);
  const { imports } = JSON.parse(await Deno.readTextFile(`${to}/deno.json`));
  assertEquals("jose" in imports, true);
  for (const name of ["puppeteer", "werift", "partysocket", "yaml"]) {
    assertEquals(name in imports, false, name);
  }
});

Deno.test("the server names nothing that Deno has only with a flag", async () => {
  await using folder = await tempFolder();
  const to = `${folder.path}/server`;
  await serverCopy(to);
  const file = `${to}/deno.json`;
  const { compilerOptions, ...rest } = JSON.parse(
    await Deno.readTextFile(file),
  );
  const stable = { ...compilerOptions, lib: ["deno.window"] };
  await Deno.writeTextFile(
    file,
    JSON.stringify({ ...rest, compilerOptions: stable }),
  );
  await run(
    Deno.execPath(),
    ["check", "server/main.ts", "server/mod.ts"],
    { cwd: to },
  );
});

Deno.test("Deno Deploy is told of a program that is there", async () => {
  const { entrypoint } = config.deploy.runtime;
  await Deno.stat(new URL(`../../${entrypoint}`, import.meta.url));
  assertEquals(entrypoint, "server/main.ts");
});

Deno.test("compile makes one binary that is the server", async () => {
  await using folder = await tempFolder();
  const binary = `${folder.path}/webrtc-server`;
  try {
    await compile(binary);
  } catch (error) {
    // Where there is no dl.deno.land, nothing else must be wrong.
    assertMatch(String(error), /dl\.deno\.land.+denort/);
    return;
  }
  const { success, stdout } = await tryRun(binary, ["--version"], {
    cwd: folder.path,
  });
  assertEquals([success, stdout.trim()], [true, config.version]);
});
