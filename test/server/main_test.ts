import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { ENVIRONMENT } from "../../server/environment.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startProgram } from "../support/start_program.ts";

Deno.test("main prints its usage when asked for help", async () => {
  await using program = await startProgram({ args: ["--help"] });
  assertEquals((await program.status).code, 0);
  for (
    const word of ["--port", "--host", "--version", ".env", ...ENVIRONMENT]
  ) {
    assertStringIncludes(program.output, word);
  }
});

/** A file of the repository. */
function repositoryFile(path: string): Promise<string> {
  return Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

Deno.test("main is started by the task serve with leave to read its variables, and no others", () => {
  assertMatch(
    config.tasks.serve.command,
    new RegExp(` --allow-env=${ENVIRONMENT.join(",")} `),
  );
});

Deno.test("main reads no variable that the README and .env.example do not have", async () => {
  const readme = await repositoryFile("README.md");
  assertStringIncludes(readme, `--allow-env=${ENVIRONMENT.join(",")}\``);
  const table = /### Environment\n(.+?)\n### /s.exec(readme)?.[1] ?? "";
  const example = await repositoryFile(".env.example");
  for (const name of ENVIRONMENT) {
    assertStringIncludes(table, `\`${name}\``);
    // The alias of a name has no line of its own.
    if (name === "CF_TURN_APP_ID") continue;
    assertMatch(example, new RegExp(`^(# )?${name}=`, "m"));
  }
});

Deno.test("main prints the version of the package when asked for it", async () => {
  await using program = await startProgram({ args: ["--version"] });
  assertEquals((await program.status).code, 0);
  assertEquals(program.output.trim(), config.version);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`main says where it listens and what TURN it uses, serves, and stops with 0 when it gets ${signal}`, async () => {
    await using program = await startProgram({
      env: { PORT: "0", HOST: "127.0.0.1" },
    });
    const url = await program.listening;
    assertMatch(program.output, /"turn":"not configured; peers get STUN only/);
    const peer = await RawPeer.join(url, "r");
    program.kill(signal);
    assertEquals((await peer.closed).code, 4000);
    assertEquals((await program.status).code, 0);
    assertEquals(program.errors, "");
  });
}

Deno.test("main reads .env, and the environment wins over it", async () => {
  await using program = await startProgram({
    env: { PORT: "0" },
    dotenv:
      'PORT=1\nHOST="127.0.0.1" # here\nCF_TURN_TOKEN_ID=key\nCF_TURN_API_TOKEN=very-secret\nTURN_URLS=turn:a\nTURN_SECRET=very-secret\n',
  });
  assertMatch(await program.listening, /^http:\/\/127\.0\.0\.1:\d{2,}$/);
  assertMatch(
    program.output,
    /"turn":"coturn, turn:a, else Cloudflare"/,
  );
  assertEquals(program.output.includes("very-secret"), false);
});

Deno.test("main says everything that is misconfigured and exits with 1", async () => {
  await using program = await startProgram({
    env: { PORT: "http", CF_TURN_TOKEN_ID: "id" },
  });
  assertEquals((await program.status).code, 1);
  assertMatch(
    program.errors,
    /PORT must be a port from 0 to 65535, got "http"/,
  );
  assertMatch(program.errors, /CF_TURN_API_TOKEN is not/);
});

Deno.test("main says so and exits with 1 when the port is taken", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  await using program = await startProgram({
    env: { PORT: String(port), HOST: "127.0.0.1" },
  });
  assertEquals((await program.status).code, 1);
  assertMatch(program.errors, new RegExp(`Cannot listen on 127.0.0.1:${port}`));
});
