/** What everybody in the room publishes about themselves, as presence. */
export interface Person {
  /** The name that was chosen. */
  readonly name: string;
  /** Whether a message to everyone is being written. */
  readonly typing: boolean;
}

/** Longest name, in characters. */
export const NAME_CHARS = 32;

/** Reads the presence of a peer, who may publish anything; `undefined` if it is no person. */
export function readPerson(presence: unknown): Person | undefined {
  if (typeof presence !== "object" || presence === null) return;
  const { name, typing } = presence as Readonly<Record<string, unknown>>;
  if (typeof name !== "string") return;
  const clean = cleanName(name);
  return clean === "" ? undefined : { name: clean, typing: typing === true };
}

/** The name on one line, without what would turn the text around it, and not too long. */
export function cleanName(name: string): string {
  const line = name.slice(0, 10 * NAME_CHARS)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .trim();
  return [...line].slice(0, NAME_CHARS).join("");
}

/** A name for each id. Who shares a name with somebody else gets the beginning of the id with it. */
export function distinctNames(
  names: ReadonlyMap<string, string>,
): Map<string, string> {
  const times = new Map<string, number>();
  for (const name of names.values()) {
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return new Map([...names].map(([id, name]) => {
    const alone = times.get(name) === 1;
    return [id, alone ? name : `${name} (${cleanName(id).slice(0, 4)})`];
  }));
}
