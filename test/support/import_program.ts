// Imports the client and ends: a timer, a socket or a word would be a side effect.
const names = new Set(Object.getOwnPropertyNames(globalThis));
await import("../../mod.ts");
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (!names.has(name)) console.log(`new global: ${name}`);
}
