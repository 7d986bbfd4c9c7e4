import { assertEquals } from "@std/assert";
import type { UntrustedCode } from "../../mod.ts";
import { FRAME, readFrame } from "../../client/trust/sealed_frame.ts";
import { flipBit } from "./attacks/corrupt.ts";
import { Ghost } from "./attacks/ghost.ts";
import { onPresences } from "./attacks/on_presences.ts";
import { Substitute } from "./attacks/substitute.ts";
import { elsewhere, published, signals } from "./server_view.ts";
import { GHOST, type Plot, type Refusals } from "./stage.ts";

/** What can be done to presences, and members made up, by somebody who does not understand them. */
export function presenceAttacks(
  { clear, swapped, elsewhere: elsewhereCodes }: Refusals,
): readonly Plot[] {
  return [
    {
      what: "changes a bit of a presence",
      attack: (stage) =>
        onPresences(
          stage.id("second"),
          (presence) => presence && flipBit(presence, 0.9),
        ),
      refused: [["first", "second", "forged"]],
      meets: true,
    },
    {
      what: "shows a presence as another page's",
      order: ["third", "first", "second"],
      attack: (stage) =>
        onPresences(
          stage.id("second"),
          (presence) => presence && published(stage, "third"),
        ),
      refused: [["first", "second", swapped]],
      meets: true,
    },
    {
      what: "shows an old presence again",
      attack: () => ({}),
      async then(stage) {
        const { first, second } = stage.pages;
        const peer = stage.id("second");
        await stage.meet();
        const publish = async (presence: string) => {
          await second.publish(stage.room, presence);
          const shown = JSON.stringify(presence);
          const event = "presence";
          await first.happened(stage.room, { event, peer, presence: shown });
        };
        await publish("old");
        const presence = published(stage, "second");
        await publish("new");
        stage.tell("first", { type: "presence", id: peer, presence });
      },
      refused: [["first", "second", "replayed"]],
      meets: true,
      async check({ pages, room, id }) {
        const seen = await pages.first.peer(room, id("second"));
        assertEquals(seen?.presence, '"new"');
      },
    },
    {
      what: "shows a presence in clear",
      attack: (stage) =>
        onPresences(
          stage.id("second"),
          (presence) => presence && '{"name":"Eve"}',
        ),
      refused: [["first", "second", clear]],
      meets: true,
    },
    {
      what: "shows a page its own presence as another's",
      attack: (stage) =>
        onPresences(
          stage.id("second"),
          (presence) => presence && published(stage, "first"),
        ),
      refused: [["first", "second", "reflected"]],
      meets: true,
    },
    {
      what: "shows what a page has said in another room",
      async attack(stage) {
        const room = elsewhere(stage);
        for (const role of ["first", "second"] as const) {
          await stage.enter(role, room);
        }
        await stage.meet(room);
        return onPresences(
          stage.id("second"),
          (presence) => presence && published(stage, "second", room),
        );
      },
      then(stage) {
        for (const each of signals(stage, elsewhere(stage))) {
          if (each.to === "first") stage.tell("first", each.signal);
        }
        return Promise.resolve();
      },
      refused: elsewhereCodes.map((code) => ["first", "second", code]),
      meets: true,
    },
    {
      what: "shows a page that stays what one showed before it came back",
      attack: (stage) => new Substitute(stage.id("second")),
      async then(stage) {
        await stage.meet();
        const old = published(stage, "second");
        await stage.reenter("second", () => {
          stage.attack(Substitute).shown = old;
        });
      },
      refused: [],
      meets: true,
    },
    {
      what: "shows a page that comes what one showed before it came back",
      attack: (stage) => new Substitute(stage.id("first")),
      async then(stage) {
        await stage.meet();
        const old = published(stage, "first");
        await stage.reenter("first");
        await stage.reenter("second", () => {
          stage.attack(Substitute).shown = old;
        });
      },
      refused: [["first", "second", "stale"]],
      meets: true,
    },
    ghost(clear),
    {
      what: "makes up a member with the presence of another",
      attack: () => ({}),
      async then(stage) {
        await stage.meet();
        const presence = published(stage, "second");
        const peer = { id: GHOST, joinedAt: 0, presence, away: false };
        stage.tell("first", { type: "join", peer });
      },
      refused: [["first", "ghost", swapped]],
      meets: true,
    },
  ];
}

/** A plot in which the first page sees a member that does not exist, beside the second one. */
function ghost(code: UntrustedCode): Plot {
  return {
    what: "makes up a member",
    order: ["second", "first"],
    attack: (stage) =>
      new Ghost({
        id: GHOST,
        to: stage.id("first"),
        presence: '{"name":"Eve"}',
      }),
    refused: [["first", "ghost", code]],
    meets: true,
    check(stage) {
      const signals = stage.attack(Ghost).heard.filter(({ data }) =>
        readFrame(data)?.kind !== FRAME.hello
      );
      assertEquals(signals, [], "it was dialled");
      return Promise.resolve();
    },
  };
}
