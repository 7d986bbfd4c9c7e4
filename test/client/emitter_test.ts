import { assertEquals } from "@std/assert";
import { Emitter } from "../../client/emitter.ts";

/** What a listener hears that comes as the list is about to change. */
async function heardBy(how: "on" | "once"): Promise<string[]> {
  const emitter = new Emitter<{ list: (names: string) => void }>();
  let list = "one";
  const heard: string[] = [];
  emitter[how]("list", (names) => heard.push(names), () => [list]);
  list = "one, two";
  emitter.emit("list", list);
  await Promise.resolve();
  return heard;
}

Deno.test("Emitter tells a listener that comes late nothing older after news", async () => {
  assertEquals(await heardBy("on"), ["one, two", "one, two"]);
  assertEquals(await heardBy("once"), ["one, two"]);
});

Deno.test("Emitter tells a listener that comes late what is present, unless it has gone again", async () => {
  const emitter = new Emitter<{ list: (names: string) => void }>();
  const heard: string[] = [];
  emitter.on("list", (names) => heard.push(names), () => ["there"]);
  emitter.on("list", (names) => heard.push(names), () => undefined);
  emitter.on("list", (names) => heard.push(names));
  emitter.on("list", (names) => heard.push(names), () => ["gone"])();
  assertEquals(heard, []);
  await Promise.resolve();
  assertEquals(heard, ["there"]);
});
