import type { Page } from "puppeteer";
import "./page_globals.ts";

/** No test waits longer for one thing. */
const PATIENCE_MS = 15 * 60_000;

let count = 0;

/** What `kept` in a page comes to, which may take longer than puppeteer lets a call take. */
export function untilKept<Value>(page: Page): Promise<Value> {
  const value = listen<Value>(page);
  // It may fail before anybody waits for it.
  value.catch(() => {});
  return value;
}

async function listen<Value>(page: Page): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const name = `kept${count++}`;
  await page.exposeFunction(name, (error: string | null, value: Value) => {
    if (error === null) resolve(value);
    else reject(new Error(error));
  });
  const closed = () => reject(new Error("The page was closed"));
  page.once("close", closed);
  const timer = setTimeout(
    () => reject(new Error(`Nothing came of it in ${PATIENCE_MS} ms`)),
    PATIENCE_MS,
  );
  try {
    await page.evaluate((name) => {
      const tell = Reflect.get(globalThis, name);
      globalThis.kept.then(
        (value) => tell(null, value),
        (error) => tell(String(error?.stack ?? error), null),
      );
    }, name);
    return await promise;
  } finally {
    clearTimeout(timer);
    page.off("close", closed);
  }
}
