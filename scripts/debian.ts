import { tryRun } from "./run.ts";

/** No closed network holds anybody up for longer. */
const APT_MS = 15 * 60_000;

/** Installs packages of Debian where that can be done without a password. Whether they are there then is for others to see. */
export async function installFromDebian(
  what: string,
  packages: readonly string[],
): Promise<void> {
  const sudo = await isDebian() && await sudoPrefix();
  if (!sudo) return;
  console.log(`${what}: installing Debian's ${packages.join(" and ")}`);
  const args = [
    ...sudo,
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "--option=Acquire::Retries=2",
    "--option=Acquire::http::Timeout=30",
  ];
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  await attempt("env", [...args, "update"], APT_MS);
  await attempt("env", [...args, ...install], APT_MS);
}

/** Stops what a package has started by itself, now and at every start of the machine. Tests start their own. */
export async function disableService(name: string): Promise<void> {
  const sudo = await sudoPrefix();
  if (!sudo) return;
  const systemd = await tryRun("systemctl", ["is-system-running"]);
  // It says "offline" where something else started the machine, as in a container.
  if (/^(running|degraded|starting)/.test(systemd.stdout)) {
    const unit = `${name}.service`;
    await tryRun("env", [...sudo, "systemctl", "disable", "--now", unit]);
  } else {
    await tryRun("env", [...sudo, "service", name, "stop"]);
    await tryRun("env", [...sudo, "update-rc.d", name, "disable"]);
  }
}

/** Runs a command and, if it fails, says why; whether there is what it should bring is for others to see. */
export async function attempt(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { success, stderr } = await tryRun(program, args, { signal });
  if (success) return;
  const why = signal.aborted
    ? `not done within ${timeoutMs / 60_000} minutes`
    : complaint(stderr);
  console.log(`  failed: ${[program, ...args].join(" ")}: ${why}`);
}

/** The one line of all that a program wrote which says what is wrong. */
export function complaint(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.find((line) => /error|^E: /i.test(line)) ?? lines.at(-1) ??
    "it does not say why";
}

/** Ubuntu's packages of the browsers are empty, what they install comes as a snap; so this is Debian only. */
async function isDebian(): Promise<boolean> {
  try {
    return /^ID="?debian"?$/m.test(await Deno.readTextFile("/etc/os-release"));
  } catch {
    return false;
  }
}

/** What makes `env` run a command as root; `undefined` if that would need a password. */
async function sudoPrefix(): Promise<string[] | undefined> {
  if (Deno.uid() === 0) return [];
  const sudo = await tryRun("sudo", ["--non-interactive", "true"]);
  if (sudo.success) return ["sudo", "--non-interactive", "env"];
}
