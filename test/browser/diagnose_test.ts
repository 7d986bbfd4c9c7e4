import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { coturn } from "../../server/coturn.ts";
import { startBrowser } from "../support/browsers.ts";
import { startCoturn, whyNoCoturn } from "../support/coturn.ts";
import {
  type Diagnosed,
  diagnoseIn,
  loadDiagnose,
} from "../support/diagnose_in.ts";
import { freePort } from "../support/free_port.ts";
import { openPage } from "../support/open_page.ts";
import { startSite } from "../support/site.ts";
import { startServer } from "../support/start_server.ts";

const SECRET = "a secret of coturn";

/** An address of this machine that is not its loopback, which Firefox sends nothing to. */
function ownAddress(): string | undefined {
  return Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  )?.address;
}

const ip = ownAddress();

/** What is said about each server. */
function words({ ice }: Diagnosed): unknown[] {
  return ice.servers.map(({ kind, transport, outcome, errorCode }) =>
    [kind, transport, outcome, errorCode].join(" ")
  );
}

Deno.test({
  name: "diagnose finds out what a real TURN server and a real browser do",
  ignore: await whyNoCoturn() !== undefined || ip === undefined,
  async fn(t) {
    if (!ip) return;
    await using turn = await startCoturn({
      secret: SECRET,
      listeningIps: [ip],
      args: ["--user-quota=3"],
    });
    const stun = `stun:${ip}:${turn.port}`;
    await using site = await startSite({
      turn: coturn({ secret: SECRET, urls: [stun, ...turn.urls] }),
    });
    await using foreign = startServer({
      allowedOrigins: ["https://elsewhere.example"],
    });
    await using guarded = startServer({
      authorize: () => new Response(null, { status: 401 }),
    });
    await using open = startServer();
    const [udp = "", tcp = ""] = turn.urls;
    const closed = `turn:${ip}:${freePort()}`;
    const wrong = { username: "nobody", credential: "knows" };

    for (const name of ["chrome", "firefox"] as const) {
      await using started = await startBrowser(name);
      await using opened = await openPage(started.browser, site.url);
      const { page } = opened;
      await loadDiagnose(page);
      const diagnose = (options: Parameters<typeof diagnoseIn>[1]) =>
        diagnoseIn(page, { timeoutMs: 1500, ...options });

      await t.step(`${name}: works when TURN does`, async () => {
        const diagnosis = await diagnose({ host: site.url, room: "r" });
        const { verdict, ice, nat, signaling, text } = diagnosis;
        assertEquals(verdict, "works", text);
        assertEquals(words(diagnosis), [
          "stun udp works ",
          "turn udp works ",
          "turn tcp works ",
        ]);
        assertEquals([ice.source, ice.turn], ["server", "ready"]);
        assertEquals([signaling.http, signaling.webSocket], ["open", "open"]);
        // This machine has one address to compare.
        assertEquals([nat.udp, nat.mapping], ["open", "unknown"]);
        for (const { ms, address } of ice.servers) {
          assert(ms !== null && ms < 1500);
          assert(address?.startsWith(`${ip}:`));
        }
        assertStringIncludes(text, `relays from ${ip}:`);
      });

      await t.step(
        `${name}: turn-credential-rejected when it is wrong`,
        async () => {
          const diagnosis = await diagnose({
            host: site.url,
            room: "r",
            iceServers: [{ urls: [udp, tcp], ...wrong }],
          });
          assertEquals(diagnosis.verdict, "turn-credential-rejected");
          assertEquals(words(diagnosis), [
            "turn udp credential-rejected 401",
            "turn tcp credential-rejected 401",
          ]);
          // Who says no over UDP has been heard.
          assertEquals(diagnosis.nat.udp, "open");
        },
      );

      await t.step(
        `${name}: turn-quota-reached when others have it all`,
        async () => {
          const username = `${Math.floor(Date.now() / 1000) + 60}:${name}`;
          const { iceServers } = await coturn({
            secret: SECRET,
            urls: [udp],
          }).credentials({
            peer: username,
            signal: AbortSignal.timeout(1000),
          });
          const diagnosis = await page.evaluate(
            async (servers, host) => {
              const held = Array.from({ length: 3 }, () => {
                const pc = new RTCPeerConnection({
                  iceServers: servers as RTCIceServer[],
                  iceTransportPolicy: "relay",
                });
                pc.createDataChannel("");
                return pc;
              });
              const relayed = held.map((pc) =>
                new Promise((resolve) =>
                  pc.onicecandidate = ({ candidate }) =>
                    candidate?.candidate && resolve(candidate)
                )
              );
              for (const pc of held) await pc.setLocalDescription();
              await Promise.all(relayed);
              const { verdict, ice } = await diagnosing.diagnose({
                host,
                room: "r",
                iceServers: servers as RTCIceServer[],
              });
              for (const pc of held) pc.close();
              return {
                verdict,
                codes: ice.servers.map((each) => each.errorCode),
              };
            },
            iceServers,
            site.url,
          );
          assertEquals(diagnosis, {
            verdict: "turn-quota-reached",
            codes: [486],
          });
        },
      );

      await t.step(`${name}: turn-unreachable when it is down`, async () => {
        const diagnosis = await diagnose({
          host: site.url,
          room: "r",
          iceServers: [
            { urls: stun },
            { urls: [closed, `${closed}?transport=tcp`], ...wrong },
          ],
        });
        assertEquals(diagnosis.verdict, "turn-unreachable", diagnosis.text);
        assertEquals(
          diagnosis.ice.servers.map(({ outcome }) => outcome),
          ["works", "no-answer", "no-answer"],
        );
      });

      await t.step(
        `${name}: invalid what the browser does not take`,
        async () => {
          const diagnosis = await diagnose({
            host: site.url,
            room: "r",
            iceServers: [{ urls: [stun, "http://example.com"] }, { urls: udp }],
          });
          assertEquals(words(diagnosis), [
            "stun udp works ",
            "stun udp invalid ",
            "turn udp invalid ",
          ]);
          assert(diagnosis.ice.servers.at(-1)?.errorText);
        },
      );

      await t.step(`${name}: no-turn when there is none`, async () => {
        const iceServers = [{ urls: stun }];
        const diagnosis = await diagnose({
          host: site.url,
          room: "r",
          iceServers,
        });
        assertEquals(diagnosis.verdict, "no-turn");
        const without = await diagnose({ host: open.url, room: "r" });
        assertEquals([without.verdict, without.ice.turn], ["no-stun", "none"]);
      });

      await t.step(`${name}: signaling-… when that fails`, async () => {
        const dead = `127.0.0.1:${freePort()}`;
        for (
          const [host, verdict, code] of [
            [dead, "signaling-unreachable", null],
            [`${site.url}/wrong`, "signaling-not-found", null],
            [foreign.url, "signaling-refused", "bad-origin"],
            [guarded.url, "signaling-refused", "unauthorized"],
          ] as const
        ) {
          const found = await diagnose({ host, room: "r" });
          assertEquals([found.verdict, found.signaling.code], [verdict, code]);
        }
        // What can be found out without is.
        const found = await diagnose({
          host: dead,
          room: "r",
          iceServers: [{ urls: stun }],
        });
        assertEquals(words(found), ["stun udp works "]);
      });

      await t.step(`${name}: rejects when it is aborted`, async () => {
        const reason = await page.evaluate(
          async (host, urls) => {
            const controller = new AbortController();
            const running = diagnosing.diagnose({
              host,
              room: "r",
              iceServers: [{ urls, username: "u", credential: "p" }],
              timeoutMs: 60_000,
              signal: controller.signal,
            });
            setTimeout(() => controller.abort("changed my mind"), 300);
            return await running.catch((reason) => reason);
          },
          site.url,
          closed,
        );
        assertEquals(reason, "changed my mind");
      });
    }
  },
});
