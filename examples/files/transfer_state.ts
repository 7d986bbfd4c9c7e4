/**
 * Where a transfer stands.
 *
 * - `offered`: whoever gets it has not accepted it yet
 * - `moving`: it was accepted
 * - `done`: all of it was read, and its digest is right
 * - `declined`: whoever was to get it does not want it
 * - `cancelled`: either side has stopped it
 * - `failed`: it did not arrive, and why
 */
export type TransferState =
  | { readonly state: "offered" | "moving" | "declined" }
  | { readonly state: "done"; readonly saved: boolean }
  | { readonly state: "cancelled"; readonly by: "us" | "them" }
  | { readonly state: "failed"; readonly why: string };

/** Whether nothing more happens to it. */
export function isOver({ state }: TransferState): boolean {
  return state !== "offered" && state !== "moving";
}
