import { byId } from "./by_id.ts";

/** A copy of what a template holds. */
export interface Copy {
  /** The element itself, to be put somewhere. */
  readonly root: Element;
  /** The first part of it that matches. */
  part(selector: string): HTMLElement;
}

/**
 * Copies the only element of the template with that id.
 *
 * @throws {TypeError} If there is no such template or it is empty.
 */
export function fromTemplate(id: string): Copy {
  const { content } = byId(id, HTMLTemplateElement);
  const root = document.importNode(content, true).firstElementChild;
  if (!root) throw new TypeError(`The template "${id}" is empty`);
  return {
    root,
    part(selector) {
      const found = root.querySelector(selector);
      if (found instanceof HTMLElement) return found;
      throw new TypeError(`The template "${id}" has no "${selector}"`);
    },
  };
}
