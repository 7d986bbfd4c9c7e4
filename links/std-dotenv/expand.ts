/** `${NAME}` or `$NAME`, either with a default. Only the second can be escaped by a backslash. */
const REFERENCE = /\$\{(.+?)(?::-(.+))?\}|(?<!\\)\$(\w+)(?::-(.+))?/g;

/**
 * Replaces the variables in a value, and those in what comes in their place.
 *
 * A variable is looked up in `variables`, then in the environment; then its default counts. Without one the text becomes
 * `undefined`, as in the original.
 */
export function expand(
  value: string,
  variables: ReadonlyMap<string, string>,
): string {
  const expanded = value.replace(
    REFERENCE,
    (
      _,
      braced: string | undefined,
      bracedDefault: string | undefined,
      bare: string | undefined,
      bareDefault: string | undefined,
    ) => {
      const name = braced ?? bare ?? "";
      return variables.get(name) ?? Deno.env.get(name) ?? bracedDefault ??
        bareDefault ?? "undefined";
    },
  );
  return expanded === value ? value : expand(expanded, variables);
}
