/**
 * A weak entity tag (RFC 9110, section 8.8.3) that changes when the size or the time of a file does.
 */
export async function entityTag(
  { mtime, size }: Pick<Deno.FileInfo, "mtime" | "size">,
): Promise<string | undefined> {
  if (mtime === null) return undefined;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(mtime.toJSON()),
  );
  const hash = new Uint8Array(digest).toBase64().slice(0, 27);
  return `W/"${size.toString(16)}-${hash}"`;
}
