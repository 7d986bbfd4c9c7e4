/**
 * The first element in `root` that matches.
 *
 * @throws {TypeError} If there is none of that type: page and code do not fit together.
 */
export function find<T extends Element>(
  root: ParentNode,
  selector: string,
  type: new () => T,
): T {
  const found = root.querySelector(selector);
  if (found instanceof type) return found;
  throw new TypeError(`The page has no ${type.name} "${selector}"`);
}

/** A copy of the only element of the template that matches. */
export function copyOf(selector: string): HTMLElement {
  const { content } = find(document, selector, HTMLTemplateElement);
  return find(document.importNode(content, true), "*", HTMLElement);
}
