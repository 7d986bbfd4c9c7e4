import type { Vectors } from "../client/trust/make_vectors.ts";
import vectors from "../client/trust/vectors.json" with { type: "json" };

/** What `client/trust/` must say, byte by byte. */
export const VECTORS: Vectors = vectors as unknown as Vectors;

const { input: { presence, signal }, output: { id } } = VECTORS;

/** What whoever opens their frames finds: the presence so far, whether it is asked for an answer, the signal, and who said it. */
export const EXPECTED_OPEN: readonly unknown[] = [null, id, id].flatMap((
  id,
) => [
  [presence, false, null, id],
  [presence, true, null, id],
  [presence, false, signal, id],
]);
