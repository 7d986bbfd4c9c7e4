/**
 * Lets the same faults happen to this library and to those that one would use
 * instead of it, and prints which of them each survives, in how many seconds.
 *
 * ```sh
 * deno task test:rivals                         # everything
 * deno task test:rivals move outage-10          # faults by name
 * deno task test:rivals --only=ours,peerjs      # some of the libraries
 * deno task test:rivals --quick                 # few faults, once
 * deno task test:rivals --runs=1 --notes        # once; with what the pages saw
 * ```
 *
 * All libraries are in the same two browsers, each in pages of its own, so that
 * what happens to one happens to all at the same moment. Their pages send each
 * other a numbered message every 50 ms while the library calls them connected,
 * and do nothing else. Root only, as the lab of `../lab.ts` is.
 *
 * | I want to change …                            | go to …                              |
 * | --------------------------------------------- | ------------------------------------ |
 * | what happens                                  | `faults.ts`, `strike.ts`, `newcomers.ts` |
 * | what an app does with a library               | `pages/`, `rival.ts`, `../../rivals/join_*.ts` |
 * | its signaling server                          | `servers/`, `signaling.ts` in `../../rivals/` |
 * | which libraries there are, what the table says of them | `../../rivals/library.ts`   |
 * | what the pages write down, how it is judged   | `talk.ts`, `pair_of_pages.ts`, `outcome.ts` |
 * | where it happens                              | `stage.ts`, `open_rival.ts`          |
 *
 * @module
 */
import { parseArgs } from "node:util";
import { machine } from "../../bench/machine.ts";
import { whyNoCoturn } from "../../support/coturn.ts";
import { whyNoNetworks } from "../../support/network.ts";
import type { Row } from "./fault.ts";
import { FAULTS } from "./faults.ts";
import {
  glueOf,
  LIBRARIES,
  type Library,
  titleOf,
} from "../../rivals/library.ts";
import { cell, type Outcome } from "./outcome.ts";

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    notes: { type: "boolean", default: false },
    runs: { type: "string", default: "3" },
  },
});
const wanted: readonly string[] = flags.only?.split(",") ?? LIBRARIES;
const libraries = LIBRARIES.filter((library) => wanted.includes(library));
const faults = FAULTS.filter(({ name, quick = false }) =>
  names.length > 0 ? names.includes(name) : quick || !flags.quick
);
if (libraries.length < wanted.length || faults.length < names.length) {
  console.error(
    `error: there are the faults ${
      FAULTS.map(({ name }) => name).join(", ")
    } and the libraries ${LIBRARIES.join(", ")}`,
  );
  Deno.exit(1);
}
if (await whyNoNetworks() ?? await whyNoCoturn()) Deno.exit(1);

/** All that was measured of a row, by its title. */
const rows = new Map<
  string,
  Pick<Row, "shows"> & {
    readonly outcomes: ReadonlyMap<Library, Outcome[]>;
  }
>();
const runs = flags.quick ? 1 : Number(flags.runs);

for (let run = 1; run <= runs; run++) {
  for (const { name, once = false, run: happen } of faults) {
    if (once && run > 1) continue;
    console.error(`${name}, run ${run} …`);
    for (const row of await happen(libraries)) keep(row);
  }
}
console.log(table());
console.log(await machine());

function keep({ title, shows, outcomes }: Row): void {
  const row = rows.get(title) ?? {
    shows,
    outcomes: new Map(libraries.map((library) => [library, []])),
  };
  rows.set(title, row);
  for (const [library, outcome] of outcomes) {
    row.outcomes.get(library)?.push(outcome);
    console.error(`  ${title}: ${library} ${cell([outcome], shows)}`);
    if (!flags.notes) continue;
    for (const [page, notes] of Object.entries(outcome.notes)) {
      for (const note of notes) console.error(`    ${page} ${note}`);
    }
  }
}

function table(): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const lines = [
    line(["", ...libraries.map(titleOf)]),
    line(["---", ...libraries.map(() => "---")]),
    ...[...rows].map(([title, { shows, outcomes }]) =>
      line([
        title,
        ...libraries.map((library) => cell(outcomes.get(library) ?? [], shows)),
      ])
    ),
    "",
    ...libraries.map((library) => `- ${titleOf(library)}: ${glueOf(library)}`),
  ];
  return lines.join("\n");
}
