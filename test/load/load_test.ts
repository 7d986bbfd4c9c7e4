import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lines } from "../bench/lines.ts";
import { hasRedis } from "../support/engine.ts";
import { startServer } from "../support/start_server.ts";
import { startCarelessServer } from "./careless_server.ts";
import type { Report } from "./report.ts";

/** Starts the program. */
function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      new URL("main.ts", import.meta.url).pathname,
      ...args,
    ],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Its exit code, and what it printed. */
async function outcome(
  program: Deno.ChildProcess,
): Promise<{ code: number; output: string; errors: string }> {
  const { code, stdout, stderr } = await program.output();
  const decoder = new TextDecoder();
  return {
    code,
    output: decoder.decode(stdout),
    errors: decoder.decode(stderr),
  };
}

/** The same of one that was asked for JSON. */
async function measured(
  program: Deno.ChildProcess,
): Promise<{ code: number; report: Report }> {
  const { code, output, errors } = await outcome(program);
  assert(output !== "", errors);
  return { code, report: JSON.parse(output) };
}

const SMALL = [
  "--seconds=1",
  "--joins-per-second=200",
  "--signals-per-second=300",
  "--json",
];

Deno.test("load measures every join and every signal of a server of its own, from two processes", async () => {
  const { code, report } = await measured(
    start(...SMALL, "--rooms=3", "--peers=3", "--processes=2"),
  );
  const { joins, signals, servers } = report;
  assertEquals(report.errors, {});
  assertEquals(code, 0);
  assertEquals([joins.welcomed, joins.wanted], [9, 9]);
  assertEquals(signals.sent, signals.received);
  assert(signals.sent + signals.forgone >= 298, JSON.stringify(signals));
  for (const { p50, p99 } of [joins.welcomeMs, signals.latencyMs]) {
    assert(p50 !== null && p99 !== null && 0 < p50 && p50 <= p99);
  }
  assertEquals(servers.length, Deno.build.os === "linux" ? 1 : 0);
});

Deno.test({
  name:
    "load finds nothing wrong between two nodes over which its rooms are spread",
  ignore: !await hasRedis(),
  async fn() {
    const { code, report } = await measured(
      start(...SMALL, "--rooms=3", "--nodes=2", "--engine=redis"),
    );
    assertEquals(report.errors, {});
    assertEquals([code, report.joins.welcomed], [0, 12]);
    assertEquals(report.signals.sent, report.signals.received);
    assertEquals(report.servers.length, Deno.build.os === "linux" ? 2 : 0);
  },
});

Deno.test("load exits with 1 and tells what servers refuse, lose, repeat, reorder and end", async () => {
  await using full = startServer({ limits: { peersPerRoom: 2 } });
  await using careless = startCarelessServer();
  const url = `http://127.0.0.1:${careless.addr.port}`;
  const [refused, failed] = await Promise.all([
    measured(start(...SMALL, "--url", full.url, "--rooms=2", "--peers=3")),
    measured(start(...SMALL, "--url", url, "--rooms=1", "--peers=2")),
  ]);
  assertEquals(refused.report.errors, { "refused room-full": 2 });
  assertEquals(refused.report.joins.welcomed, 4);
  const { "signal lost": lost = 0, ...others } = failed.report.errors;
  // Deno loses the close frame while the client is still sending.
  const closed = "socket closed 1006" in others ? 1006 : 4500;
  assertEquals(others, {
    "signal twice": 1,
    "signal out-of-order": 1,
    [`socket closed ${closed}`]: 1,
  });
  // One, and what was on its way when the socket ended.
  assert(lost >= 1);
  assertEquals([refused.code, failed.code], [1, 1]);
});

Deno.test("load tells what it has when it is interrupted", async () => {
  const program = start("--seconds=600", "--rooms=2");
  // Nobody else has read of it by then.
  const [errors, rest] = program.stderr.tee();
  for await (const line of lines(errors)) {
    if (line.includes("talk")) break;
  }
  program.kill("SIGINT");
  await rest.cancel();
  const output = await new Response(program.stdout).text();
  const { code } = await program.status;
  assertStringIncludes(output, "joins             8 of 8");
  assertStringIncludes(output, "ended early");
  assertEquals(code, 0);
});

Deno.test("load starts nothing and says all that is wrong when flags are", async () => {
  const { code, output, errors } = await outcome(
    start("--rooms=0", "--url=http://example.com", "--seconds=x"),
  );
  assertEquals(
    errors.trim().split("\n").map((line) => line.slice(0, 29)),
    [
      "error: --rooms must be an int",
      "error: --seconds must be an i",
      "error: --url: example.com is ",
      "Nothing was done; see --help.",
    ],
  );
  assertEquals([code, output], [1, ""]);
});
