/**
 * Waits for an answer, but not for longer than that.
 *
 * @throws {Error} If there was none by then, with that as its message; or whatever the answer was rejected with.
 */
export async function within<T>(
  limitMs: number,
  answer: Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  // In two halves: a process that was held up itself, past the limit, still
  // reads what has come meanwhile, before the second half is over.
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      late.reject(new Error(`no answer within ${limitMs} ms`));
    }, limitMs / 2);
  }, limitMs / 2);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
