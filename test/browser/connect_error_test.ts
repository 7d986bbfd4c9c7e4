import { assertEquals, assertLessOrEqual } from "@std/assert";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { jwtAuthorizer } from "../../server/mod.ts";
import { startBrowser } from "../support/browsers.ts";
import { sign } from "../support/sign.ts";
import { startServer } from "../support/start_server.ts";

const SECRET = "a secret of more than thirty-two bytes";

Deno.test("connect tells a page why it cannot join, though the browser hides the answer", async (t) => {
  await using site = await startSite({ limits: { peersPerRoom: 1 } });
  await using guarded = startServer({
    authorize: jwtAuthorizer({ secret: SECRET }),
  });
  await using foreign = startServer({
    allowedOrigins: ["https://elsewhere.example"],
  });
  await using homemade = startServer({
    authorize: () => new Response("Members only", { status: 403 }),
  });
  const token = await sign(SECRET, { room: "other" });
  const closed = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const dead = `127.0.0.1:${closed.addr.port}`;
  closed.close();
  using mute = Deno.listen({ port: 0, hostname: "127.0.0.1" });

  for (const name of ["chrome", "firefox"] as const) {
    await using started = await startBrowser(name);
    await using opened = await openPage(started.browser, site.url);
    const { page } = opened;
    await page.evaluate(async (host) => {
      globalThis.connection = await webrtc.connect({ host, room: "full" });
    }, site.url);

    const cases = [
      [
        "nothing listens there",
        { host: dead, room: "r", timeoutMs: 1000 },
        "unreachable",
        null,
      ],
      [
        "nobody answers there",
        { host: `127.0.0.1:${mute.addr.port}`, room: "r", timeoutMs: 1000 },
        "timeout",
        null,
      ],
      [
        "the path is wrong",
        { host: `${site.url}/wrong`, room: "r" },
        "not-found",
        null,
      ],
      [
        "the room is full",
        { host: site.url, room: "full" },
        "refused",
        "room-full",
      ],
      [
        "there is no token",
        { host: guarded.url, room: "r" },
        "refused",
        "unauthorized",
      ],
      [
        "the token is for another room",
        { host: guarded.url, room: "r", token },
        "refused",
        "forbidden",
      ],
      [
        "pages of this origin are not let in",
        { host: foreign.url, room: "r" },
        "refused",
        "bad-origin",
      ],
      [
        "the app's own rule says no",
        { host: homemade.url, room: "r", token: "any" },
        "refused",
        "forbidden",
      ],
    ] as const;
    for (const [when, options, reason, code] of cases) {
      await t.step(`${name}: ${reason} when ${when}`, async () => {
        const failure = await page.evaluate(async (options) => {
          const before = performance.now();
          try {
            (await webrtc.connect(options)).close();
          } catch (error) {
            if (!(error instanceof webrtc.ConnectError)) throw error;
            const { name, reason, code = null, message } = error;
            return {
              name,
              reason,
              code,
              said: message.length > 20,
              ms: performance.now() - before,
            };
          }
        }, options);
        assertEquals({ ...failure, ms: 0 }, {
          name: "ConnectError",
          reason,
          code,
          said: true,
          ms: 0,
        });
        if ("timeoutMs" in options) {
          assertLessOrEqual(failure?.ms ?? Infinity, options.timeoutMs + 4000);
        }
      });
    }

    await t.step(
      `${name}: aborted when its signal is aborted on the way`,
      async () => {
        const failure = await page.evaluate(async (host) => {
          const controller = new AbortController();
          const joining = webrtc.connect({
            host,
            room: "r",
            signal: controller.signal,
          });
          controller.abort("changed my mind");
          return await joining.then(
            () => null,
            ({ name, reason, cause }) => ({ name, reason, cause }),
          );
        }, `127.0.0.1:${mute.addr.port}`);
        assertEquals(failure, {
          name: "ConnectError",
          reason: "aborted",
          cause: "changed my mind",
        });
      },
    );

    await page.evaluate(() => connection.close());
  }
});
