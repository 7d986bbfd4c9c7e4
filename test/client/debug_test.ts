import { assertEquals } from "@std/assert";
import { createDebug } from "../../client/debug.ts";

/** Whether logging is on when `localStorage.DEBUG` is `value`. */
function logs(value: string | null): boolean {
  const { debug } = console;
  let logged = false;
  console.debug = () => logged = true;
  const storage = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    value: { getItem: (name: string) => name === "DEBUG" ? value : null },
  });
  try {
    createDebug()("something");
    return logged;
  } finally {
    console.debug = debug;
    if (storage) Object.defineProperty(globalThis, "localStorage", storage);
  }
}

for (const value of ["webrtc", "*", "app,webrtc", "webrtc other", "app, *"]) {
  Deno.test(`createDebug logs when DEBUG is "${value}"`, () => {
    assertEquals(logs(value), true);
  });
}

for (const value of [null, "", "app", "webrtc2", "my-webrtc", "web", "app:*"]) {
  Deno.test(`createDebug is silent when DEBUG is ${JSON.stringify(value)}`, () => {
    assertEquals(logs(value), false);
  });
}
