import { assert, assertEquals } from "@std/assert";
import dashboard from "../../deploy/grafana.json" with { type: "json" };
import { startServer } from "../support/start_server.ts";

/** Names of the metrics that a server has, as Prometheus stores them. */
async function families(): Promise<Map<string, string>> {
  await using server = startServer();
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return new Map(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map((
      [, name = "", type = ""],
    ) => [name, type]),
  );
}

const EXPRESSIONS = dashboard.panels.flatMap(({ targets }) =>
  targets.map(({ expr }) => expr)
);

/** Names of the metrics in an expression, without what a histogram puts behind them. */
function namesIn(expression: string): string[] {
  return [...expression.matchAll(/webrtc_\w+/g)].map(([name]) =>
    name.replace(/_(bucket|sum|count)$/, "")
  );
}

Deno.test("the dashboard asks for no metric that the server does not have", async () => {
  const known = await families();
  for (const expression of EXPRESSIONS) {
    const names = namesIn(expression);
    assert(names.length > 0, expression);
    for (const name of names) assert(known.has(name), name);
  }
});

Deno.test("the dashboard shows every metric that the server has", async () => {
  const shown = new Set(EXPRESSIONS.flatMap(namesIn));
  assertEquals(
    [...(await families()).keys()].filter((name) => !shown.has(name)),
    [],
  );
});

Deno.test("the dashboard looks at counters and histograms as they change, and at gauges as they are", async () => {
  const known = await families();
  for (const expression of EXPRESSIONS) {
    for (const name of namesIn(expression)) {
      assertEquals(
        /(rate|increase)\(webrtc_/.test(expression),
        known.get(name) !== "gauge",
        expression,
      );
    }
  }
});

Deno.test("the dashboard leaves source and node to whoever looks at it", () => {
  assertEquals(
    dashboard.templating.list.map(({ name, type }) => [name, type]),
    [["datasource", "datasource"], ["instance", "query"]],
  );
  for (const { datasource, targets } of dashboard.panels) {
    for (
      const source of [
        datasource,
        ...targets.map((one) => one.datasource),
      ]
    ) {
      assertEquals(source, { type: "prometheus", uid: "${datasource}" });
    }
  }
  for (const expression of EXPRESSIONS) {
    for (const [name] of expression.matchAll(/webrtc_\w+/g)) {
      assert(expression.includes(`${name}{instance=~"$instance"`), expression);
    }
  }
});

Deno.test("the dashboard has no two panels in one place, or under one number", () => {
  const taken = new Set<string>();
  const { panels } = dashboard;
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    assert(x + w <= 24, title);
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        const cell = `${column},${row}`;
        assertEquals(taken.has(cell), false, title);
        taken.add(cell);
      }
    }
  }
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
});
