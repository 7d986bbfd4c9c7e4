import { join } from "node:path";
import {
  assertEquals,
  assertExists,
  assertMatch,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { serveDir, type ServeDirOptions } from "@std/http/file-server";

const HELLO = "hello, world";
const MODIFIED_AT = new Date("2026-01-02T03:04:05.678Z");

/** A directory with files, deleted at the end. */
interface Site extends AsyncDisposable {
  /** Asks for a path of it, and reads the answer. */
  ask(path: string, question?: Question): Promise<Answer>;
}

/** How a path is asked for. */
interface Question {
  readonly init?: RequestInit;
  readonly options?: ServeDirOptions;
}

/** What comes back. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function site(): Promise<Site> {
  const parent = await Deno.makeTempDir();
  const root = join(parent, "public");
  const files = {
    "../secret.txt": "secret",
    ".hidden": "hidden",
    "a b.txt": "spaced",
    "app.js": "export {};",
    "data.json": "{}",
    "empty.txt": "",
    "hello.txt": HELLO,
    "image.png": "",
    "index.html": "<p>index</p>",
    "style.css": "",
    "sub/.hidden/file.txt": "hidden",
    "sub/inner.txt": "inner",
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, text);
    await Deno.utime(path, MODIFIED_AT, MODIFIED_AT);
  }
  return {
    async ask(path, { init = {}, options = {} } = {}) {
      const response = await serveDir(
        new Request(`http://localhost${path}`, init),
        { fsRoot: root, quiet: true, ...options },
      );
      const { headers, status } = response;
      return { headers, status, text: await response.text() };
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(parent, { recursive: true });
    },
  };
}

/** Each row: a path, what is asked, and the status that answers. */
const STATUSES: ReadonlyArray<
  [name: string, path: string, status: number, question?: Question]
> = [
  ["the file exists", "/hello.txt", 200],
  ["the name is encoded", "/a%20b.txt", 200],
  ["there is a query", "/hello.txt?a=1", 200],
  ["the directory has an index", "/", 200],
  ["the directory has no index", "/sub/", 404],
  ["indexes are off", "/", 404, { options: { showIndex: false } }],
  ["there is no such file", "/missing.txt", 404],
  ["there is no such directory", "/missing/", 404],
  ["the file is hidden", "/.hidden", 404],
  ["the directory is hidden", "/sub/.hidden/file.txt", 404],
  ["hidden files are shown", "/.hidden", 200, {
    options: { showDotfiles: true },
  }],
  ["the path is below the URL's root", "/static/hello.txt", 200, {
    options: { urlRoot: "static" },
  }],
  ["the path is beside the URL's root", "/hello.txt", 404, {
    options: { urlRoot: "static" },
  }],
  ["the path leaves the URL's root in a name", "/static../secret.txt", 404, {
    options: { urlRoot: "static" },
  }],
  ["the path has encoded backslashes", "/sub%5C..%5C..%5Csecret.txt", 404],
  ["the method is HEAD", "/hello.txt", 200, { init: { method: "HEAD" } }],
  ["the method is HEAD and nothing is there", "/missing.txt", 404, {
    init: { method: "HEAD" },
  }],
  ["the method is POST", "/hello.txt", 405, {
    init: { method: "POST", body: "a" },
  }],
  ["the method is PUT", "/hello.txt", 405, { init: { method: "PUT" } }],
  ["the method is DELETE", "/hello.txt", 405, { init: { method: "DELETE" } }],
];

for (const [name, path, status, question] of STATUSES) {
  Deno.test(`serveDir answers ${status} when ${name}`, async () => {
    await using files = await site();
    assertStrictEquals((await files.ask(path, question)).status, status);
  });
}

Deno.test("serveDir sends the file when it exists", async () => {
  await using files = await site();
  const { headers, text } = await files.ask("/hello.txt");
  assertStrictEquals(text, HELLO);
  assertStrictEquals(headers.get("content-length"), `${HELLO.length}`);
  assertStrictEquals(headers.get("accept-ranges"), "bytes");
  assertStrictEquals(
    headers.get("last-modified"),
    "Fri, 02 Jan 2026 03:04:05 GMT",
  );
  assertMatch(headers.get("etag") ?? "", /^W\/"[^"]+"$/);
});

Deno.test("serveDir sends the index when the path is a directory", async () => {
  await using files = await site();
  const { headers, text } = await files.ask("/");
  assertStrictEquals(text, "<p>index</p>");
  assertStrictEquals(headers.get("content-type"), "text/html; charset=UTF-8");
});

Deno.test("serveDir sends headers alone when the method is HEAD", async () => {
  await using files = await site();
  const full = await files.ask("/hello.txt");
  const head = await files.ask("/hello.txt", { init: { method: "HEAD" } });
  assertStrictEquals(head.text, "");
  for (
    const name of ["content-length", "content-type", "etag", "last-modified"]
  ) {
    assertStrictEquals(head.headers.get(name), full.headers.get(name));
  }
});

const TYPES: ReadonlyArray<[path: string, type: string]> = [
  ["/app.js", "text/javascript; charset=UTF-8"],
  ["/data.json", "application/json; charset=UTF-8"],
  ["/hello.txt", "text/plain; charset=UTF-8"],
  ["/image.png", "image/png"],
  ["/index.html", "text/html; charset=UTF-8"],
  ["/style.css", "text/css; charset=UTF-8"],
];

for (const [path, type] of TYPES) {
  Deno.test(`serveDir says ${type} when the file is ${path}`, async () => {
    await using files = await site();
    const { headers } = await files.ask(path);
    assertStrictEquals(headers.get("content-type"), type);
  });
}

Deno.test("serveDir answers 304 when If-None-Match has the entity tag", async () => {
  await using files = await site();
  const etag = (await files.ask("/hello.txt")).headers.get("etag");
  assertExists(etag);
  const lists = [etag, etag.slice(2), `"a", ${etag}`, `${etag},"a"`, "*"];
  for (const list of lists) {
    const { headers, status, text } = await files.ask("/hello.txt", {
      init: { headers: { "if-none-match": list } },
    });
    assertStrictEquals(status, 304, list);
    assertStrictEquals(text, "");
    assertStrictEquals(headers.get("etag"), etag);
  }
});

/** Each row: conditional headers, and the status that answers. */
const CONDITIONS: ReadonlyArray<
  [name: string, status: number, headers: Record<string, string>]
> = [
  ["If-None-Match has another tag", 200, { "if-none-match": '"a"' }],
  ["If-Modified-Since is the time of the file", 304, {
    "if-modified-since": "Fri, 02 Jan 2026 03:04:05 GMT",
  }],
  ["If-Modified-Since is later", 304, {
    "if-modified-since": "Sat, 03 Jan 2026 03:04:05 GMT",
  }],
  ["If-Modified-Since is earlier", 200, {
    "if-modified-since": "Fri, 02 Jan 2026 03:04:04 GMT",
  }],
  ["If-Modified-Since is no date", 200, { "if-modified-since": "a" }],
  ["If-None-Match overrules If-Modified-Since", 200, {
    "if-none-match": '"a"',
    "if-modified-since": "Sat, 03 Jan 2026 03:04:05 GMT",
  }],
];

for (const [name, status, headers] of CONDITIONS) {
  Deno.test(`serveDir answers ${status} when ${name}`, async () => {
    await using files = await site();
    const answer = await files.ask("/hello.txt", { init: { headers } });
    assertStrictEquals(answer.status, status);
  });
}

/** Each row: a `Range` header, the bytes that answer it, and their `Content-Range`. */
const RANGES: ReadonlyArray<[range: string, text: string, sent: string]> = [
  ["bytes=0-4", "hello", "bytes 0-4/12"],
  ["bytes=0-0", "h", "bytes 0-0/12"],
  ["bytes=7-", "world", "bytes 7-11/12"],
  ["bytes=-5", "world", "bytes 7-11/12"],
  ["bytes=-100", HELLO, "bytes 0-11/12"],
  ["bytes=7-100", "world", "bytes 7-11/12"],
];

for (const [range, text, sent] of RANGES) {
  Deno.test(`serveDir answers 206 when the range is ${range}`, async () => {
    await using files = await site();
    const answer = await files.ask("/hello.txt", {
      init: { headers: { range } },
    });
    assertStrictEquals(answer.status, 206);
    assertStrictEquals(answer.text, text);
    assertStrictEquals(answer.headers.get("content-range"), sent);
    assertStrictEquals(
      answer.headers.get("content-length"),
      `${text.length}`,
    );
  });
}

for (const range of ["bytes=12-", "bytes=12-20", "bytes=5-4"]) {
  Deno.test(`serveDir answers 416 when the range is ${range}`, async () => {
    await using files = await site();
    const { headers, status } = await files.ask("/hello.txt", {
      init: { headers: { range } },
    });
    assertStrictEquals(status, 416);
    assertStrictEquals(headers.get("content-range"), "bytes */12");
  });
}

for (const range of ["bytes=a-b", "bytes=-", "lines=0"]) {
  Deno.test(`serveDir sends the whole file when the range is ${range}`, async () => {
    await using files = await site();
    const { status, text } = await files.ask("/hello.txt", {
      init: { headers: { range } },
    });
    assertStrictEquals(status, 200);
    assertStrictEquals(text, HELLO);
  });
}

Deno.test("serveDir ignores a range when the file is empty", async () => {
  await using files = await site();
  const { status, text } = await files.ask("/empty.txt", {
    init: { headers: { range: "bytes=0-4" } },
  });
  assertStrictEquals(status, 200);
  assertStrictEquals(text, "");
});

/** Each row: a path that is not the one of the file or directory, and the one that is. */
const REDIRECTS: ReadonlyArray<
  [name: string, path: string, location: string, options?: ServeDirOptions]
> = [
  ["a directory has no slash", "/sub", "/sub/"],
  ["a directory has no slash but a query", "/sub?a=1", "/sub/?a=1"],
  ["a file has a slash", "/hello.txt/", "/hello.txt"],
  ["slashes are doubled", "//sub///inner.txt", "/sub/inner.txt"],
  ["the URL's root has no slash", "/static", "/static/", { urlRoot: "static" }],
  ["encoded slashes climb out", "/sub%2F..%2F..%2Fsecret.txt", "/secret.txt"],
];

for (const [name, path, location, options = {}] of REDIRECTS) {
  Deno.test(`serveDir answers 301 when ${name}`, async () => {
    await using files = await site();
    const { headers, status } = await files.ask(path, {
      options: { headers: ["x-added: 1"], ...options },
    });
    assertStrictEquals(status, 301);
    assertStrictEquals(
      headers.get("location"),
      `http://localhost${location}`,
    );
    assertStrictEquals(headers.get("x-added"), null);
  });
}

for (
  const path of [
    "/../secret.txt",
    "/sub/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2Fsecret.txt",
    "/sub%2F..%2F..%2Fsecret.txt",
    "/..%5Csecret.txt",
  ]
) {
  Deno.test(`serveDir stays inside its root when the path is ${path}`, async () => {
    await using files = await site();
    let { headers, status, text } = await files.ask(path);
    const location = headers.get("location");
    if (location !== null) {
      ({ status, text } = await files.ask(new URL(location).pathname));
    }
    assertStrictEquals(status, 404);
    assertStrictEquals(text.includes("secret"), false);
  });
}

Deno.test("serveDir adds headers when there are some", async () => {
  await using files = await site();
  const headers = ["cache-control: no-cache", "x-time: 03:04:05"];
  for (const path of ["/hello.txt", "/missing.txt"]) {
    const answer = await files.ask(path, { options: { headers } });
    assertEquals(
      ["cache-control", "x-time"].map((name) => answer.headers.get(name)),
      ["no-cache", "03:04:05"],
    );
  }
});

Deno.test("serveDir lets other origins read when enableCors is on", async () => {
  await using files = await site();
  const open = await files.ask("/hello.txt", { options: { enableCors: true } });
  assertStrictEquals(open.headers.get("access-control-allow-origin"), "*");
  const closed = await files.ask("/hello.txt");
  assertStrictEquals(closed.headers.has("access-control-allow-origin"), false);
});

Deno.test("serveDir lists a directory when showDirListing is on", async () => {
  await using files = await site();
  const options = { showDirListing: true };
  const { headers, status, text } = await files.ask("/sub/", { options });
  assertStrictEquals(status, 200);
  assertStrictEquals(headers.get("content-type"), "text/html; charset=UTF-8");
  assertStringIncludes(text, "inner.txt");
  assertStrictEquals(text.includes("hidden"), false);
});
