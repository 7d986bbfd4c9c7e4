import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import plugin from "../../scripts/boundaries.ts";

const ROOT = new URL("../../", import.meta.url);

const ALLOWED: ReadonlyArray<[file: string, source: string]> = [
  ["protocol.ts", `export const VERSION = 1;`],
  ["mod.ts", `export * from "./client/mod.ts";`],
  ["client/mod.ts", `export { Pair } from "./pair.ts";`],
  ["client/pair.ts", `import { isPolite } from "../protocol.ts";`],
  ["client/pair.ts", `import type { Path } from "./path.ts";`],
  ["client/pair.ts", `import { PartySocket } from "partysocket";`],
  ["client/pair.ts", `import PartySocket from "npm:partysocket/ws";`],
  ["client/codec/mask.ts", `import "../pair.ts";`],
  ["server/mod.ts", `export type { Limits } from "../protocol.ts";`],
  ["server/room.ts", `import "./session.ts";`],
  ["server/room.ts", `import { STATUS_CODE } from "@std/http/status";`],
  ["server/room.ts", `import { Buffer } from "node:buffer";`],
  ["server/room.ts", `Deno.exit();`],
  [
    "server/version.ts",
    `import config from "../deno.json" with { type: "json" };`,
  ],
  ["examples/chat/main.ts", `import { serve } from "@x/webrtc/server";`],
  ["examples/chat/main.ts", `import { connect } from "@x/webrtc";`],
  ["examples/chat/main.ts", `import "./page.ts";`],
  [
    "examples/chat/main.ts",
    `import { serveDir } from "@std/http/file-server";`,
  ],
  ["test/client/pair_test.ts", `import "../../client/pair.ts";`],
  ["scripts/build.ts", `import "../server/mod.ts";`],
];

const REFUSED: ReadonlyArray<[file: string, source: string, what: string]> = [
  ["protocol.ts", `import "./client/pair.ts";`, `import "./client/pair.ts"`],
  ["protocol.ts", `import "partysocket";`, `import "partysocket"`],
  ["protocol.ts", `Deno.exit();`, "name Deno: it runs in a page"],
  [
    "mod.ts",
    `export * from "./server/mod.ts";`,
    `import "./server/mod.ts"`,
  ],
  ["mod.ts", `export * from "./client/pair.ts";`, `import "./client/pair.ts"`],
  ["mod.ts", `export const a = 1;`, "do anything but re-export"],
  ["server/mod.ts", `import "./room.ts";`, "do anything but re-export"],
  [
    "client/pair.ts",
    `import "../server/room.ts";`,
    `import "../server/room.ts"`,
  ],
  [
    "client/pair.ts",
    `import type { Room } from "../server/room.ts";`,
    `import "../server/room.ts"`,
  ],
  [
    "client/pair.ts",
    `let room: import("../server/room.ts").Room;`,
    `import "../server/room.ts"`,
  ],
  [
    "client/pair.ts",
    `export * from "../server/room.ts";`,
    `import "../server/room.ts"`,
  ],
  [
    "client/pair.ts",
    `export { Room } from "../server/room.ts";`,
    `import "../server/room.ts"`,
  ],
  [
    "client/pair.ts",
    `await import("../server/room.ts");`,
    `import "../server/room.ts"`,
  ],
  ["client/pair.ts", `import "./mod.ts";`, `import "./mod.ts"`],
  ["client/pair.ts", `import "../mod.ts";`, `import "../mod.ts"`],
  ["client/pair.ts", `import "../deno.json";`, `import "../deno.json"`],
  ["client/pair.ts", `import "@x/webrtc/server";`, `import "@x/webrtc/server"`],
  ["client/pair.ts", `import "@std/assert";`, `import "@std/assert"`],
  ["client/pair.ts", `import "jsr:@std/assert";`, `import "jsr:@std/assert"`],
  ["client/pair.ts", `import "node:buffer";`, `import "node:buffer"`],
  [
    "client/pair.ts",
    `import "https://a.example/b.js";`,
    `import "https://a.example/b.js"`,
  ],
  ["client/pair.ts", `let x: Deno.Conn;`, "name Deno: it runs in a page"],
  ["client/pair.ts", `globalThis.Deno;`, "name Deno: it runs in a page"],
  [
    "server/room.ts",
    `import "../client/pair.ts";`,
    `import "../client/pair.ts"`,
  ],
  ["server/room.ts", `import "./mod.ts";`, `import "./mod.ts"`],
  [
    "server/room.ts",
    `import "../test/support/site.ts";`,
    `import "../test/support/site.ts"`,
  ],
  ["server/room.ts", `import "@x/webrtc";`, `import "@x/webrtc"`],
  ["examples/chat/main.ts", `import "../../mod.ts";`, `import "../../mod.ts"`],
  [
    "examples/chat/main.ts",
    `import "../../server/serve.ts";`,
    `import "../../server/serve.ts"`,
  ],
  [
    "examples/chat/main.ts",
    `import "../files/main.ts";`,
    `import "../files/main.ts"`,
  ],
];

/** What the plugin says about a source, as if it stood in a file of the package. */
function lint(file: string, source: string): string[] {
  const path = fileURLToPath(new URL(file, ROOT));
  return Deno.lint.runPlugin(plugin, path, source).map(({ message }) =>
    message
  );
}

for (const [file, source] of ALLOWED) {
  Deno.test(`boundaries allows ${source} in ${file}`, () => {
    assertEquals(lint(file, source), []);
  });
}

for (const [file, source, what] of REFUSED) {
  Deno.test(`boundaries refuses ${source} in ${file}`, () => {
    assertEquals(lint(file, source), [`${file} must not ${what}`]);
  });
}
