/**
 * Checks everything there is to check, in the order of what is quickest to
 * fail, and stops at the first failure. With `--untested` the tests are left
 * out: what remains takes half a minute, and fits before every commit.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { tempFolder } from "./temp_folder.ts";

const ENTRIES = Object.values(config.exports);

/** One thing to check: what it is called, and the arguments of `deno` that check it. */
type Step = readonly [name: string, args: readonly string[]];

/** Tests that drive browsers, make networks or measure. They run one after the other, so that none takes the time of another one. */
const IN_TURN = [
  "test/browser",
  "test/cluster",
  "test/data",
  "test/hostile_server",
  "test/networks",
  "test/packages_test.ts",
];

const TESTS: Step = [
  "tests in browsers and networks",
  ["task", "test:only", ...IN_TURN],
];

/** Most of the time they wait, or need one core: they run beside those in turn. */
const OTHER_TESTS: Step = [
  "all other tests",
  ["task", "test:only", `--ignore=${IN_TURN.join()}`],
];

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

await using bundles = await tempFolder();

/** How a step ended. */
interface Outcome {
  readonly step: Step;
  readonly passed: boolean;
  readonly seconds: string;
  /** What it said, unless that could be read as it came. */
  readonly said: string;
}

async function run(step: Step): Promise<Outcome> {
  const [name, args] = step;
  console.log(`${name} …`);
  const startedAt = performance.now();
  // Of two at once only one can tell as it goes.
  const stdio = step === TESTS ? "inherit" : "piped";
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: new URL("../", import.meta.url),
    // Nearly all in turn need the client: the first one bundles it for all.
    env: step === TESTS ? { BUNDLES: bundles.path } : {},
    signal: AbortSignal.timeout(STEP_MS),
    stdin: "null",
    stdout: stdio,
    stderr: stdio,
  }).spawn();
  const [{ success: passed }, ...said] = await Promise.all([
    child.status,
    ...(stdio === "piped" ? [child.stderr.text(), child.stdout.text()] : []),
  ]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  return { step, passed, seconds, said: said.join("").trimEnd() };
}

/** Tells how a step ended. What tests said is worth reading, too; of the others only a failure is. */
function tell({ step, passed, seconds, said }: Outcome): void {
  const [name, args] = step;
  if (said && (!passed || step === OTHER_TESTS)) console.log(said);
  if (passed) return console.log(`${name}: ok (${seconds} s)`);
  console.error(
    `${name}: FAILED after ${seconds} s. Alone: deno ${args.join(" ")}`,
  );
}

const steps = Deno.args.includes("--untested")
  ? STEPS.filter((step) => step !== TESTS)
  : STEPS;
let passed = true;
for (const step of steps) {
  const atOnce = step === TESTS ? [step, OTHER_TESTS] : [step];
  const outcomes = await Promise.all(atOnce.map(run));
  outcomes.forEach(tell);
  passed = outcomes.every(({ passed }) => passed);
  if (!passed) break;
}
if (passed) console.log("Everything is ok.");
else Deno.exitCode = 1;
