import type { Talker } from "./talker.ts";

/** A talker in a page or in another process. It says goodbye at the end of its block. */
export type FarTalker =
  & AsyncDisposable
  & {
    /** Its id. */
    readonly id: string;
  }
  & {
    readonly [Name in keyof Talker]: (
      ...args: Parameters<Talker[Name]>
    ) => Promise<Awaited<ReturnType<Talker[Name]>>>;
  };

/** What a talker is asked to do. */
export type Ask = <Name extends keyof Talker>(
  name: Name,
  args: Parameters<Talker[Name]>,
) => Promise<Awaited<ReturnType<Talker[Name]>>>;

/** A talker that is asked in some way. */
export function farTalker(id: string, ask: Ask): FarTalker {
  return {
    id,
    talk: () => ask("talk", []),
    hush: () => ask("hush", []),
    publish: (presence) => ask("publish", [presence]),
    until: (awaited) => ask("until", [awaited]),
    forget: () => ask("forget", []),
    report: () => ask("report", []),
    close: () => ask("close", []),
    [Symbol.asyncDispose]: () => ask("close", []),
  };
}
