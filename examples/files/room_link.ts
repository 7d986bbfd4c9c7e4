import {
  type ConnectOptions,
  createRoomKey,
  roomKeyFromLink,
  roomLink,
} from "@x/webrtc";
import { find } from "./find.ts";

/**
 * The room that the fragment of the link names, and its key, if the link has
 * one. A link that names none gets both, so that nobody can guess either.
 *
 * @throws {TypeError} If the key is damaged.
 */
export function roomOfLink(): Pick<ConnectOptions, "room" | "roomKey"> {
  if (nameOfLink() === "") {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    const room = [...bytes].map((byte) => (byte % 32).toString(32)).join("");
    const link = new URL(`#${room}`, location.href);
    // Where there is no WebCrypto nothing can be sealed, and no digest be compared.
    const whole = isSecureContext ? roomLink(link, createRoomKey()) : link;
    history.replaceState(null, "", whole);
  }
  const room = nameOfLink();
  const roomKey = roomKeyFromLink(location.href);
  return roomKey ? { room, roomKey } : { room };
}

function nameOfLink(): string {
  const [name = ""] = location.hash.slice(1).split("&");
  try {
    return decodeURIComponent(name);
  } catch {
    // It was no text that was encoded.
    return name;
  }
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
