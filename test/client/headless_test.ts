import { assertEquals } from "@std/assert";
import { startServer } from "../support/start_server.ts";

/** Runs a program of test/support in a process of its own: werift leaves timers behind. */
async function run(
  program: string,
  ...args: string[]
): Promise<{ code: number; stdout: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", program, ...args],
    cwd: new URL("../support", import.meta.url),
    stderr: "inherit",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

Deno.test("connect joins two peers in Deno when an RTCPeerConnection is injected, and lets the process end", async () => {
  await using server = startServer();
  assertEquals(await run("headless_program.ts", server.url), {
    code: 0,
    stdout: "hello\nhost\n",
  });
});

Deno.test("mod has no side effect when it is imported", async () => {
  assertEquals(await run("import_program.ts"), { code: 0, stdout: "" });
});
