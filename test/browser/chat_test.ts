import { assert, assertEquals } from "@std/assert";
import type { Browser, Page } from "puppeteer";
import {
  decodeMessage,
  encodeMessage,
  TEXT_CHARS,
} from "../../examples/chat/chat_message.ts";
import { ChatServer } from "../../examples/chat/chat_server.ts";
import {
  cleanName,
  distinctNames,
  NAME_CHARS,
  readPerson,
} from "../../examples/chat/person.ts";
import { publicStun, serve, type Serving } from "../../server/mod.ts";
import { startBrowser } from "../support/browsers.ts";

/** As long as a name may be, and a script if it were taken for markup. */
const EVIL = "<img src=x onerror=evil=1>";

Deno.test("decodeMessage refuses whatever is no message", () => {
  for (
    const data of [
      new ArrayBuffer(8),
      "",
      "hello",
      "null",
      "[]",
      '{"text":7}',
      '{"text":" \\n "}',
      JSON.stringify({ text: "x".repeat(1_000_000) }),
    ]
  ) assertEquals(decodeMessage(data), undefined);
});

Deno.test("decodeMessage takes what encodeMessage made, and no more of it than it may be long", () => {
  const message = { text: "\u0001".repeat(TEXT_CHARS), private: true };
  assertEquals(decodeMessage(encodeMessage(message)), message);
  assertEquals(
    decodeMessage(JSON.stringify({ text: "x".repeat(TEXT_CHARS + 1) })),
    { text: "x".repeat(TEXT_CHARS), private: false },
  );
});

Deno.test("readPerson takes nothing but a name and whether it is typing", () => {
  for (const presence of [null, "Ada", 7, [], {}, { name: 7 }, { name: " " }]) {
    assertEquals(readPerson(presence), undefined);
  }
  assertEquals(
    readPerson({ name: "Ada", typing: "yes", admin: true }),
    { name: "Ada", typing: false },
  );
});

Deno.test("cleanName keeps one short line that turns no text around", () => {
  for (
    const [name, clean] of [
      ["  Ada\n\tLovelace ", "Ada Lovelace"],
      ["\u202eadA\u2066", "adA"],
      ["👩‍🚀".repeat(1000), [..."👩‍🚀".repeat(11)].slice(0, NAME_CHARS).join("")],
    ] as const
  ) assertEquals(cleanName(name), clean);
});

Deno.test("distinctNames tells two of the same name apart", () => {
  const names = new Map([["1234567", "Ada"], ["abcdefg", "Ada"], ["x", "Bo"]]);
  assertEquals(
    [...distinctNames(names).values()],
    ["Ada (1234)", "Ada (abcd)", "Bo"],
  );
});

Deno.test("ChatServer serves a page with which people chat", async (t) => {
  await using chrome = await startBrowser("chrome");
  const { browser } = chrome;
  let server = startChat(0);
  const { port } = server.addr;
  await using _stop = { [Symbol.asyncDispose]: () => server.close() };
  const complaints: string[] = [];
  const open = () => openChat(browser, server.url, complaints);
  const [ada, bo, eve, dan] = await Promise.all([
    open(),
    open(),
    open(),
    open(),
  ]);

  await t.step("someone joins by keyboard alone, and is alone", async () => {
    await enter(ada, "Ada", "lobby");
    await shows(ada, "#alone h2", "You are alone in here");
    assertEquals(await focused(ada), "text");
    assertEquals(
      await ada.$eval("#link", (link) => (link as HTMLInputElement).value),
      `${server.url}/?room=lobby`,
    );
  });

  await t.step("two see each other and how they are connected", async () => {
    await enter(bo, "Bo", "lobby");
    await shows(ada, "#people li", "Bo\ndirect, same network");
    await shows(bo, "#people li", "Ada\ndirect, same network");
    await shows(ada, ".note", "Bo joined");
    assert(await ada.$eval("#alone", (hint) => (hint as HTMLElement).hidden));
  });

  await t.step("a name with markup is text", async () => {
    await enter(eve, EVIL, "lobby");
    await shows(ada, "#people li", `${EVIL}\ndirect, same network`);
    await say(eve, "<script>evil = 1</script>");
    await shows(ada, ".message", "<script>evil = 1</script>");
    assertEquals(await ada.$("#room :is(img, script)"), null);
    assertEquals(await ada.evaluate("globalThis.evil"), undefined);
  });

  await t.step("a message to everyone reaches everyone", async () => {
    await say(ada, "Hello all");
    await shows(ada, ".message.mine", "Hello all");
    for (const page of [bo, eve]) await shows(page, ".message", "Hello all");
  });

  await t.step("a message to one reaches nobody else", async () => {
    await ada.keyboard.press("Tab");
    assertEquals(await focused(ada), "to");
    await ada.keyboard.type("Bo");
    await ada.keyboard.down("Shift");
    await ada.keyboard.press("Tab");
    await ada.keyboard.up("Shift");
    await say(ada, "Between us");
    await shows(bo, ".message.is-private", "only to you");
    await shows(bo, ".message.is-private", "Between us");
    await shows(ada, ".message.is-private", "only to Bo");
    await ada.select("#to", "");
    await say(ada, "For all again");
    // Channels keep their order: what came before would be here by now.
    await shows(eve, ".message", "For all again");
    const log = await eve.$eval("#log", (log) => log.textContent);
    assert(!log?.includes("Between us"));
  });

  await t.step(
    "choosing somebody in the list writes to them alone",
    async () => {
      await bo.focus("#people button");
      await bo.keyboard.press("Enter");
      await hasFocus(bo, "text");
      await say(bo, "Understood");
      await shows(ada, ".message.is-private", "Understood");
      await bo.select("#to", "");
    },
  );

  await t.step("others see that somebody is writing", async () => {
    await bo.focus("#text");
    await bo.keyboard.type("x");
    await shows(ada, "#typing", "Bo is writing…");
    await bo.keyboard.press("Backspace");
    await ada.waitForFunction(() =>
      document.querySelector("#typing")?.textContent === ""
    );
  });

  await t.step("a full room is explained", async () => {
    await enter(dan, "Dan", "lobby");
    await shows(dan, "#failure", "This room is full.");
    await hasFocus(dan, "join-button");
  });

  await t.step(
    "who leaves is back at the form and gone for the others",
    async () => {
      await bo.focus("#leave-button");
      await bo.keyboard.press("Enter");
      await bo.waitForSelector("#join:not([hidden])");
      await hasFocus(bo, "room-name");
      await shows(ada, ".note", "Bo left");
      assertEquals((await ada.$$("#people li")).length, 2);
    },
  );

  await t.step("trying again joins", async () => {
    await dan.keyboard.press("Enter");
    await shows(dan, "#people li", "Ada\ndirect, same network");
    await shows(ada, "#people li", "Dan\ndirect, same network");
  });

  await t.step("a room name that is too long is explained", async () => {
    await bo.keyboard.type("x".repeat(129));
    await bo.keyboard.press("Enter");
    await shows(bo, "#room-name-error", "at most 128 characters");
    await hasFocus(bo, "room-name");
  });

  await t.step("nobody's page complained", () => {
    assertEquals(complaints, []);
  });

  await t.step("people learn that the server is away", async () => {
    await server.close();
    for (const page of [ada, dan]) {
      await shows(page, "#banner", "The server is away");
    }
    await say(dan, "Can you hear me?");
    await shows(ada, ".message", "Can you hear me?");
  });

  await t.step("a server that is away is explained", async () => {
    await bo.click("#room-name", { count: 3 });
    await bo.keyboard.type("lobby");
    await bo.keyboard.press("Enter");
    await shows(bo, "#progress", "Joining the room…");
    await hasFocus(bo, "cancel-button");
    await shows(bo, "#failure", "The server cannot be reached.");
    await hasFocus(bo, "join-button");
  });

  await t.step("everybody is back when the server is", async () => {
    server = startChat(port);
    for (const page of [ada, dan]) {
      await page.waitForFunction(() =>
        document.querySelector("#banner")?.textContent === ""
      );
    }
    await shows(ada, "#people li", "Dan\ndirect, same network");
  });

  await Promise.all(
    [ada, bo, eve, dan].map((page) => page.browserContext().close()),
  );
});

function startChat(port: number): Serving {
  const limits = { peersPerRoom: 3 };
  const server = new ChatServer({ turn: publicStun([]), limits });
  return serve({ port, server });
}

/** Opens the page as somebody whom the browser does not know yet. */
async function openChat(
  browser: Browser,
  url: string,
  complaints: string[],
): Promise<Page> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // Chromium calls a refused request an error.
    if (/\b409\b/.test(message.text())) return;
    if (message.type() === "error") complaints.push(message.text());
  });
  const response = await page.goto(url);
  assertEquals(response?.status(), 200, await response?.text());
  await hasFocus(page, "name");
  return page;
}

/** Fills in the form as it is when the page was opened, with the keyboard. */
async function enter(page: Page, name: string, room: string): Promise<void> {
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(room);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#room:not([hidden]), #failure:not(:empty)");
}

/** Writes a message to whom is chosen. */
async function say(page: Page, text: string): Promise<void> {
  await page.focus("#text");
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
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

async function hasFocus(page: Page, id: string): Promise<void> {
  await page.waitForFunction(
    (id) => document.activeElement?.id === id,
    {},
    id,
  );
}

function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.id);
}
