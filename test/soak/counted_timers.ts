/**
 * Counts the timers that a program has under way. Import it before whatever
 * sets them.
 *
 * @module
 */
const pending = new Set<unknown>();

/** How many timers are under way that were set with `setTimeout` or `setInterval`. */
export function pendingTimers(): number {
  return pending.size;
}

// Proxies, since the types of Deno, of the DOM and of Node do not agree on what these functions are.
globalThis.setTimeout = new Proxy(globalThis.setTimeout, {
  apply(setTimeout, self, [callback, ...rest]) {
    function fire(...args: unknown[]): void {
      pending.delete(timer);
      Reflect.apply(callback, self, args);
    }
    const timer: unknown = Reflect.apply(setTimeout, self, [fire, ...rest]);
    pending.add(timer);
    return timer;
  },
});
globalThis.setInterval = new Proxy(globalThis.setInterval, {
  apply(setInterval, self, args) {
    const timer: unknown = Reflect.apply(setInterval, self, args);
    pending.add(timer);
    return timer;
  },
});
globalThis.clearTimeout = new Proxy(globalThis.clearTimeout, {
  apply(clearTimeout, self, args) {
    pending.delete(args[0]);
    Reflect.apply(clearTimeout, self, args);
  },
});
globalThis.clearInterval = new Proxy(globalThis.clearInterval, {
  apply(clearInterval, self, args) {
    pending.delete(args[0]);
    Reflect.apply(clearInterval, self, args);
  },
});
