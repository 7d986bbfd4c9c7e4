/**
 * The element of the page with that id.
 *
 * @throws {TypeError} If there is none of that type: page and code do not fit together.
 */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new TypeError(`The page has no ${type.name} with id "${id}"`);
}
