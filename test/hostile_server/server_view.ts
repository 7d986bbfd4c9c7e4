import type {
  ClientMessage,
  ServerMessage,
  SignalFrom,
} from "../../protocol.ts";
import type { Way } from "./attacks/on_signals.ts";
import type { Role, Stage } from "./stage.ts";

/** From the second page, which offers, to the first one. */
export function way(stage: Stage): Required<Way> {
  return { from: stage.id("second"), to: stage.id("first") };
}

/** What a page has published last. */
export function published(
  stage: Stage,
  role: Role,
  room: string = stage.room,
): string | null {
  const messages = stage.server.recorder.frames(room)
    .filter(({ to, page, frame }) =>
      to === "server" && page === stage.id(role) && frame.startsWith("{")
    )
    .map(({ frame }): ClientMessage => JSON.parse(frame))
    .filter((message) => message.type === "presence");
  return messages.at(-1)?.presence ?? null;
}

/** The signals of a room, in order. */
export function signals(
  stage: Stage,
  room: string = stage.room,
): { readonly signal: SignalFrom; readonly to: Role | undefined }[] {
  return stage.server.recorder.frames(room).flatMap(({ page, to, frame }) => {
    if (to === "server") return [];
    const message: ServerMessage = JSON.parse(frame);
    const role = (["first", "second", "third"] as const).find((role) =>
      stage.id(role) === page
    );
    return message.type === "signal" ? [{ signal: message, to: role }] : [];
  });
}

/** Another room of the same protection. */
export function elsewhere({ room }: Stage): string {
  return `before ${room}`;
}
