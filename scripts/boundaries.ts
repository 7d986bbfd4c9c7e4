/**
 * A plugin for `deno lint` that holds the walls between the parts of the package.
 *
 * @module
 */
import { pathToFileURL } from "node:url";

const ROOT = new URL("../", import.meta.url).href;

/** Any package but this one. */
const PACKAGE = /^(?!@x\/)(npm:|jsr:|node:|[^:]+$)/;

/** What the files of one part may import, below the root of the package (a folder ends in `/`) and by name. */
interface Part {
  readonly paths: readonly string[];
  readonly names?: RegExp;
}

/** The part a file belongs to. Those of no part, such as tests, import what they like. */
function partOf(file: string): Part | undefined {
  const [folder, name] = file.split("/");
  switch (folder) {
    case "protocol.ts":
      return { paths: [] };
    case "mod.ts":
      return { paths: ["client/mod.ts"] };
    case "client":
      // No page can load a module of Node or JSR by its name.
      return {
        paths: ["client/", "protocol.ts"],
        names: /^(?!@x\/|@std\/)(npm:|[^:]+$)/,
      };
    case "server":
      return {
        paths: ["server/", "protocol.ts", "deno.json"],
        names: PACKAGE,
      };
    case "examples":
      return {
        paths: [`examples/${name}/`],
        names: new RegExp(`^@x/webrtc(/|$)|${PACKAGE.source}`),
      };
  }
}

function isAllowed(file: string, specifier: string, part: Part): boolean {
  if (!/^(\.|\/|file:)/.test(specifier)) {
    return part.names?.test(specifier) ?? false;
  }
  const { href } = new URL(specifier, ROOT + file);
  // A door is for those outside; inside it would only make a cycle.
  if (/^(client|server)\//.test(file) && href.endsWith("/mod.ts")) return false;
  return part.paths.some((allowed) =>
    allowed.endsWith("/")
      ? href.startsWith(ROOT + allowed)
      : href === ROOT + allowed
  );
}

function create(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const file = pathToFileURL(context.filename).href.slice(ROOT.length);
  const part = partOf(file);
  if (!part) return {};
  const report = (node: Deno.lint.Node, what: string) =>
    context.report({ node, message: `${file} must not ${what}` });
  const check = (node: { source: Deno.lint.Node | null }) => {
    if (node.source?.type !== "Literal") return;
    const specifier = String(node.source.value);
    if (!isAllowed(file, specifier, part)) {
      report(node.source, `import "${specifier}"`);
    }
  };
  return {
    ImportDeclaration: check,
    ImportExpression: check,
    ExportAllDeclaration: check,
    ExportNamedDeclaration: check,
    TSImportType(node) {
      if (node.argument.type === "TSLiteralType") {
        check({ source: node.argument.literal });
      }
    },
    Identifier(node) {
      if (node.name === "Deno" && /^(client\/|protocol\.ts$)/.test(file)) {
        report(node, "name Deno: it runs in a page");
      }
    },
    Program(program) {
      if (!/^((client|server)\/)?mod\.ts$/.test(file)) return;
      for (const node of program.body) {
        const reexports = node.type === "ExportAllDeclaration" ||
          node.type === "ExportNamedDeclaration" && node.source !== null;
        if (!reexports) report(node, "do anything but re-export");
      }
    },
  };
}

const plugin: Deno.lint.Plugin = {
  name: "webrtc",
  rules: { boundaries: { create } },
};

export default plugin;
