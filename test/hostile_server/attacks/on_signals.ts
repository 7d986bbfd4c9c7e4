import type { SignalFrom } from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";

/** Who said a signal, and whom it is for. */
export interface Way {
  /** Id of who said it. @default {anybody} */
  readonly from?: string;
  /** Id of who gets it. @default {anybody} */
  readonly to?: string;
}

/** Puts others in the place of signals on their way to a page. */
export function onSignals(
  { from, to }: Way,
  change: (signal: SignalFrom, page: HostilePage) => SignalFrom[],
): Attack {
  return {
    toPage(message, page) {
      const meant = message.type === "signal" &&
        (from ?? message.from) === message.from && (to ?? page.id) === page.id;
      return meant ? change(message, page) : [message];
    },
  };
}
