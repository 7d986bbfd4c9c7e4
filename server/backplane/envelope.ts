/** How many senders are remembered; of one that is forgotten nothing is dropped. */
const MAX_SENDERS = 1024;

/** Writes the sender on a frame, and which of its sessions it was sent in. */
export function seal(node: string, session: number, frame: string): string {
  return `${node} ${session} ${frame}`;
}

/**
 * Opens what others have sealed; gives `undefined` for what must not be heard:
 * frames of one's own, and those of a session that came before one which was
 * heard already. An engine that was frozen reads the connections it finds in
 * any order, so that the last words of an old one may come after the first of
 * the new one.
 */
export function opener(own: string): (text: string) => string | undefined {
  const sessions = new Map<string, number>();
  return (text) => {
    const nodeEnd = text.indexOf(" ");
    const sessionEnd = text.indexOf(" ", nodeEnd + 1);
    const node = text.slice(0, nodeEnd);
    const session = Number(text.slice(nodeEnd + 1, sessionEnd));
    // Whoever else may write into the engine writes no such head.
    if (nodeEnd < 1 || sessionEnd < 0 || !Number.isSafeInteger(session)) return;
    if (node === own || session < (sessions.get(node) ?? 0)) return;
    sessions.delete(node);
    sessions.set(node, session);
    const [eldest] = sessions.keys();
    if (sessions.size > MAX_SENDERS && eldest !== undefined) {
      sessions.delete(eldest);
    }
    return text.slice(sessionEnd + 1);
  };
}
