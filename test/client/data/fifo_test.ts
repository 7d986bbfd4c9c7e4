import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Fifo } from "../../../client/data/fifo.ts";

Deno.test("Fifo gives what an array would, whatever is done to it", () => {
  const deed = fc.constantFrom("push", "push", "shift", "remove", "clear");
  const deeds = fc.array(fc.tuple(deed, fc.nat({ max: 30 })));
  fc.assert(fc.property(deeds, (deeds) => {
    const fifo = new Fifo<number>();
    const array: number[] = [];
    for (const [index, [deed, number]] of deeds.entries()) {
      switch (deed) {
        case "push":
          fifo.push(index);
          array.push(index);
          break;
        case "shift":
          assertEquals(fifo.shift(), array.shift());
          break;
        case "remove": {
          const at = array.indexOf(number);
          if (at >= 0) array.splice(at, 1);
          assertEquals(fifo.remove(number), at >= 0);
          break;
        }
        default:
          assertEquals(fifo.clear(), array.splice(0));
      }
      assertEquals(fifo.length, array.length);
    }
    assertEquals(fifo.clear(), array);
  }));
});
