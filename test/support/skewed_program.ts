/**
 * The program on a machine whose clock is wrong, by as many milliseconds as the
 * query of this module's URL says. What measures time without a date goes on as
 * it was, as on such a machine.
 *
 * @module
 */
const skewMs = Number(new URL(import.meta.url).searchParams.get("ms"));
const Right = Date;

globalThis.Date = new Proxy(Right, {
  // Both without arguments are the present.
  apply: () => new Right(Right.now() + skewMs).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(
      target,
      args.length > 0 ? args : [Right.now() + skewMs],
      newTarget,
    ),
  get: (target, name, receiver) =>
    name === "now"
      ? () => Right.now() + skewMs
      : Reflect.get(target, name, receiver),
});

// Not before: what it imports may look at the clock, or keep it.
const { runProgram } = await import("../../server/program.ts");
await runProgram();

export {};
