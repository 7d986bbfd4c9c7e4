import { assertEquals, assertMatch } from "@std/assert";
import { exposition } from "../../server/exposition.ts";
import { gauges } from "../../server/status.ts";
import { Tally } from "../../server/tally.ts";

Deno.test("exposition writes help, type and values, with and without labels", () => {
  assertEquals(
    exposition([
      {
        name: "a",
        kind: "gauge",
        help: "How much.",
        samples: [{ labels: {}, value: 0.5 }],
      },
      {
        name: "b_total",
        kind: "counter",
        help: "How often.",
        samples: [
          { labels: { code: "x", path: "y" }, value: 1 },
          { labels: { code: "", path: "z" }, value: 2 },
        ],
      },
      { name: "c_total", kind: "counter", help: "Never.", samples: [] },
    ]),
    `\
# HELP a How much.
# TYPE a gauge
a 0.5
# HELP b_total How often.
# TYPE b_total counter
b_total{code="x",path="y"} 1
b_total{code="",path="z"} 2
# HELP c_total Never.
# TYPE c_total counter
`,
  );
});

Deno.test("exposition writes a histogram with cumulated buckets, sum and count", () => {
  const value = {
    buckets: [{ upTo: 0.1, count: 1 }, { upTo: 1, count: 3 }],
    sum: 12.5,
    count: 4,
  };
  assertEquals(
    exposition([{
      name: "s",
      kind: "histogram",
      help: "How long.",
      samples: [{ labels: { path: "local" }, value }],
    }]),
    `\
# HELP s How long.
# TYPE s histogram
s_bucket{path="local",le="0.1"} 1
s_bucket{path="local",le="1"} 3
s_bucket{path="local",le="+Inf"} 4
s_sum{path="local"} 12.5
s_count{path="local"} 4
`,
  );
});

Deno.test("exposition escapes help and labels, which anybody may have written", () => {
  assertEquals(
    exposition([{
      name: "a",
      kind: "gauge",
      help: 'a "b" \\ c\nd',
      samples: [{ labels: { provider: 'a "b" \\ c\nd' }, value: 1 }],
    }]),
    `\
# HELP a a "b" \\\\ c\\nd
# TYPE a gauge
a{provider="a \\"b\\" \\\\ c\\nd"} 1
`,
  );
});

Deno.test("exposition writes nothing but lines of the format, each name told and typed once and before it is used", () => {
  const tally = new Tally();
  tally.add("refusals", "room-full");
  tally.add("turn_minted", "coturn");
  tally.observe("relay_seconds", 0.01, "local");
  const text = exposition([
    ...gauges({
      rooms: 1,
      peers: 1,
      sessions: { opening: 0, live: 1, away: 0 },
      engine: { name: "redis", up: true, nodes: 2 },
    }),
    ...tally.metrics,
  ]);
  assertEquals(text.at(-1), "\n");
  const told = new Set<string>();
  const typed = new Map<string, string>();
  for (const line of text.slice(0, -1).split("\n")) {
    assertMatch(
      line,
      /^(# HELP \w+ .+|# TYPE \w+ (gauge|counter|histogram)|\w+(\{\w+="[^"\\]*"(,\w+="[^"\\]*")*\})? [\d.e+-]+)$/,
    );
    const [, comment, name = "", rest = ""] =
      /^(?:# (HELP|TYPE) )?(\w+) ?(.*)/.exec(line) ?? [];
    if (comment === "HELP") {
      assertEquals(told.has(name), false, line);
      told.add(name);
    } else if (comment === "TYPE") {
      assertEquals(told.has(name) && !typed.has(name), true, line);
      typed.set(name, rest);
    } else {
      const family = name.replace(/_(bucket|sum|count)$/, "");
      const type = typed.get(name) ?? typed.get(family);
      assertEquals(type === "histogram", family !== name, line);
      assertEquals(type === "counter", name.endsWith("_total"), line);
    }
  }
});
