/** What one person says, as it travels between two browsers: as JSON. */
export interface ChatMessage {
  /** What is said. */
  readonly text: string;
  /** Whether it was said to one person only. */
  readonly private: boolean;
}

/** Longest text, in UTF-16 code units. */
export const TEXT_CHARS = 2000;

/** Writes a message for the wire. */
export function encodeMessage(message: ChatMessage): string {
  return JSON.stringify(message);
}

/** Reads what a peer sent, who may send anything; `undefined` if it is no message. */
export function decodeMessage(
  data: string | ArrayBuffer,
): ChatMessage | undefined {
  // JSON needs six characters for one at most.
  if (typeof data !== "string" || data.length > 6 * TEXT_CHARS + 100) return;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return;
  }
  if (typeof message !== "object" || message === null) return;
  const { text, private: isPrivate } = message as Readonly<
    Record<string, unknown>
  >;
  if (typeof text !== "string" || text.trim() === "") return;
  return { text: text.slice(0, TEXT_CHARS), private: isPrivate === true };
}
