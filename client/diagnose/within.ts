/** Runs a task whose signal is aborted after `ms` milliseconds, or together with `signal`. */
export async function within<Result>(
  ms: number,
  signal: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  const timer = setTimeout(
    () => controller.abort(new DOMException("no answer", "TimeoutError")),
    ms,
  );
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  try {
    return await task(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
