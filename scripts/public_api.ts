/**
 * The public API as text, one line for each symbol and member: what a user of
 * the package can name. As a program it writes that to `test/public_api.txt`,
 * which `test/public_api_test.ts` compares with the sources.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { run } from "./run.ts";

const ROOT = new URL("../", import.meta.url);

/** Where the agreed API is written down. */
export const PUBLIC_API_FILE = new URL("test/public_api.txt", ROOT);

/** The part that is read here of what `deno doc --json` answers. */
interface Doc {
  readonly nodes: Readonly<Record<string, { readonly symbols: Named[] }>>;
}

interface Named {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

interface Declaration {
  readonly kind: string;
  readonly def?: Definition;
}

interface Definition {
  readonly kind?: string;
  readonly extends?: string | ReadonlyArray<{ readonly repr: string }>;
  readonly params?: readonly Param[];
  readonly tsType?: Type;
  readonly constructors?: readonly Member[];
  readonly properties?: readonly Member[];
  readonly methods?: readonly Member[];
}

interface Member {
  readonly name: string;
  readonly kind?: string;
  readonly accessibility?: string;
  readonly readonly?: boolean;
  readonly optional?: boolean;
  readonly isStatic?: boolean;
  readonly params?: readonly Param[];
  readonly functionDef?: { readonly params: readonly Param[] };
}

interface Param {
  readonly kind: string;
  readonly name?: string;
  readonly optional?: boolean;
  readonly left?: Param;
  readonly arg?: Param;
}

interface Type {
  readonly kind: string;
  readonly repr?: string;
  readonly value?: unknown;
}

/** The public API of every entry point in `deno.json`, as the sources have it now. */
export async function publicApi(): Promise<string> {
  const entries = Object.entries(config.exports);
  const { nodes } = await readDoc(entries.map(([, path]) => path));
  const lines = entries.flatMap(([name, path]) => {
    const symbols = nodes[new URL(path, ROOT).href]?.symbols ?? [];
    return ["", config.name + name.slice(1), ...symbols.map(symbol).sort()];
  });
  return lines.slice(1).join("\n") + "\n";
}

async function readDoc(paths: readonly string[]): Promise<Doc> {
  const args = ["doc", "--json", ...paths];
  return JSON.parse(await run(Deno.execPath(), args, { cwd: ROOT }));
}

function symbol({ name, declarations }: Named): string {
  return declarations.map(({ kind, def = {} }) => {
    const members = [
      ...(def.constructors ?? []).map((each) => ({ ...each, kind: "new" })),
      ...(def.properties ?? []),
      ...(def.methods ?? []),
    ].filter((each) => each.accessibility !== "private");
    return [
      `  ${head(kind, name, def)}`,
      ...members.map((each) => `    ${member(each)}`).sort(),
    ].join("\n");
  }).join("\n");
}

function head(kind: string, name: string, def: Definition): string {
  switch (kind) {
    case "function":
      return `function ${name}${params(def.params)}`;
    case "variable":
      return `${def.kind} ${name}`;
    case "typeAlias":
      return `type ${name}${literals(def.tsType)}`;
    case "reference":
      return `re-export ${name}`;
    default: {
      const parents = typeof def.extends === "string"
        ? [def.extends]
        : (def.extends ?? []).map(({ repr }) => repr);
      return `${kind} ${name}` +
        (parents.length > 0 ? ` extends ${parents.join(", ")}` : "");
    }
  }
}

function member(each: Member): string {
  const { name, kind, isStatic, optional } = each;
  const takes = each.functionDef?.params ?? each.params;
  const prefix = isStatic ? "static " : "";
  switch (kind) {
    case "new":
      return `new ${params(takes)}`;
    case "getter":
      return `${prefix}get ${name}`;
    case "setter":
      return `${prefix}set ${name}`;
    case "method":
      return `${prefix}${name}${optional ? "?" : ""}${params(takes)}`;
    default:
      return prefix + (each.readonly ? "readonly " : "") + name +
        (optional ? "?" : "");
  }
}

function params(all: readonly Param[] = []): string {
  return `(${all.map(param).join(", ")})`;
}

function param({ kind, name, optional, left, arg }: Param): string {
  if (left) return `${param(left)}?`;
  if (arg) return `...${param(arg)}`;
  return (name ?? kind) + (optional ? "?" : "");
}

/** The members of a union of literals, which programs compare with. */
function literals(type: Type | undefined): string {
  const all: readonly Type[] = type?.kind === "union" &&
      Array.isArray(type.value)
    ? type.value
    : [];
  const isUnion = all.length > 0 && all.every(({ kind }) => kind === "literal");
  return isUnion ? ` = ${all.map(({ repr }) => repr).sort().join(" | ")}` : "";
}

if (import.meta.main) {
  await Deno.writeTextFile(PUBLIC_API_FILE, await publicApi());
  console.log("Wrote test/public_api.txt");
}
