/** How many colours the style sheet has. */
const HUES = 8;

/** Gives an avatar the first letter of the name, and a colour that stays the same for an id. */
export function paintAvatar(
  avatar: HTMLElement,
  { id, name }: { readonly id: string; readonly name: string },
): void {
  let sum = 0;
  for (const character of id) sum += character.codePointAt(0) ?? 0;
  avatar.dataset.hue = String(sum % HUES);
  avatar.textContent = [...name][0]?.toUpperCase() ?? "";
}
