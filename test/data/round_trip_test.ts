import { assertEquals } from "@std/assert";
import type { Browser } from "puppeteer";
import { type BrowserName, startBrowser } from "../support/browsers.ts";
import { type JoinedPage, openJoinedPages } from "../support/joined_pages.ts";
import { startSite } from "../support/site.ts";
import { untilKept } from "../support/until_kept.ts";

declare global {
  /** What is sent of some bytes, by name. */
  var forms: Record<
    string,
    (byteLength: number) => string | BufferSource | Blob
  >;
  /** Sends something, and tells what was wrong with what came back. */
  var trip: (form: string, byteLength: number) => Promise<string | undefined>;
}

/** Every size, instead of those that take no time. */
const WHOLE = Deno.args.includes("--whole");

const KIB = 1024;
const MIB = 1024 * KIB;

const SMALL_SIZES: readonly number[] = [
  0,
  1,
  ...[16, 64, 256].flatMap((size) => [-1, 0, 1].map((by) => size * KIB + by)),
  MIB,
];
const LARGE_SIZES = [16, 64, 200].map((size) => size * MIB);

const MESSAGES = [
  "string",
  "ArrayBuffer",
  "view",
  "DataView",
  "Blob",
  "File",
] as const;
const FILES = ["file", "stream"] as const;

/** Those that are more than another one of the same bytes. */
const LARGE_FORMS = ["string", "view", "Blob", ...FILES] as const;

/** Makes a page send back all that it gets. Runs in the page. */
function echo(): void {
  connection.on(
    "message",
    ({ data, peer }) => void connection.send(data, { to: peer }),
  );
  connection.on("file", async (file) => {
    const { peer: to, name, type } = file;
    const content = name === "stream" ? file : await file.blob();
    await connection.sendFile(content, { to, name, type });
  });
}

/** Defines `forms` and `trip` in the page. */
function defineTrip(): void {
  const offset = 3;
  globalThis.forms = {
    string: (byteLength) => content.text(byteLength),
    ArrayBuffer: (byteLength) => content.bytes(0, byteLength).buffer,
    view: (byteLength) =>
      content.bytes(-offset + 1_048_573, byteLength + 2 * offset)
        .subarray(offset, offset + byteLength),
    DataView: (byteLength) => {
      const { buffer } = content.bytes(0, byteLength + offset);
      return new DataView(buffer, 0, byteLength);
    },
    Blob: (byteLength) => new Blob([content.bytes(0, byteLength)]),
    File: (byteLength) => new File([content.bytes(0, byteLength)], "name"),
  };

  const wrongMessage = (byteLength: number, sent: unknown, got: unknown) => {
    if (typeof sent === "string") return sent === got ? "" : "another text";
    if (!(got instanceof ArrayBuffer)) return `came as ${typeof got}`;
    if (got.byteLength !== byteLength) return `${got.byteLength} bytes came`;
    const place = content.difference(new Uint8Array(got), 0);
    return place < 0 ? "" : `wrong at ${place}`;
  };

  const fileTrip = async (form: string, byteLength: number) => {
    const type = "text/x-made-up";
    const coming = next(connection, "file");
    const blob = new File([content.bytes(0, byteLength)], form, { type });
    const sent = form === "file"
      ? connection.sendFile(blob)
      : connection.sendFile(content.stream(byteLength), { name: form, type });
    const file = await coming;
    const size = form === "file" ? byteLength : null;
    const named = file.name === form && file.type === type &&
      file.size === size;
    if (!named) return `is ${file.name}, ${file.type}, ${file.size} bytes`;
    let receivedBytes = 0;
    for await (const chunk of file as AsyncIterable<Uint8Array>) {
      const place = content.difference(chunk, receivedBytes);
      if (place >= 0) return `wrong at ${receivedBytes + place}`;
      receivedBytes += chunk.length;
    }
    if (receivedBytes !== byteLength) return `${receivedBytes} bytes came`;
    return await sent === 1 ? "" : "not sent to one";
  };

  globalThis.trip = async (form, byteLength) => {
    const make = forms[form];
    if (!make) return fileTrip(form, byteLength);
    const coming = next(connection, "message");
    const sent = make(byteLength);
    const count = await connection.send(sent);
    if (count !== 1) return `sent to ${count}`;
    return wrongMessage(byteLength, sent, (await coming).data);
  };
}

/** Sends everything that is small, and tells what went wrong. */
async function smallTrips({ page }: JoinedPage): Promise<void> {
  await page.evaluate(
    (forms, sizes) => {
      globalThis.kept = (async () => {
        const wrong: string[] = [];
        for (const form of forms) {
          for (const size of sizes) {
            const what = await trip(form, size);
            if (what) wrong.push(`${form} of ${size}: ${what}`);
          }
        }
        return wrong;
      })();
    },
    [...MESSAGES, ...FILES],
    SMALL_SIZES,
  );
  assertEquals(await untilKept(page), []);
}

async function largeTrip(
  { page }: JoinedPage,
  form: string,
  byteLength: number,
): Promise<void> {
  await page.evaluate(
    (form, byteLength) => {
      globalThis.kept = trip(form, byteLength);
    },
    form,
    byteLength,
  );
  const startedAt = performance.now();
  assertEquals(await untilKept(page), "");
  const seconds = (performance.now() - startedAt) / 1000;
  const rate = 2 * byteLength / MIB / seconds;
  console.log(`  ${form}: ${rate.toFixed(1)} MiB/s`);
}

/** The largest of the short form, between two of Chromium: a browser more shows nothing more. */
function largeSizes(early: BrowserName, late: BrowserName): readonly number[] {
  if (WHOLE) return LARGE_SIZES;
  return early === late ? LARGE_SIZES.slice(0, 1) : [];
}

Deno.test("send and sendFile carry every form and size byte for byte, there and back", async (t) => {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await startSite());
  const [chrome, firefox] = await Promise.all([
    startBrowser("chrome"),
    startBrowser("firefox"),
  ]);
  const browsers: Record<BrowserName, Browser> = {
    chrome: stack.use(chrome).browser,
    firefox: stack.use(firefox).browser,
  };
  for (
    const [early, late] of [
      ["chrome", "chrome"],
      ["firefox", "chrome"],
      ["chrome", "firefox"],
    ] as const
  ) {
    await t.step(`when ${early} is there and ${late} comes`, async (t) => {
      await using opened = new AsyncDisposableStack();
      const pages = await openJoinedPages(
        [browsers[early], browsers[late]],
        site.url,
        { room: `${early} ${late}` },
      );
      for (const page of pages) opened.use(page);
      const [first, second] = pages as [JoinedPage, JoinedPage];
      await first.page.evaluate(defineTrip);
      await second.page.evaluate(echo);
      await t.step("up to 1 MiB", () => smallTrips(first));
      for (const size of largeSizes(early, late)) {
        for (const form of WHOLE ? LARGE_FORMS : ["view", "file"]) {
          await t.step(
            `a ${form} of ${size / MIB} MiB`,
            () => largeTrip(first, form, size),
          );
        }
      }
      assertEquals(pages.map(({ complaints }) => complaints), [[], []]);
    });
  }
});
