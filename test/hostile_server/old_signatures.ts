import type { Disguise } from "./disguise.ts";
import { SIGNED_TEXT } from "./signed_text.ts";

/** Puts its own words below what victims have signed. */
export function oldSignatures(): Disguise {
  return {
    read: ({ data }) => SIGNED_TEXT.read(data),
    write: (text, { like }) =>
      like === undefined ? undefined : SIGNED_TEXT.replace(like, text),
  };
}
