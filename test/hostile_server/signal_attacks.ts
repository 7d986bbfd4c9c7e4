import { assertEquals } from "@std/assert";
import { flipBits, truncateSignals } from "./attacks/corrupt.ts";
import { Delay } from "./attacks/delay.ts";
import { dropSignals } from "./attacks/drop.ts";
import { forgeSender, misdeliver } from "./attacks/forge_sender.ts";
import { LateHello } from "./attacks/late_hello.ts";
import { reflectSignals } from "./attacks/reflect.ts";
import { reorderSignals } from "./attacks/reorder.ts";
import { repeatSignals, Replay } from "./attacks/replay.ts";
import { swapIds } from "./attacks/swap_ids.ts";
import { bothSay } from "./man_in_the_middle_plot.ts";
import { published, signals, way } from "./server_view.ts";
import type { Plot, Refusals } from "./stage.ts";

/** What is no frame, though some of it looks like one. */
const NONSENSE = [
  "",
  "sealed.",
  "signed.",
  "sealed.A",
  "signed.=",
  "sealed.\u{1F600}",
  `sealed.${"A".repeat(60_000)}`,
  `signed.AgMC${"A".repeat(100)}`,
  "__proto__",
  "null",
  '{"type":"signal"}',
  "[".repeat(10_000),
];

/** What can be done to signals by somebody who does not understand them. */
export function signalAttacks({ clear, swapped }: Refusals): readonly Plot[] {
  return [
    {
      what: "says every signal twice",
      attack: () => repeatSignals({}),
      refused: bothSay("replayed"),
      meets: true,
    },
    {
      what: "says every signal again, later",
      attack: () => new Replay(),
      async then(stage) {
        await stage.meet();
        stage.attack(Replay).replay();
      },
      refused: bothSay("replayed"),
      meets: true,
    },
    {
      what: "says every signal again when a page has come back",
      attack: () => new Replay(),
      async then(stage) {
        await stage.meet();
        const attack = stage.attack(Replay);
        await stage.reenter("second", () => attack.replayAtWelcome());
      },
      refused: [
        ["first", "second", "replayed"],
        ["second", "first", "stale"],
      ],
      meets: true,
    },
    {
      what: "gives a page its own signals back",
      attack: (stage) => reflectSignals(stage.id("second")),
      refused: [["second", "first", "reflected"]],
      meets: true,
    },
    {
      what: "exchanges every two signals",
      attack: (stage) => reorderSignals(way(stage)),
      refused: [
        ["first", "second", "missing"],
        ["first", "second", "replayed"],
      ],
      meets: null,
    },
    {
      what: "keeps a signal back until there is another connection",
      attack: (stage) => new Delay(way(stage), 1),
      async then(stage) {
        await stage.meet();
        await stage.pages.second.redial(stage.room, stage.id("first"));
        stage.attack(Delay).release();
      },
      refused: [["first", "second", "replayed"]],
      meets: true,
    },
    {
      what: "cuts every signal in half",
      attack: (stage) => truncateSignals(way(stage)),
      refused: [["first", "second", "forged"]],
      meets: false,
    },
    {
      what: "changes the last bits of every signal",
      attack: (stage) => flipBits(way(stage), 0.999),
      refused: [["first", "second", "forged"]],
      meets: false,
    },
    {
      what: "changes a bit in the middle of every signal",
      attack: (stage) => flipBits(way(stage), 0.5),
      refused: [["first", "second", "forged"]],
      meets: false,
    },
    {
      what: "says what the third page says in the name of the second",
      order: ["first", "second", "third"],
      attack: (stage) =>
        forgeSender(
          { from: stage.id("third"), to: stage.id("first") },
          stage.id("second"),
        ),
      refused: [["first", "second", "forged"]],
      meets: true,
    },
    {
      what: "says to the first page what the second says to the third",
      order: ["third", "first", "second"],
      attack: (stage) =>
        misdeliver(
          { from: stage.id("second"), to: stage.id("third") },
          stage.id("first"),
        ),
      refused: [["first", "second", "forged"]],
      meets: true,
    },
    {
      what: "shows the third page under the id of the second",
      order: ["first", "second", "third"],
      attack: (stage) =>
        swapIds({
          to: stage.id("first"),
          real: stage.id("third"),
          as: stage.id("second"),
        }),
      refused: [["first", "second", swapped]],
      meets: false,
    },
    {
      what: "says nonsense",
      attack: () => ({}),
      async then(stage) {
        await stage.meet();
        const from = stage.id("second");
        const presence = published(stage, "second") ?? "";
        const signal = signals(stage).find(({ to }) => to === "first");
        stage.tell("first", { type: "signal", from, data: presence });
        stage.tell("first", {
          type: "presence",
          id: from,
          presence: signal?.signal.data ?? "",
        });
        for (const data of NONSENSE) {
          stage.tell("first", { type: "signal", from, data });
          stage.tell("first", { type: "presence", id: from, presence: data });
        }
      },
      refused: [["first", "second", "forged"]],
      meets: true,
      async check({ pages, room }) {
        const happenings = await pages.first.happenings(room);
        const codes = happenings.map(({ code }) => code).filter(Boolean);
        assertEquals(codes, [
          "forged",
          "forged",
          ...NONSENSE.flatMap((data) =>
            /^(sealed|signed)\./.test(data)
              ? ["forged", "forged"]
              : [clear, clear]
          ),
        ]);
      },
    },
  ];
}

/** Attacks of which nothing is noticed before a page has waited for its peer. */
export function slowAttacks(): readonly Plot[] {
  return [
    {
      what: "keeps back the first signal",
      attack: (stage) => dropSignals(way(stage), (_, index) => index === 0),
      refused: [["first", "second", "missing"]],
      meets: true,
    },
    {
      what: "says to a page late what another said before it came back",
      attack: (stage) => new LateHello(stage.id("first"), stage.id("second")),
      async then(stage) {
        const attack = stage.attack(LateHello);
        await attack.kept;
        await stage.reenter("first", () => attack.shows());
        await stage.meet();
        attack.release();
        await stage.pages.second.redial(stage.room, stage.id("first"));
      },
      refused: [],
      meets: true,
    },
    {
      what: "keeps back every answer",
      attack: (stage) => {
        const { from, to } = way(stage);
        return dropSignals({ from: to, to: from }, () => true);
      },
      async then({ pages, room, id }) {
        await pages.second.happened(room, {
          event: "peer-state",
          peer: id("first"),
          state: "failed",
          reason: "no answer from the peer",
        });
      },
      refused: [],
      meets: false,
    },
  ];
}
