import type {
  ClientMessage,
  Member,
  ServerMessage,
} from "../../../protocol.ts";
import type { Attack, HostilePage } from "../attack.ts";

/** Who is shown as whom. */
export interface SwapIdsOptions {
  /** Id of the page that shall believe it. */
  readonly to: string;
  /** Id of who is really there. */
  readonly real: string;
  /** Id that it is shown with; its true owner is hidden. */
  readonly as: string;
}

/** Shows one page another one under the id of a third, in all that is said either way. */
export function swapIds({ to, real, as }: SwapIdsOptions): Attack {
  const renamed = (id: string) => id === real ? as : id;
  const shown = (members: readonly Member[]) =>
    members.filter(({ id }) => id !== as)
      .map((member) => ({ ...member, id: renamed(member.id) }));
  return {
    toServer(message: ClientMessage, { id }: HostilePage): ClientMessage[] {
      return message.type === "signal" && id === to && message.to === as
        ? [{ ...message, to: real }]
        : [message];
    },
    toPage(message: ServerMessage, { id }: HostilePage): ServerMessage[] {
      if (id !== to) return [message];
      switch (message.type) {
        case "welcome":
          return [{ ...message, peers: shown(message.peers) }];
        case "join":
          return shown([message.peer]).map((peer) => ({ ...message, peer }));
        case "presence":
          return message.id === as
            ? []
            : [{ ...message, id: renamed(message.id) }];
        case "signal":
          return message.from === as
            ? []
            : [{ ...message, from: renamed(message.from) }];
        default:
          return [message];
      }
    },
  };
}
