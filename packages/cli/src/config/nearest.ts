/** The word that was probably meant. */
import { distance } from "fastest-levenshtein";

/** `undefined` when none is near: a third of its letters may be wrong. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = word.toLowerCase();
  let best: string | undefined;
  let least = Math.ceil(word.length / 3) + 0.5;
  for (const one of known) {
    const far = distance(plain, one.toLowerCase());
    if (far < least) [best, least] = [one, far];
  }
  return best;
}
