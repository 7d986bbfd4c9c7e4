/** Ends a failure's first sentence: with the caller's own words after a colon, or with a full stop. */
export function suffixed(sentence: string, msg: string | undefined): string {
  return msg ? `${sentence}: ${msg}` : `${sentence}.`;
}
