/** Pairs of objects whose comparison has begun. Meeting one again means a cycle, which is equal as far as it goes. */
type Seen = Map<object, object>;

const TypedArray: abstract new () => ArrayLike<number | bigint> = Object
  .getPrototypeOf(Uint8Array);

/** Built-in classes whose string form says everything about an instance. */
const WRITTEN_OUT: ReadonlySet<unknown> = new Set([
  Intl.Locale.prototype,
  RegExp.prototype,
  Temporal.Duration.prototype,
  Temporal.Instant.prototype,
  Temporal.PlainDate.prototype,
  Temporal.PlainDateTime.prototype,
  Temporal.PlainMonthDay.prototype,
  Temporal.PlainTime.prototype,
  Temporal.PlainYearMonth.prototype,
  Temporal.ZonedDateTime.prototype,
  URL.prototype,
  URLSearchParams.prototype,
]);

/**
 * Whether two values have the same structure.
 *
 * `0` equals `-0` and `NaN` equals itself. Objects must share their prototype (a null-prototype object passes for a
 * plain one) and their keys, symbols included; a key that is present with `undefined` is not a missing key. Functions
 * are equal only to themselves.
 *
 * @throws {TypeError} If a `WeakMap` or `WeakSet` is met, since their contents cannot be listed
 */
export function equal(a: unknown, b: unknown): boolean {
  return same(a, b, new Map());
}

function same(a: unknown, b: unknown, seen: Seen): boolean {
  if (sameValueZero(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date && b instanceof Date) {
    return Object.is(a.getTime(), b.getTime());
  }
  if (rootOf(a) !== rootOf(b)) return false;
  if (a instanceof TypedArray && b instanceof TypedArray) {
    return sameElements(a, b);
  }
  if (isBuffer(a) && isBuffer(b)) {
    return sameElements(new Uint8Array(a), new Uint8Array(b));
  }
  if (a instanceof WeakMap) {
    throw new TypeError("Cannot compare WeakMap instances");
  }
  if (a instanceof WeakSet) {
    throw new TypeError("Cannot compare WeakSet instances");
  }
  if (a instanceof WeakRef && b instanceof WeakRef) {
    return same(a.deref(), b.deref(), seen);
  }
  if (seen.get(a) === b) return true;
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  seen.set(a, b);
  if (a instanceof Map && b instanceof Map) return sameMaps(a, b, seen);
  if (a instanceof Set && b instanceof Set) return sameSets(a, b, seen);
  if (WRITTEN_OUT.has(rootOf(a))) return String(a) === String(b);
  return sameProperties(a, b, seen);
}

function sameElements<T>(a: ArrayLike<T>, b: ArrayLike<T>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!sameValueZero(a[i], b[i])) return false;
  }
  return true;
}

function sameMaps(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  seen: Seen,
): boolean {
  if (a.size !== b.size) return false;
  if (!a.keys().some(isObjectOrFunction)) {
    return a.entries().every(([key, value]) =>
      b.has(key) && same(value, b.get(key), seen)
    );
  }
  // A key may be an object, so its counterpart has to be searched by structure.
  return a.entries().every(([key, value]) =>
    b.entries().some(([otherKey, otherValue]) =>
      same(key, otherKey, seen) && same(value, otherValue, seen)
    )
  );
}

function sameSets(a: Set<unknown>, b: Set<unknown>, seen: Seen): boolean {
  if (a.size !== b.size) return false;
  if (!a.values().some(isObjectOrFunction)) return a.isSubsetOf(b);
  return a.values().every((value) =>
    b.values().some((other) => same(value, other, seen))
  );
}

function sameProperties(a: object, b: object, seen: Seen): boolean {
  const root = rootOf(a);
  const plain = root === Object.prototype || root === Array.prototype;
  const keys = plain
    ? Reflect.ownKeys({ ...a, ...b })
    : [...chainKeys(a), ...chainKeys(b)];
  return keys.every((key) =>
    key in a === key in b &&
    same(Reflect.get(a, key), Reflect.get(b, key), seen)
  );
}

/** Every key of an instance and of its classes: what a getter answers is part of the value. */
function chainKeys(value: object): Set<PropertyKey> {
  const keys = new Set<PropertyKey>();
  let link: object | null = value;
  while (
    link !== null && link !== Object.prototype && link !== Array.prototype
  ) {
    for (const key of Reflect.ownKeys(link)) keys.add(key);
    link = Object.getPrototypeOf(link);
  }
  return keys;
}

/** The prototype of an object, where none at all counts as that of a plain object. */
function rootOf(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isObjectOrFunction(value: unknown): boolean {
  return isObject(value) || typeof value === "function";
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/** Equal as `Map` keys are. */
function sameValueZero(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}
