import type { Ledger } from "./ledger.ts";
import type { Membership } from "./membership.ts";
import type { Visitor } from "./visitor.ts";

/**
 * Complains if those who are in a room do not know the same of each other, know
 * somebody who has left, or if a signal got lost between them. Nobody may be
 * coming or going.
 */
export async function checkAgreement(
  visitors: readonly Visitor[],
  ledger: Ledger,
): Promise<void> {
  // After the first answers the server has heard everything, after the second it has told everybody.
  for (let round = 0; round < 2; round++) {
    await Promise.all(visitors.map((visitor) => visitor.ping()));
  }
  for (const visitor of visitors) visitor.checkFaults();
  const memberships = visitors.flatMap(({ membership }) => membership ?? []);
  const departed = new Set(visitors.map(({ departed }) => departed));
  const rooms = Map.groupBy(memberships, ({ room }) => room);
  for (const self of memberships) {
    ledger.count("compared at the end");
    for (const other of rooms.get(self.room) ?? []) {
      if (other !== self) check(self, other, ledger);
    }
    for (const id of self.others.keys()) {
      // Of one that was cut off, the server may not have heard yet.
      if (departed.has(id)) ledger.complain(`${self.id} still knows ${id}`);
    }
  }
}

function check(self: Membership, other: Membership, ledger: Ledger): void {
  const known = self.others.get(other.id);
  if (!known || known.away || known.joinedAt !== other.joinedAt) {
    ledger.complain(`${self.id} does not take ${other.id} for present`);
  } else if (known.presence !== other.presence) {
    ledger.complain(
      `${self.id} takes ${known.presence} for what ${other.id} published last, ${other.presence}`,
    );
  } else if (known.told !== other.heardFrom(self)) {
    ledger.complain(
      `${self.id} told ${other.id} ${known.told} times, which heard ${
        other.heardFrom(self)
      }`,
    );
  }
}
