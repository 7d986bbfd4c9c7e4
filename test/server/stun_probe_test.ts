import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { run } from "../../scripts/run.ts";
import { type IceUrl, readIceUrl } from "../../server/ice_servers.ts";
import { probeStun } from "../../server/stun_probe.ts";
import { TurnError } from "../../server/turn_provider.ts";
import { startCoturn, whyNoCoturn } from "../support/coturn.ts";
import { freePort } from "../support/free_port.ts";

const ignore = await whyNoCoturn() !== undefined;
const never = () => new AbortController().signal;

function read(url: string): IceUrl {
  const read = readIceUrl(url);
  if (!read) throw new Error(`${url} is no URL`);
  return read;
}

/** Answers each connection of TCP with the same bytes, or hangs. */
function startEcho(answer: (request: Uint8Array) => Uint8Array | undefined) {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const heard = Promise.withResolvers<void>();
  async function serve(): Promise<void> {
    for await (const connection of listener) {
      using _ = connection;
      const request = new Uint8Array(64);
      const count = await connection.read(request);
      heard.resolve();
      const bytes = answer(request.subarray(0, count ?? 0));
      if (bytes) await connection.write(bytes);
      // Until the other side has enough.
      await connection.read(request);
    }
  }
  const served = serve();
  return {
    url: read(`turn:127.0.0.1:${listener.addr.port}`),
    heard: heard.promise,
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

Deno.test({
  name:
    "probeStun resolves when a real coturn answers, whichever of its addresses it is given",
  ignore,
  async fn() {
    await using server = await startCoturn({ secret: "secret" });
    const { port } = server;
    const signal = never();
    await probeStun([read(`turn:127.0.0.1:${port}?transport=udp`)], { signal });
    await probeStun([read(`turn:localhost:${port}?transport=tcp`)], { signal });
    // One of several is enough.
    await probeStun([
      read(`turn:127.0.0.1:${freePort()}`),
      read(`turn:127.0.0.1:${port}`),
    ], { signal });
    await server.stop();
    await assertRejects(
      () => probeStun([read(`turn:127.0.0.1:${port}`)], { signal }),
      TurnError,
      "no answer to STUN over TCP",
    );
  },
});

Deno.test({
  name:
    "probeStun asks over TLS when the address says so, and trusts only who can be trusted",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const [certificate, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    try {
      await run(
        "openssl",
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE"
          .split(" ").concat("-out", certificate, "-keyout", key),
      );
      await using server = await startCoturn({
        secret: "secret",
        tls: { certificate, key },
      });
      const urls = [read(`turns:localhost:${server.port}?transport=tcp`)];
      const caCerts = [await Deno.readTextFile(certificate)];
      await probeStun(urls, { signal: never(), caCerts });
      await assertRejects(
        () => probeStun(urls, { signal: never() }),
        TurnError,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

for (
  const [what, answer] of [
    [
      "is none of STUN",
      () => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
    ],
    ["is of another request", () => Uint8Array.of(1, 1, ...Array(18).fill(0))],
    ["is the request", (request: Uint8Array) => request],
  ] as const
) {
  Deno.test(`probeStun rejects when the answer ${what}`, async () => {
    await using echo = startEcho(answer);
    await assertRejects(
      () => probeStun([echo.url], { signal: never() }),
      TurnError,
    );
  });
}

Deno.test("probeStun takes an error for an answer", async () => {
  await using echo = startEcho((request) =>
    Uint8Array.of(1, 0x11, 0, 0, ...request.subarray(4))
  );
  await probeStun([echo.url], { signal: never() });
});

Deno.test("probeStun rejects with the reason of its signal, and lets go, when nobody answers", async () => {
  await using echo = startEcho(() => undefined);
  const controller = new AbortController();
  const reason = new Error("enough");
  const probe = probeStun([echo.url], { signal: controller.signal });
  await echo.heard;
  controller.abort(reason);
  assertStrictEquals(await probe.catch((error) => error), reason);
});

Deno.test("probeStun asks once what is one server", async () => {
  let asked = 0;
  await using echo = startEcho((request) => {
    asked++;
    return Uint8Array.of(1, 1, 0, 0, ...request.subarray(4));
  });
  await probeStun([echo.url, echo.url], { signal: never() });
  assertEquals(asked, 1);
});
