/** What a file is now. */
export interface Version {
  /** Its entity tag. */
  readonly tag: string | undefined;
  /** When it was last modified. */
  readonly modifiedAt: Date | null;
}

/**
 * Whether the client has this version of a file already (RFC 9110, section 13.2.2): by `If-None-Match`, and only where
 * that is missing by `If-Modified-Since`.
 */
export function notModified(
  headers: Headers,
  { tag, modifiedAt }: Version,
): boolean {
  const tags = headers.get("if-none-match");
  if (tags !== null) return tag !== undefined && includesTag(tags, tag);
  const since = headers.get("if-modified-since");
  if (since === null || modifiedAt === null) return false;
  // The header counts whole seconds, the file does not.
  return modifiedAt.getTime() < Date.parse(since) + 1000;
}

/** Compares weakly, as `If-None-Match` wants it (RFC 9110, section 13.1.2). */
function includesTag(list: string, tag: string): boolean {
  if (list.trim() === "*") return true;
  return list.split(",").some((entry) => opaque(entry.trim()) === opaque(tag));
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, "");
}
