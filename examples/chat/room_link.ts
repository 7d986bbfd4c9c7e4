import { byId } from "./by_id.ts";

/** What {@linkcode offerLink} needs. */
export interface LinkOptions {
  /** Name of the room. */
  readonly room: string;
  /** Tells the person something. */
  readonly notice: (text: string) => void;
  /** Aborted when the room is left. */
  readonly signal: AbortSignal;
}

/** Makes the address of the page lead to the room, and lets its buttons copy it. */
export function offerLink({ room, notice, signal }: LinkOptions): void {
  const link =
    new URL(`/?room=${encodeURIComponent(room)}`, location.href).href;
  history.replaceState(null, "", link);
  const field = byId("link", HTMLInputElement);
  field.value = link;

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      notice("Link copied.");
    } catch {
      // Pages over plain HTTP have no clipboard, and a person may deny it.
      field.select();
      notice("Copy the address of this page: it leads to this room.");
    }
  }

  for (const id of ["copy-button", "alone-copy-button"]) {
    byId(id, HTMLButtonElement).addEventListener("click", copy, { signal });
  }
}
