import { assertEquals } from "@std/assert";
import { publicStun } from "../../server/mod.ts";
import { openPage } from "../support/open_page.ts";
import { makeLab } from "./lab.ts";
import { whyNoNetworks } from "../support/network.ts";

const skip = await whyNoNetworks() !== undefined;

Deno.test({
  name: "peer-state and converged say why two peers do not reach each other",
  ignore: skip,
  async fn(t) {
    await using lab = await makeLab();
    const [address] = lab.turn.addresses;
    await using _site = await lab.site({
      turn: publicStun([`stun:${address}:3478`]),
    });
    const turn = (url: string, credential = "wrong") => [
      { urls: `stun:${address}:3478` },
      { urls: url, username: "9999999999:peer", credential },
    ];
    const cases: readonly (readonly [
      kind: "udp-blocked" | "symmetric",
      iceServers: RTCIceServer[] | undefined,
      reason: string,
    ])[] = [
      ["udp-blocked", undefined, "UDP blocked and no TURN configured"],
      ["symmetric", undefined, "no direct path and no TURN configured"],
      [
        "symmetric",
        turn(`turn:${address}:3478?transport=udp`),
        "TURN credential rejected",
      ],
      [
        "udp-blocked",
        turn(`turn:${address}:3478?transport=tcp`),
        "TURN credential rejected",
      ],
      [
        "udp-blocked",
        turn(`turn:${address}:3478?transport=udp`),
        "TURN server not reached",
      ],
    ];
    const pages = new Map<string, Awaited<ReturnType<typeof openPage>>[]>();
    for (const kind of ["udp-blocked", "symmetric"] as const) {
      const two = [0, 1].map(async () => {
        const host = await lab.host(await lab.network(kind));
        const { browser } = await lab.browser(host);
        return await openPage(browser, lab.origin);
      });
      pages.set(kind, await Promise.all(two));
    }
    // Each takes as long as a connection may take to be made: all at once.
    const told = await Promise.all(
      cases.map(async ([kind, iceServers, expected]) => {
        const both = pages.get(kind)?.map(({ page }) =>
          page.evaluate(
            async (options) => {
              const connection = await webrtc.connect(options);
              const reason = await new Promise<string>((resolve) => {
                connection.on(
                  "peer-state",
                  ({ state, reason }) => state === "failed" && resolve(reason),
                );
              });
              const missing = await connection.converged({
                signal: AbortSignal.abort(),
              }).catch(({ missing: [first] }) => first.reason);
              return [reason, missing];
            },
            {
              host: lab.origin,
              room: `${kind} ${expected}`,
              ...(iceServers && { iceServers }),
            },
          )
        );
        return await Promise.all(both ?? []);
      }),
    );
    for (const [index, [kind, , reason]] of cases.entries()) {
      await t.step(`${reason} (${kind})`, () => {
        assertEquals(told[index], [[reason, reason], [reason, reason]]);
      });
    }
  },
});
