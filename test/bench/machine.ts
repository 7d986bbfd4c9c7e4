import { findBrowser } from "../support/find_browser.ts";
import { allowedCores } from "./on_core.ts";

/** One line about where the figures come from. */
export async function machine(): Promise<string> {
  const cpu = /^model name\s*: (.*)$/m.exec(
    await Deno.readTextFile("/proc/cpuinfo"),
  )?.[1] ?? Deno.build.arch;
  const cores = (await allowedCores()).length;
  const load = Deno.loadavg()[0] ?? NaN;
  return [
    `${cpu}, ${cores} cores`,
    `Linux ${Deno.osRelease()}`,
    `Deno ${Deno.version.deno}`,
    await browserVersion(),
    `load ${load.toFixed(1)} at the end`,
  ].join(" · ");
}

async function browserVersion(): Promise<string> {
  const browser = await findBrowser("chrome");
  if (!browser) return "no Chromium";
  const { stdout } = await new Deno.Command(browser, {
    args: ["--version"],
    stderr: "null",
  }).output();
  // Some distributions name themselves behind the version.
  return /^\D+[\d.]+/.exec(new TextDecoder().decode(stdout))?.[0] ?? "Chromium";
}
