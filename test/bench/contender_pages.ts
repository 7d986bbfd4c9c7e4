import { bundle } from "./bundle.ts";

/** Scripts of the pages that connect, by side. */
export const CONNECTING = {
  ours: "./ours.ts",
  floor: "./hand_written.ts",
} as const;

const PAGE = (side: string) =>
  `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>${side}</title>
<script type="module" src="/${side}.js"></script>
`;

/** A page that nothing of another origin is in has a clock of 5 us, not of 100 us (HR-Time 3, "coarsen time"). */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Bundles scripts. Answers for a page `/SIDE` of each, and for the script in it. */
export async function contenderPages(
  scripts: Readonly<Record<string, string>>,
): Promise<(path: string) => Response | undefined> {
  const answers = new Map<string, () => Response>();
  for (const [side, file] of Object.entries(scripts)) {
    const script = await bundle(file);
    answers.set(`/${side}`, () => respond(PAGE(side), "text/html"));
    answers.set(`/${side}.js`, () => respond(script, "text/javascript"));
  }
  return (path) => answers.get(path)?.();
}

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { "Content-Type": type, ...ISOLATED } });
}
