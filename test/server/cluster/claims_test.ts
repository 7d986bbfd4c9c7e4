import { assertEquals } from "@std/assert";
import type { Link } from "../../../server/backplane/backplane.ts";
import { Claims, RENEWALS } from "../../../server/cluster/claims.ts";

/** Claims in an engine that answers or not, and the names that it was asked to take back. */
function claimsOf(): { claims: Claims; asked: string[]; isUp: boolean } {
  const engine = {
    isUp: true,
    asked: [] as string[],
    claims: new Claims(
      {
        renew: () => answer([]),
        claim: () => answer("own"),
        release(names) {
          engine.asked.push(...names);
          return answer(undefined);
        },
      } as Partial<Link> as Link,
      () => {},
    ),
  };
  const answer = <T>(value: T) =>
    engine.isUp ? Promise.resolve(value) : Promise.reject(new Error("down"));
  return engine;
}

/** Resolves when all answers are in. */
function answered(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("Claims give back what the engine did not take back, when it does", async () => {
  const engine = claimsOf();
  const { claims, asked } = engine;
  claims.hold("a");
  engine.isUp = false;
  claims.release("a");
  await answered();
  await claims.renew();
  engine.isUp = true;
  await claims.renew();
  assertEquals(asked, ["a", "a", "a"]);
  await claims.renew();
  assertEquals(asked.length, 3);
});

Deno.test("Claims forget what the engine did not take back once it has run out there", async () => {
  const engine = claimsOf();
  const { claims, asked } = engine;
  claims.hold("a");
  engine.isUp = false;
  claims.release("a");
  await answered();
  for (let renewal = 0; renewal <= RENEWALS; renewal++) await claims.renew();
  assertEquals(asked.length, 1 + RENEWALS);
});

Deno.test("Claims give nothing back that is claimed again", async () => {
  const engine = claimsOf();
  const { claims, asked } = engine;
  claims.hold("a");
  claims.hold("b");
  engine.isUp = false;
  claims.release("a");
  claims.release("b");
  await answered();
  engine.isUp = true;
  await claims.claim("a");
  claims.hold("b");
  asked.splice(0);
  await claims.renew();
  assertEquals(asked, []);
});
