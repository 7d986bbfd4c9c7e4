/** Takes what a developer may want to see. */
export type Debug = (...what: readonly unknown[]) => void;

/**
 * Logging for developers: to the console when `localStorage.DEBUG` names
 * `webrtc` or `*` (a list may be separated by commas), else to nowhere.
 */
export function createDebug(): Debug {
  let names = "";
  try {
    names = globalThis.localStorage?.getItem("DEBUG") ?? "";
  } catch {
    // Storage is denied to this page: no logging.
  }
  return /(^|[\s,])(webrtc|\*)($|[\s,])/.test(names)
    ? (...what) => console.debug("[webrtc]", ...what)
    : () => {};
}
