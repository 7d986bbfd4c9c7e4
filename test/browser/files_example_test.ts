import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Browser, JSHandle, Page } from "puppeteer";
import { describeTransfer } from "../../examples/files/describe_transfer.ts";
import { FilesServer } from "../../examples/files/files_server.ts";
import { formatBytes } from "../../examples/files/format_bytes.ts";
import { formatSeconds } from "../../examples/files/format_seconds.ts";
import { oneLine } from "../../examples/files/one_line.ts";
import { readName } from "../../examples/files/own_name.ts";
import { Pace } from "../../examples/files/pace.ts";
import { createRoomKey, roomLink } from "../../mod.ts";
import { publicStun, serve } from "../../server/mod.ts";
import { startBrowser } from "../support/browsers.ts";

const MIB = 2 ** 20;

/** A script if it were taken for markup, and another type of file if it were taken at its looks. */
const EVIL = "<img src=x onerror=evil=1>\u202egpj.exe";
/** The same, as it is shown. */
const SHOWN = "<img src=x onerror=evil=1>gpj.exe";

Deno.test("formatBytes gives three digits and the unit in which they are most telling", () => {
  for (
    const [bytes, text] of [
      [0, "0 bytes"],
      [1, "1 byte"],
      [999, "999 bytes"],
      [1000, "1.00 kB"],
      [99_960, "100 kB"],
      [999_499, "999 kB"],
      [999_500, "1.00 MB"],
      [2 ** 31, "2.15 GB"],
      [5e15, "5000 TB"],
    ] as const
  ) assertEquals(formatBytes(bytes), text);
});

Deno.test("formatSeconds gives one unit, and never nothing", () => {
  for (
    const [seconds, text] of [
      [0, "1 s"],
      [89, "89 s"],
      [90, "2 min"],
      [5399, "90 min"],
      [5400, "2 h"],
    ] as const
  ) assertEquals(formatSeconds(seconds), text);
});

Deno.test("Pace counts the last seconds only, and no pause", () => {
  const pace = new Pace();
  assertEquals(pace.note(0, 0), undefined);
  assertEquals(pace.note(1000, 1000), 1000);
  assertEquals(pace.note(1000, 3900), 0);
  pace.reset();
  assertEquals(pace.note(1000, 60_000), undefined);
  assertEquals(pace.note(3000, 61_000), 2000);
});

Deno.test("oneLine keeps one short line that turns no text around", () => {
  assertEquals(oneLine(EVIL, 255), SHOWN);
  assertEquals(oneLine(" a\r\n\tb\0 ", 255), "a b");
  assertEquals(oneLine("👩‍🚀".repeat(1000), 4), "👩‍🚀👩");
});

Deno.test("readName takes a name for whatever a peer publishes", () => {
  for (const presence of [null, "Ada", 7, [], {}, { name: 7 }, { name: " " }]) {
    assertEquals(readName(presence), "Somebody");
  }
  assertEquals(readName({ name: " Ada\n" }), "Ada");
});

Deno.test("describeTransfer says that a transfer goes on when its connection is gone", () => {
  const facts = {
    direction: "out",
    peer: "Bo",
    connected: true,
    bytes: 2e6,
    size: 8e6,
    pace: 3e6,
  } as const;
  const state = { state: "moving" } as const;
  assertEquals(describeTransfer({ ...facts, state }), {
    amount: "2.00 of 8.00 MB",
    words: "3.00 MB/s, 2 s left",
    look: "moving",
  });
  assertEquals(describeTransfer({ ...facts, state, connected: false }), {
    amount: "2.00 of 8.00 MB",
    words: "The connection is gone; it goes on when it is back",
    look: "paused",
  });
});

Deno.test("FilesServer serves a page with which people send files", async (t) => {
  await using chrome = await startBrowser("chrome");
  const server = new FilesServer({ turn: publicStun([]) });
  await using serving = serve({ port: 0, server });
  const folder = await Deno.makeTempDir();
  await using _folder = {
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  const complaints: string[] = [];
  const link = roomLink(`${serving.url}/#the%20room`, createRoomKey());
  const open = (name: string) =>
    openPage(chrome.browser, { link, name, complaints });
  const ada = await open("Ada");
  await shows(ada, "#alone", "You are alone in here");
  const bo = await open("Bo");

  await t.step("two see each other and how they are connected", async () => {
    await shows(ada, ".card", "Bo\n\ndirect, same network");
    await shows(bo, ".card", "Ada\n\ndirect, same network");
    await shows(ada, "header", "Room the room, for those who have this link");
  });

  await t.step("whoever has another key is not let in", async () => {
    const other = roomLink(link, createRoomKey());
    const eve = await openPage(chrome.browser, {
      link: other,
      name: "Eve",
      complaints,
    });
    await shows(eve, "#peers", "came by another link");
    await shows(ada, "#peers", "Somebody\n\ncame by another link");
    await eve.browserContext().close();
    await shows(ada, ".card", "Bo\n\ndirect, same network");
  });

  await t.step("a link that names no room gets one, and a key", async () => {
    const page = await openPage(chrome.browser, {
      link: `${serving.url}/`,
      name: "Ada",
      complaints,
    });
    assertMatch(page.url(), /\/#[0-9a-v]{8}&key=[\w-]{43}$/);
    await page.browserContext().close();
  });

  await t.step("a damaged link leads nowhere", async () => {
    const context = await chrome.browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(link.slice(0, -1));
    await shows(page, "#failure", "Cannot read room key");
    await context.close();
  });

  await t.step(
    "a file that is dropped is offered, accepted, and saved",
    async () => {
      const text = "It is all here.\n";
      await drop(ada, EVIL, text);
      await says(ada, SHOWN, "Waits for Bo to accept");
      await says(bo, SHOWN, "Ada offers it to you");
      await press(bo, "Accept", SHOWN);
      for (const page of [ada, bo]) {
        await says(
          page,
          SHOWN,
          "Done, digest right",
        );
      }
      const saved = await save(bo, SHOWN, folder);
      assertEquals(new TextDecoder().decode(saved), text);
      assertEquals(await ada.$("#room :is(.card img, script)"), null);
    },
  );

  await t.step("an empty file is done as soon as it is accepted", async () => {
    await drop(bo, "empty.txt", "");
    await press(ada, "Accept", "empty.txt");
    for (const page of [ada, bo]) {
      await says(page, "empty.txt", "Done, digest right");
    }
    assertEquals((await save(ada, "empty.txt", folder)).byteLength, 0);
  });

  await t.step("who sends is told that a file was declined", async () => {
    await drop(ada, "declined.txt", "no");
    await press(bo, "Decline", "declined.txt");
    await says(bo, "declined.txt", "You declined");
    await says(ada, "declined.txt", "Bo declined");
  });

  await t.step(
    "an offer that is taken back cannot be accepted any more",
    async () => {
      await drop(ada, "oops.txt", "oops");
      await says(bo, "oops.txt", "Ada offers it to you");
      await press(ada, "Cancel", "oops.txt");
      await says(ada, "oops.txt", "You cancelled it");
      await says(bo, "oops.txt", "Ada cancelled it");
      await press(bo, "Remove", "oops.txt from the list");
    },
  );

  await t.step(
    "a file goes on where it was when the connection is cut",
    async () => {
      const content = randomBytes(24 * MIB);
      await choose(ada, `${folder}/large.bin`, content);
      const seen = [await follow(ada, { cut: true }), await follow(bo)];
      await press(bo, "Accept", "large.bin");
      for (const page of [ada, bo]) {
        await says(page, "large.bin", "Done, digest right");
      }
      for (const each of seen) {
        const states = await each.jsonValue();
        const pause = states.findIndex(([look]) => look === "paused");
        const values = states.map(([, value]) => value);
        assert(pause > 0 && pause < states.length - 1, states.join(" "));
        assert((values[pause] ?? 0) < content.byteLength);
        assertEquals(values, values.toSorted((a, b) => a - b));
      }
      assertEquals(
        await digest(await save(bo, "large.bin", folder)),
        await digest(content),
      );
    },
  );

  await t.step("a large file is written to disk while it comes", async () => {
    const content = randomBytes(32 * MIB);
    await choose(bo, `${folder}/film.mp4`, content);
    await pickPrivateFile(ada);
    await press(ada, "Accept", "film.mp4");
    await says(ada, "film.mp4", "Saved, digest right");
    await says(bo, "film.mp4", "Done, digest right");
    const written = await ada.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const file = await (await root.getFileHandle("film.mp4")).getFile();
      const hash = await crypto.subtle.digest(
        "SHA-256",
        await file.arrayBuffer(),
      );
      return [...new Uint8Array(hash)];
    });
    assertEquals(written, await digest(content));
  });

  await t.step("whoever gets a file can stop it", async () => {
    await choose(ada, `${folder}/stopped.bin`, 2 ** 30);
    await pickPrivateFile(bo);
    await press(bo, "Accept", "stopped.bin");
    await press(bo, "Cancel", "stopped.bin");
    await says(bo, "stopped.bin", "You cancelled it");
    await says(ada, "stopped.bin", "Bo cancelled it");
  });

  await t.step(
    "who leaves in the middle is asked, and the other is told why it failed",
    async () => {
      await choose(ada, `${folder}/lost.bin`, 2 ** 30);
      await press(bo, "Accept", "lost.bin");
      await ada.waitForSelector(`[data-look="moving"] [value]`);
      const asked = Promise.withResolvers<string>();
      bo.once("dialog", (dialog) => {
        asked.resolve(dialog.type());
        void dialog.accept();
      });
      await bo.goto("about:blank");
      assertEquals(await asked.promise, "beforeunload");
      await says(ada, "lost.bin", "Failed: the other side has left");
      await shows(ada, ".card", "has left");
    },
  );

  await t.step("a card goes with its last transfer", async () => {
    for (const button of await ada.$$(".remove")) await button.click();
    await shows(ada, "#alone", "You are alone in here");
  });

  await t.step("nobody's page complained", () => {
    assertEquals(complaints, []);
  });

  await Promise.all([ada, bo].map((page) => page.browserContext().close()));
});

/** Opens the page as somebody of that name. */
async function openPage(
  browser: Browser,
  options: { link: string; name: string; complaints: string[] },
): Promise<Page> {
  const { link, name, complaints } = options;
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  const response = await page.goto(link);
  assertEquals(response?.status(), 200, await response?.text());
  const field = await page.waitForSelector("#room:not([hidden]) #own-name");
  await field?.click({ count: 3 });
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  return page;
}

/** Resolves when an element that matches shows the text. */
async function shows(
  page: Page,
  selector: string,
  text: string,
): Promise<void> {
  await page.waitForFunction(
    (selector, text) => {
      const found = document.querySelectorAll<HTMLElement>(selector);
      return [...found].some(({ innerText }) => innerText.includes(text));
    },
    {},
    selector,
    text,
  );
}

/** Resolves when the transfer of that name says that. */
async function says(page: Page, name: string, words: string): Promise<void> {
  await page.waitForFunction(
    (name, words) => {
      const rows = [...document.querySelectorAll<HTMLElement>(".transfer")];
      return rows.some((row) =>
        row.querySelector(".file-name")?.textContent === name &&
        row.querySelector(".words")?.textContent === words
      );
    },
    {},
    name,
    words,
  );
}

/** Presses what is called so, by its accessible name. */
async function press(page: Page, action: string, name: string): Promise<void> {
  const label = JSON.stringify(`${action} ${name}`);
  const button = await page.waitForSelector(`.transfer [aria-label=${label}]`, {
    visible: true,
  });
  await button?.click();
}

/** Drops a file on the only card. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  await page.evaluate(
    (name, text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], name));
      const init = { dataTransfer, bubbles: true, cancelable: true };
      const target = document.querySelector(".card .drop-hint");
      target?.dispatchEvent(new DragEvent("drop", init));
    },
    name,
    text,
  );
}

/** Makes a file, of zeros if only its length is given, and chooses it with the button of the only card. */
async function choose(
  page: Page,
  path: string,
  content: Uint8Array | number,
): Promise<void> {
  if (typeof content !== "number") await Deno.writeFile(path, content);
  else {
    // It takes no room on the disk.
    await Deno.create(path).then((file) => file.close());
    await Deno.truncate(path, content);
  }
  const [chooser] = await Promise.all([
    page.waitForFileChooser(),
    page.click(".choose"),
  ]);
  await chooser.accept([path]);
  await page.waitForSelector(`.transfer[data-look="offered"]`);
}

/** How a transfer looked at some time, and how far its bar was. */
type Seen = [look: string | undefined, value: number];

/** Writes down every look and length of the bar of the newest transfer; cuts the connection when the first of it has arrived, if so. */
async function follow(
  page: Page,
  { cut = false } = {},
): Promise<JSHandle<Seen[]>> {
  await page.waitForSelector(`.transfer[data-look="offered"]`);
  return await page.evaluateHandle((cut) => {
    const seen: Seen[] = [];
    const row = document.querySelector<HTMLElement>(".transfer");
    const bar = row?.querySelector("progress");
    const cutter = document.querySelector<HTMLElement>(".cut");
    if (!row || !bar || !cutter) throw new Error("There is no transfer");
    const observer = new MutationObserver(() => {
      seen.push([row.dataset.look, bar.value]);
      if (!cut || bar.value === 0) return;
      cut = false;
      cutter.click();
    });
    observer.observe(row, {
      attributeFilter: ["data-look", "value"],
      subtree: true,
    });
    return seen;
  }, cut);
}

/** Saves what was received, and reads it. */
async function save(
  page: Page,
  name: string,
  downloadPath: string,
): Promise<Uint8Array> {
  const session = await page.browser().target().createCDPSession();
  const browserContextId = page.browserContext().id;
  await session.send("Browser.setDownloadBehavior", {
    behavior: "allowAndName",
    downloadPath,
    eventsEnabled: true,
    ...(browserContextId ? { browserContextId } : {}),
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  session.on("Browser.downloadProgress", ({ state, guid }) => {
    if (state === "completed") resolve(guid);
  });
  await press(page, "Save", name);
  const content = await Deno.readFile(`${downloadPath}/${await promise}`);
  await session.detach();
  return content;
}

/** Stands in for the dialog, which no test can answer: a file of the page's own, as real to it as one on disk. */
async function pickPrivateFile(page: Page): Promise<void> {
  await page.evaluate(() => {
    const showSaveFilePicker = async (
      { suggestedName }: { suggestedName: string },
    ) => {
      const root = await navigator.storage.getDirectory();
      return await root.getFileHandle(suggestedName, { create: true });
    };
    Object.assign(globalThis, { showSaveFilePicker });
  });
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += 65536) {
    crypto.getRandomValues(bytes.subarray(start, start + 65536));
  }
  return bytes;
}

async function digest(content: Uint8Array): Promise<number[]> {
  const hash = await crypto.subtle.digest(
    "SHA-256",
    content as Uint8Array<ArrayBuffer>,
  );
  return [...new Uint8Array(hash)];
}
