import { assertEquals } from "@std/assert";
import { median } from "../bench/measurement.ts";
import { whyNoCoturn } from "../support/coturn.ts";
import { whyNoNetworks } from "../support/network.ts";
import { expectedPath } from "./expected_path.ts";
import { meet, type Party } from "./meeting.ts";
import { NETWORK_KINDS, type NetworkKind } from "./network_kind.ts";

const skip = await whyNoNetworks() !== undefined ||
  await whyNoCoturn() !== undefined;

/** All combinations, instead of what shows that every kind works. */
const WHOLE = Deno.args.includes("--whole");

/** How often each is tried in the whole form. */
const RUNS = 3;

function chrome(kind: NetworkKind): Party {
  return { browser: "chrome", kind };
}

const DIAGONAL = NETWORK_KINDS.map((kind) =>
  [chrome(kind), chrome(kind)] as const
);
const REST = NETWORK_KINDS.flatMap((one, index) =>
  NETWORK_KINDS.slice(index + 1).map((other) =>
    [chrome(one), chrome(other)] as const
  )
);
const MIXED = NETWORK_KINDS
  // Firefox cannot be made to take the certificate of the lab's TURN server.
  .filter((kind) => kind !== "tls-443")
  .map((kind) => [{ browser: "firefox", kind }, chrome(kind)] as const);

const PAIRS: readonly (readonly [Party, Party])[] = WHOLE
  ? [...DIAGONAL, ...REST, ...MIXED]
  // The narrowest network needs the most of a browser.
  : [...DIAGONAL, ...MIXED.slice(-1)];

function nameOf({ browser, kind }: Party): string {
  return `${browser === "chrome" ? "Chromium" : "Firefox"} in ${kind}`;
}

const rows: string[] = [];

for (const [one, other] of PAIRS) {
  Deno.test({
    name: `connect joins ${nameOf(one)} and ${nameOf(other)} by the best path`,
    ignore: skip,
    async fn() {
      const expected = [
        expectedPath(one.kind, other.kind),
        expectedPath(other.kind, one.kind),
      ];
      const times: number[] = [];
      for (let run = 0; run < (WHOLE ? RUNS : 1); run++) {
        const met = await meet([one, other]);
        assertEquals(met.map(({ path }) => path), expected);
        assertEquals(met.flatMap(({ complaints }) => complaints), []);
        times.push(...met.map(({ firstMessageMs }) => firstMessageMs));
      }
      const cells = [
        nameOf(one),
        nameOf(other),
        ...expected,
        `${median(times).toFixed(0)} ms`,
      ];
      rows.push(`| ${cells.join(" | ")} |`);
    },
  });
}

Deno.test({
  name: "connect joins two pages behind one NAT without leaving their network",
  ignore: skip,
  async fn() {
    const met = await meet([chrome("cone"), chrome("cone")], {
      together: true,
    });
    assertEquals(met.map(({ path }) => path), ["host", "host"]);
  },
});

Deno.test.afterAll(() => {
  if (!WHOLE || rows.length === 0) return;
  console.log([
    "",
    "| one side | other side | path of one | path of the other | first message |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n"));
});
