import { assertEquals } from "./assert_equals.ts";

/**
 * Asserts that an object has at least the given properties, as deep as they go.
 *
 * Classes do not count, only properties do. An array has to agree in every element that is expected, a `Map` in the keys
 * that are, a `Set` must have the members that are.
 *
 * @example Usage
 * ```ts
 * import { assertObjectMatch } from "@std/assert";
 *
 * assertObjectMatch({ id: "a", room: { name: "x", size: 2 } }, {
 *   room: { size: 2 },
 * });
 * ```
 *
 * @param actual The object at hand
 * @param expected The properties it should have
 * @param msg Added to the message of the error
 * @throws {AssertionError} If one is missing or differs
 */
export function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  // Cutting the expectation down to itself turns its instances into plain objects too.
  assertEquals(
    new Cut().object(actual, expected),
    new Cut().object(expected, expected),
    msg,
  );
}

/** Cuts a value down to the parts that a model of it has. */
class Cut {
  readonly #models = new Map<object, object>();

  object(value: object, model: object): object {
    if (this.#entered(value, model)) return value;
    const common = Reflect.ownKeys(value).filter((key) =>
      Object.hasOwn(model, key)
    );
    // Nothing in common: keep everything, so that the failure shows what there was.
    const strangers = common.length === 0 && Reflect.ownKeys(model).length > 0;
    const kept: object = {};
    for (const key of strangers ? Reflect.ownKeys(value) : common) {
      const part = Reflect.get(value, key);
      // Defined, not assigned: a key may be called `__proto__`.
      Object.defineProperty(kept, key, {
        configurable: true,
        enumerable: true,
        value: strangers ? part : this.#part(part, Reflect.get(model, key)),
        writable: true,
      });
    }
    return kept;
  }

  #part(value: unknown, model: unknown): unknown {
    if (!isObject(value) || !isObject(model) || value instanceof RegExp) {
      return value;
    }
    if (Array.isArray(value) && Array.isArray(model)) {
      if (this.#entered(value, model)) return value;
      return value.slice(0, model.length).map((element, index) =>
        this.#part(element, model[index])
      );
    }
    if (value instanceof Map && model instanceof Map) {
      return new Map(
        [...value].filter(([key]) => model.has(key)).map(([key, element]) => {
          const wanted = model.get(key);
          return [
            key,
            isObject(element) && isObject(wanted)
              ? this.object(element, wanted)
              : element,
          ];
        }),
      );
    }
    if (value instanceof Set && model instanceof Set) {
      return value.intersection(model);
    }
    return this.object(value, model);
  }

  /** Whether this pair is being cut already, further out: the way out of a cycle. */
  #entered(value: object, model: object): boolean {
    if (this.#models.get(value) === model) return true;
    this.#models.set(value, model);
    return false;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
