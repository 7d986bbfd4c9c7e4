/** 128 random bits. Not `crypto.randomUUID()`, which a page that came over plain HTTP lacks. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
