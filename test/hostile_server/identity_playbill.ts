import { assert } from "@std/assert";
import { createIdentity, createRoomKey } from "../../mod.ts";
import {
  alterText,
  rewriteCandidates,
  swapFingerprint,
} from "./attacks/alter_text.ts";
import { Misbinding } from "./attacks/misbinding.ts";
import { onPresences } from "./attacks/on_presences.ts";
import { impostor } from "./impostor.ts";
import { oldSignatures } from "./old_signatures.ts";
import { bothSay, manInTheMiddle } from "./man_in_the_middle_plot.ts";
import { opaqueAttacks } from "./opaque_attacks.ts";
import type { Playbill } from "./playbill.ts";
import { secretOf } from "./secret_of.ts";
import { SIGNED_TEXT } from "./signed_text.ts";
import type { Plot, Stage } from "./stage.ts";

const KEY = createRoomKey();

/** Changes what the second page says. */
function altering(
  change: (text: string) => string,
): (stage: Stage) => ReturnType<Plot["attack"]> {
  return (stage) => {
    const way = { from: stage.id("second"), to: stage.id("first") };
    return alterText(way, change, SIGNED_TEXT);
  };
}

/** A member passes two pages off as itself. They learn of it from each other, once they are connected. */
function misbinding(): Plot {
  return {
    what: "lets a member pass two pages off as itself",
    async attack(stage) {
      const { room } = stage;
      const identity = await createIdentity();
      const victims = [stage.id("first"), stage.id("second")] as const;
      return new Misbinding({ room, identity, victims });
    },
    async then(stage) {
      const { identity: { id } } = stage.attack(Misbinding);
      await stage.pages.second.dial(stage.room, id).catch(() => {});
      for (const role of ["first", "second"] as const) {
        await stage.pages[role].happened(stage.room, {
          event: "peer-state",
          peer: id,
          state: "closed",
        });
      }
    },
    refused: [],
    meets: false,
    async check({ pages, room }) {
      const all = await Promise.all([
        pages.first.happenings(room),
        pages.second.happenings(room),
      ]);
      const codes = all.flat().flatMap(({ code = [] }) => code);
      // Who is told first ends it.
      assert(codes.includes("identity-mismatch"));
    },
  };
}

const WITHOUT_KEY: readonly Plot[] = [
  {
    what: "names another certificate in descriptions",
    attack: altering(swapFingerprint),
    refused: [["first", "second", "forged"]],
    meets: false,
  },
  {
    what: "leads candidates to another place",
    attack: altering(rewriteCandidates),
    refused: [["first", "second", "forged"]],
    meets: null,
  },
  {
    what: "names another certificate in a presence",
    attack: (stage) =>
      onPresences(stage.id("second"), (presence) => {
        const text = SIGNED_TEXT.read(presence ?? "");
        if (presence === null || text === undefined) return presence;
        const altered = text.replace(/sha-256 [\dA-F:]{2}/, "sha-256 A5");
        return SIGNED_TEXT.replace(presence, altered);
      }),
    refused: [["first", "second", "forged"]],
    meets: true,
  },
  misbinding(),
  manInTheMiddle(
    "stands in the middle with old signatures",
    () => oldSignatures,
    [["first", "second", "forged"]],
  ),
  manInTheMiddle(
    "stands in the middle with an identity of its own",
    async ({ room }) => impostor({ room, identity: await createIdentity() }),
    bothSay("identity-mismatch"),
  ),
];

const WITH_KEY: readonly Plot[] = [
  manInTheMiddle(
    "stands in the middle with an identity of its own and the key",
    async ({ room }) =>
      impostor({
        room,
        secret: await secretOf(KEY, room),
        identity: await createIdentity(),
      }),
    bothSay("identity-mismatch"),
  ),
  manInTheMiddle(
    "stands in the middle with the key and no identity",
    async ({ room }) => impostor({ room, secret: await secretOf(KEY, room) }),
    bothSay("identity-missing"),
  ),
];

const PLOTS = [
  ...opaqueAttacks({
    clear: "identity-missing",
    swapped: "identity-mismatch",
    elsewhere: ["forged", "stale"],
  }),
  ...WITHOUT_KEY,
];

/** What is played between pages with identities. */
export const IDENTITY_PLAYBILL: Playbill = {
  name: "identities",
  protection: { identity: true },
  plots: PLOTS,
  mixed: PLOTS.filter(({ what }) => /middle|later|descriptions/.test(what)),
  slow: [],
};

/** What is played between such pages in a room with a key. */
export const BOTH_PLAYBILL: Playbill = {
  name: "identities and a room key",
  protection: { identity: true, key: [...KEY] },
  plots: WITH_KEY,
  mixed: [],
  slow: [],
};
