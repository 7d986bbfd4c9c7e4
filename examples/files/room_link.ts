import { find } from "./find.ts";

/** The room that the fragment of the link names; one that nobody can guess if it names none. */
export function roomOfLink(): string {
  let room: string;
  try {
    room = decodeURIComponent(location.hash.slice(1));
  } catch {
    // It was no text that was encoded.
    room = location.hash.slice(1);
  }
  if (room === "") {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    room = [...bytes].map((byte) => (byte % 32).toString(32)).join("");
    history.replaceState(null, "", `#${room}`);
  }
  // Another link in the same window leads to another room.
  globalThis.addEventListener("hashchange", () => location.reload());
  return room;
}

/** Lets the buttons of the page copy its link. */
export function offerLink(
  announce: (text: string) => void,
  signal: AbortSignal,
): void {
  const field = find(document, "#link", HTMLInputElement);
  field.value = location.href;
  const buttons = document.querySelectorAll<HTMLButtonElement>(".copy");
  for (const button of buttons) {
    const label = find(button, ".label", HTMLElement);
    const { textContent } = label;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(location.href);
        label.textContent = "Copied";
        announce("Link copied");
      } catch {
        // Pages over plain HTTP have no clipboard, and a person may deny it.
        label.textContent = "Copy the address of this page";
        field.select();
      }
    }, { signal });
    button.addEventListener("blur", () => label.textContent = textContent, {
      signal,
    });
  }
}
