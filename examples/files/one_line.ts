/** What somebody else has written, on one line, without what would turn the text around it, and not too long. */
export function oneLine(text: string, maxChars: number): string {
  const line = text.slice(0, 10 * maxChars)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    // Else "gpj.exe" could look like "exe.jpg".
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .trim();
  return [...line].slice(0, maxChars).join("");
}
