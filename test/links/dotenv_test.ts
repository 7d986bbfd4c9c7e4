import { assertEquals } from "@std/assert";
import { parse } from "@std/dotenv";

const ROWS: ReadonlyArray<
  [name: string, text: string, expected: Record<string, string>]
> = [
  ["there is none", "", {}],
  ["it is plain", "PORT=8000", { PORT: "8000" }],
  ["it is empty", "HOST=\nPORT=8000", { HOST: "", PORT: "8000" }],
  ["lines end in CR LF", "HOST=a\r\nPORT=8000\r\n", {
    HOST: "a",
    PORT: "8000",
  }],
  ["lines are empty", "\n\nHOST=a\n\n\nPORT=8000\n", {
    HOST: "a",
    PORT: "8000",
  }],
  ["lines are comments", "# HOST=a\n  # b\nPORT=8000", { PORT: "8000" }],
  ["a comment follows", "PORT=8000 # here", { PORT: "8000" }],
  ["a comment follows at once", "PORT=8000#here", { PORT: "8000" }],
  ["a comment follows the quotes", "PORT=\"8000\" # 'here'", { PORT: "8000" }],
  ["a line is no assignment", "PORT\nHOST=a", { HOST: "a" }],
  ["the name comes twice", "PORT=1\nPORT=2", { PORT: "2" }],
  ["space surrounds it", " \tPORT = \t8000  ", { PORT: "8000" }],
  ["it is exported", "export PORT=8000", { PORT: "8000" }],
  ["it has equals signs", "QUERY=a=1==2", { QUERY: "a=1==2" }],
  ["it has quotes inside", 'JSON={"a": "b"}', { JSON: '{"a": "b"}' }],
  ["single quotes are empty", "HOST=''", { HOST: "" }],
  ["double quotes are empty", 'HOST=""', { HOST: "" }],
  ["single quotes keep space", "NAME='  a  '", { NAME: "  a  " }],
  ["double quotes keep space", 'NAME="  a  "', { NAME: "  a  " }],
  ["quotes hold a comment sign", "A='#1'\nB=\"#2\"", { A: "#1", B: "#2" }],
  ["single quotes span lines", "KEY='a\nb'\nPORT=1", {
    KEY: "a\nb",
    PORT: "1",
  }],
  ["double quotes span lines", 'KEY="a\nb"\nPORT=1', {
    KEY: "a\nb",
    PORT: "1",
  }],
  ["quotes stand on their own lines", 'KEY="\na\nb\n"', { KEY: "a\nb" }],
  ["double quotes have escapes", 'KEY="a\\nb\\tc\\rd"', { KEY: "a\nb\tc\rd" }],
  ["double quotes end in an escape", 'KEY="a\\n"', { KEY: "a\n" }],
  ["double quotes escape a quote", 'KEY="a \\"b\\" c"', { KEY: 'a "b" c' }],
  ["single quotes have no escapes", "KEY='a\\nb'", { KEY: "a\\nb" }],
  ["there are no quotes for escapes", "KEY=a\\nb", { KEY: "a\\nb" }],
  ["single quotes hold a variable", "A=1\nB='$A'", { A: "1", B: "$A" }],
  ["double quotes hold a variable", 'A=1\nB="$A"', { A: "1", B: "$A" }],
  ["a variable is escaped", "A=1\nB=\\$A", { A: "1", B: "\\$A" }],
];

for (const [name, text, expected] of ROWS) {
  Deno.test(`parse reads a value when ${name}`, () => {
    assertEquals(parse(text), expected);
  });
}

/** Each row: what B is, where A is 1, and what it becomes. */
const EXPANSIONS: ReadonlyArray<[name: string, b: string, expanded: string]> = [
  ["a variable is bare", "$A", "1"],
  ["a variable is in braces", "${A}", "1"],
  ["variables stand among text", "a$A-${A}b", "a1-1b"],
  ["a variable comes later in the file", "$C", "3"],
  ["a variable has a variable", "$D", "1"],
  ["a variable with a default is there", "${A:-2}", "1"],
  ["a bare variable with a default is there", "$A:-2", "1"],
  ["a default counts", "${DOTENV_UNSET:-2}", "2"],
  ["a bare default counts", "$DOTENV_UNSET:-2", "2"],
  ["a default is a path", "${DOTENV_UNSET:-/a/b}", "/a/b"],
  ["a default is a variable", "${DOTENV_UNSET:-$A}", "1"],
  ["a default is a variable in braces", "${DOTENV_UNSET:-${A}}", "1"],
  ["a default has a default", "${DOTENV_UNSET:-${DOTENV_UNSET:-2}}", "2"],
];

for (const [name, b, expanded] of EXPANSIONS) {
  Deno.test(`parse expands a value when ${name}`, () => {
    assertEquals(parse(`A=1\nB=${b}\nC=3\nD=$A`)["B"], expanded);
  });
}

Deno.test("parse reads the environment when the file has no such variable", () => {
  Deno.env.set("DOTENV_SET", "outside");
  try {
    assertEquals(parse("B=${DOTENV_SET}")["B"], "outside");
    assertEquals(parse("B=${DOTENV_SET:-default}")["B"], "outside");
    assertEquals(parse("DOTENV_SET=inside\nB=$DOTENV_SET")["B"], "inside");
  } finally {
    Deno.env.delete("DOTENV_SET");
  }
});

Deno.test("parse leaves the environment alone when it reads a variable", () => {
  parse("DOTENV_UNSET=1");
  assertEquals(Deno.env.get("DOTENV_UNSET"), undefined);
});
