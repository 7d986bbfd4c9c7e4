import { bundle } from "./bundle.ts";
import type { Side } from "./measurement.ts";

const PAGE = (side: Side) =>
  `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>${side}</title>
<script type="module" src="/${side}.js"></script>
`;

/** Bundles the contenders. Answers for the pages `/ours` and `/floor`, and for their scripts. */
export async function contenderPages(): Promise<
  (path: string) => Response | undefined
> {
  const scripts: Readonly<Record<Side, BodyInit>> = {
    ours: await bundle("./ours.ts"),
    floor: await bundle("./hand_written.ts"),
  };
  return (path) => {
    for (const side of ["ours", "floor"] as const) {
      if (path === `/${side}`) return respond(PAGE(side), "text/html");
      if (path === `/${side}.js`) {
        return respond(scripts[side], "text/javascript");
      }
    }
  };
}

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { "Content-Type": type } });
}
