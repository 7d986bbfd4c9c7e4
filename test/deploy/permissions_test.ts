import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

/** The options of a command that say what a program may do: all but those that keep it from asking. */
function permissionsIn(command: readonly string[]): string[] {
  return command.filter((word) =>
    word.startsWith("-") && word !== "--no-prompt" && word !== "--cached-only"
  );
}

const WANTED = permissionsIn(config.tasks.serve.command.split(" "));

Deno.test("the service of systemd runs the server with the permissions of the task serve, and no others", async () => {
  const [, command = ""] = /^ExecStart=\/usr\/local\/bin\/deno run (.+)$/m.exec(
    await read("deploy/webrtc.service"),
  ) ?? [];
  assertEquals(permissionsIn(command.split(" ")), WANTED);
});

Deno.test("the image runs the server with the permissions of the task serve, and no others", async () => {
  const [, command = "[]"] =
    /^CMD (\[.+\])$/m.exec(await read("deploy/Dockerfile")) ?? [];
  const [deno, run, ...words]: string[] = JSON.parse(command);
  assertEquals([deno, run, words.at(-1)], ["deno", "run", "server/main.ts"]);
  assertEquals(permissionsIn(words), WANTED);
});

Deno.test("the image runs the Deno that the README names, and not as root", async () => {
  const lines = (await read("deploy/Dockerfile")).split("\n");
  const [, version] = /npx -y deno@([\d.]+)/.exec(await read("README.md")) ??
    [];
  const images = lines.filter((line) => line.startsWith("FROM "))
    .map((line) => line.split(" ")[1]);
  assertEquals(images, [
    `denoland/deno:${version}`,
    `denoland/deno:${version}`,
  ]);
  assertEquals(lines.findLast((line) => line.startsWith("USER ")), "USER deno");
});
