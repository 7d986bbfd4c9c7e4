import type { Attack } from "../attack.ts";

/** Gives a page its own signals back, as if the one whom they are for had said them; that one gets them too. */
export function reflectSignals(id: string): Attack {
  return {
    toServer(message, page) {
      if (message.type === "signal" && page.id === id) {
        const { to: from, data } = message;
        page.tell({ type: "signal", from, data });
      }
      return [message];
    },
  };
}
