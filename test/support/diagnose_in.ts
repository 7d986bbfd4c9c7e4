import type { Page } from "puppeteer";
import type {
  diagnose,
  DiagnoseOptions,
  Findings,
  Verdict,
} from "../../client/diagnose/mod.ts";
import { bundleClient } from "./bundle_client.ts";

declare global {
  /** What `loadDiagnose` has loaded into a page. */
  var diagnosing: { readonly diagnose: typeof diagnose };
}

/** What a page has found out, as it comes out of it. */
export interface Diagnosed extends Findings {
  readonly verdict: Verdict;
  readonly summary: string;
  readonly advice: readonly string[];
  /** As it prints. */
  readonly text: string;
}

/** Loads the entry point `./diagnose` into a page, whatever its site serves. */
export async function loadDiagnose(page: Page): Promise<void> {
  const scripts = await bundleClient("client/diagnose/mod.ts");
  // It loads no others: from a blob they could not be.
  const [code = ""] = scripts.values();
  await page.evaluate(async (code) => {
    const url = URL.createObjectURL(
      new Blob([code], { type: "text/javascript" }),
    );
    globalThis.diagnosing = await import(url);
  }, code);
}

/** Diagnoses in a page. */
export async function diagnoseIn(
  page: Page,
  options: DiagnoseOptions,
): Promise<Diagnosed> {
  const json = await page.evaluate(async (options) => {
    const diagnosis = await diagnosing.diagnose(options);
    return JSON.stringify({ ...diagnosis, text: String(diagnosis) });
  }, options);
  return JSON.parse(json);
}
