import { assertEquals } from "@std/assert";
import type { Mapping, Udp, Verdict } from "../../client/diagnose/mod.ts";
import { coturn } from "../../server/coturn.ts";
import { whyNoCoturn } from "../support/coturn.ts";
import { diagnoseIn, loadDiagnose } from "../support/diagnose_in.ts";
import { whyNoNetworks } from "../support/network.ts";
import { openPage } from "../support/open_page.ts";
import { makeLab } from "./lab.ts";
import { NETWORK_KINDS, type NetworkKind } from "./network_kind.ts";

/** What a page finds out about each network. */
const EXPECTED: Readonly<
  Record<
    NetworkKind,
    readonly [udp: Udp, Mapping, withTurn: Verdict, withStunOnly: Verdict]
  >
> = {
  "open": ["open", "none", "works", "no-turn"],
  "cone": ["open", "endpoint-independent", "works", "no-turn"],
  "symmetric": ["open", "address-dependent", "works", "symmetric-nat"],
  "udp-blocked": ["blocked", "unknown", "relay-only", "udp-blocked"],
  "tcp-443": ["blocked", "unknown", "relay-only", "udp-blocked"],
  "tls-443": ["blocked", "unknown", "relay-only", "udp-blocked"],
};

const WHOLE = Deno.args.includes("--whole");
const KINDS = WHOLE ? NETWORK_KINDS : ["symmetric", "udp-blocked"] as const;
const BROWSERS = WHOLE ? ["chrome", "firefox"] as const : ["chrome"] as const;

const ignore = await whyNoNetworks() !== undefined ||
  await whyNoCoturn() !== undefined;

for (const kind of KINDS) {
  Deno.test({
    name: `diagnose knows a network that is ${kind}`,
    ignore,
    async fn() {
      await using lab = await makeLab();
      const { urls, addresses: [, spare], secret } = lab.turn;
      const stun = `stun:${spare}:3478`;
      // It takes a second address to see whether a NAT minds.
      const turn = coturn({ urls: [...urls, stun], secret });
      await lab.site({ turn });
      const host = await lab.host(await lab.network(kind));
      for (const name of BROWSERS) {
        // Firefox takes no certificate of the lab's TURN server.
        if (kind === "tls-443" && name === "firefox") continue;
        const { browser } = await lab.browser(host, name);
        await using opened = await openPage(browser, lab.origin);
        const { page } = opened;
        await loadDiagnose(page);
        const options = { host: lab.origin, room: "r", timeoutMs: 3000 };
        const full = await diagnoseIn(page, options);
        const stunOnly = await diagnoseIn(page, {
          ...options,
          iceServers: [{ urls: [...urls.slice(0, 1), stun] }],
        });
        const [udp, mapping, withTurn, withStunOnly] = EXPECTED[kind];
        assertEquals(
          {
            ...full.nat,
            reason: null,
            http: full.signaling.http,
            webSocket: full.signaling.webSocket,
            withTurn: full.verdict,
            withStunOnly: stunOnly.verdict,
            mappingWithStunOnly: stunOnly.nat.mapping,
          },
          {
            udp,
            mapping,
            reason: null,
            http: "open",
            webSocket: "open",
            withTurn,
            withStunOnly,
            mappingWithStunOnly: mapping,
          },
          `${name}: ${full.text}\n${stunOnly.text}`,
        );
      }
    },
  });
}
