/** Waits for something, and says what it was if it takes too long. */
export async function within<Value>(
  ms: number,
  what: string | (() => string),
  value: Promise<Value>,
): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const words = typeof what === "string" ? what : what();
    reject(new Error(`Not within ${ms} ms: ${words}`));
  }, ms);
  try {
    return await Promise.race([value, promise]);
  } finally {
    clearTimeout(timer);
  }
}
