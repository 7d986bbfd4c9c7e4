import { find } from "./find.ts";
import { oneLine } from "./one_line.ts";

/** Longest name of a person, in characters. */
const NAME_CHARS = 32;
/** Where the own name is remembered. */
const STORED_NAME = "files-name";

const MOODS = ["Brave", "Calm", "Eager", "Gentle", "Jolly", "Quiet", "Swift"];
const ANIMALS = ["Badger", "Crane", "Fox", "Heron", "Lynx", "Otter", "Wren"];

/** The name that is in the field of the page: that of last time, or one that is made up. */
export function readOwnName(): string {
  const field = find(document, "#own-name", HTMLInputElement);
  field.value ||= recallName() || `${oneOf(MOODS)} ${oneOf(ANIMALS)}`;
  return field.value;
}

/** Tells when somebody has chosen another name. */
export function onOwnName(
  rename: (name: string) => void,
  signal: AbortSignal,
): void {
  const field = find(document, "#own-name", HTMLInputElement);
  field.addEventListener("change", () => {
    field.value = oneLine(field.value, NAME_CHARS);
    rememberName(field.value);
    rename(readOwnName());
  }, { signal });
}

/** The name that a peer publishes, who may publish anything. */
export function readName(presence: unknown): string {
  const { name } = (presence ?? {}) as Readonly<Record<string, unknown>>;
  const text = typeof name === "string" ? name : "";
  return oneLine(text, NAME_CHARS) || "Somebody";
}

function oneOf(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "";
}

function recallName(): string {
  try {
    return oneLine(localStorage.getItem(STORED_NAME) ?? "", NAME_CHARS);
  } catch {
    // Storage is denied to this page: a name is made up each time.
    return "";
  }
}

function rememberName(name: string): void {
  try {
    localStorage.setItem(STORED_NAME, name);
  } catch {
    // As above.
  }
}
