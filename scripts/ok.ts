/**
 * Checks everything there is to check, in the order of what is quickest to
 * fail, and stops at the first failure.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

const ENTRIES = Object.values(config.exports);

/** One thing to check: what it is called, and the arguments of `deno` that check it. */
type Step = readonly [name: string, args: readonly string[]];

const TESTS: Step = ["tests", ["task", "test:only"]];

const STEPS: readonly Step[] = [
  ["format", ["fmt", "--check"]],
  ["lint", ["lint"]],
  ["types", ["check", "--quiet", "--doc", ".", "README.md"]],
  ["types of the client in a browser", [
    "check",
    "--quiet",
    "--config=test/browser.json",
    "mod.ts",
    "client/mod.ts",
    "client/diagnose/mod.ts",
    "protocol.ts",
  ]],
  // Without npm: what others did not document in theirs is not ours to mend.
  ["docs", ["doc", "--lint", "--no-npm", ...ENTRIES]],
  ["examples in the docs", ["run", "--allow-all", "scripts/test_docs.ts"]],
  TESTS,
  ["publish dry run", ["run", "--allow-all", "scripts/publish_check.ts"]],
];

/** No step takes that long unless it hangs. */
const STEP_MS = 20 * 60_000;

/** Whether a step passed. The tests tell as they go; of the others only a failure is worth reading. */
async function passes(step: Step): Promise<boolean> {
  const [, args] = step;
  const stdio = step === TESTS ? "inherit" : "piped";
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: new URL("../", import.meta.url),
    signal: AbortSignal.timeout(STEP_MS),
    stdin: "null",
    stdout: stdio,
    stderr: stdio,
  });
  if (stdio === "inherit") return (await command.spawn().status).success;
  const { success, stdout, stderr } = await command.output();
  if (!success) {
    await Deno.stdout.write(stdout);
    await Deno.stderr.write(stderr);
  }
  return success;
}

for (const step of STEPS) {
  const [name, args] = step;
  console.log(`${name} …`);
  const startedAt = performance.now();
  const passed = await passes(step);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (!passed) {
    console.error(
      `${name}: FAILED after ${seconds} s. Alone: deno ${args.join(" ")}`,
    );
    Deno.exit(1);
  }
  console.log(`${name}: ok (${seconds} s)`);
}
console.log("Everything is ok.");
