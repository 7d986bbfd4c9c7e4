import { bundle } from "./bundle.ts";

/** Scripts of the pages that connect, by side. */
export const CONNECTING = {
  ours: "./ours.ts",
  floor: "./hand_written.ts",
} as const;

const PAGE = (side: string, script: string) =>
  `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>${side}</title>
<script type="module" src="/${side}/${script}"></script>
`;

/** A page that nothing of another origin is in has a clock of 5 us, not of 100 us (HR-Time 3, "coarsen time"). */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Bundles scripts. Answers for a page `/SIDE` of each, and for what it loads. */
export async function contenderPages(
  scripts: Readonly<Record<string, string>>,
): Promise<(path: string) => Response | undefined> {
  const answers = new Map<string, () => Response>();
  for (const [side, file] of Object.entries(scripts)) {
    const bundled = await bundle(file);
    const [main = ""] = bundled.keys();
    answers.set(`/${side}`, () => respond(PAGE(side, main), "text/html"));
    for (const [name, script] of bundled) {
      const answer = () => respond(script, "text/javascript");
      answers.set(`/${side}/${name}`, answer);
    }
  }
  return (path) => answers.get(path)?.();
}

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { "Content-Type": type, ...ISOLATED } });
}
