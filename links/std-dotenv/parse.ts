import { expand } from "./expand.ts";

/** `export NAME =`, up to the value. */
const ASSIGNMENT = /\s*(?:export\s+)?([^\s=#]+)\s*=[ \t]*/y;

/** Single quotes, double quotes with escapes, or the rest of the line up to a comment. */
const VALUE = /'([^']*)'|"((?:\\[^]|[^"\\])*)"|[^\r\n#]*/y;

/** Up to and with the character that ends the line; of two, the second is blank space to the next one. */
const REST_OF_LINE = /.*[^]?/y;

const NAME = /^[a-zA-Z_]\w*$/;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ['"', '"'],
  ["\\", "\\"],
]);

/**
 * Parses the text of a `.env` file.
 *
 * A line is `NAME=value`, after `export` or not. `#` starts a comment. A quoted value may span lines, and a line break
 * right inside its quotes is dropped; in double quotes `\n`, `\r`, `\t`, `\"` and `\\` are escapes. Only in a value
 * without quotes are variables expanded: `$NAME`, `${NAME}`, `$NAME:-default`, `${NAME:-default}`, from the file first
 * and then from the environment, which needs the permission to read it. Names other than letters, digits and `_` are
 * ignored with a warning.
 *
 * @example Usage
 * ```ts
 * import { parse } from "@std/dotenv";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parse("PORT=8000 # where it listens"), { PORT: "8000" });
 * ```
 *
 * @param text The text of the file
 * @returns The variables by name
 */
export function parse(text: string): Record<string, string> {
  const variables = new Map<string, string>();
  const expandable: string[] = [];
  let index = 0;

  /** Takes what a sticky pattern finds next, or nothing. */
  function take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = index;
    const match = pattern.exec(text) ?? undefined;
    if (match !== undefined) index = pattern.lastIndex;
    return match;
  }

  while (index < text.length) {
    const name = take(ASSIGNMENT)?.[1];
    if (name !== undefined) {
      const [written = "", literal, escaped] = take(VALUE) ?? [];
      if (NAME.test(name)) {
        const bare = literal === undefined && escaped === undefined;
        if (bare && written !== "") expandable.push(name);
        variables.set(
          name,
          bare
            ? written.trim()
            : unwrap(literal) ?? unescape(unwrap(escaped) ?? ""),
        );
      } else {
        console.warn(
          `Ignored the key "${name}": it must be letters, digits and underscores, and not begin with a digit`,
        );
      }
    }
    take(REST_OF_LINE);
  }

  const unexpanded = new Map(variables);
  for (const name of expandable) {
    variables.set(name, expand(variables.get(name) ?? "", unexpanded));
  }
  // Without a prototype: a file may well say `toString=`.
  return Object.assign(Object.create(null), Object.fromEntries(variables));
}

/** A quoted text may begin and end on lines of its own. */
function unwrap(value: string | undefined): string | undefined {
  return value?.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
}

function unescape(value: string): string {
  return value.replace(
    /\\([nrt"\\])/g,
    (_, letter: string) => ESCAPES.get(letter) ?? letter,
  );
}
