/** What a server answered to a plain GET. */
export interface Told {
  /** HTTP status. */
  readonly status: number;
  /** Body, as it is. */
  readonly text: string;
  /** Fields of the body, if it is a JSON object. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Code of the error in it, if there is one. */
  readonly code: string | undefined;
}

/** No answer takes longer. */
const ANSWER_MS = 10_000;

/** Asks for a URL, and reads the answer to its end. */
export async function tell(url: string): Promise<Told> {
  const response = await fetch(url, {
    headers: { Connection: "close" },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const text = await response.text();
  const fields = text.startsWith("{") ? JSON.parse(text) : {};
  const { status } = response;
  return { status, text, fields, code: fields.error?.code };
}
