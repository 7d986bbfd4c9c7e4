/** Resolves when a fault has lasted so long. Nothing is waited for: the time is what is done to the libraries. */
export function lasting(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
