/** What a target is, and what targets are made of. */
import { randomOf } from "./random.ts";

/** Something to fuzz, and what must hold of it for any input. */
export interface Target {
  readonly name: string;
  /** Whether inputs are also made by changing values of a JSON text. */
  readonly isJson: boolean;
  /** Words of the format, for the mutations. */
  readonly words: readonly string[];
  /** Throws when something does not hold: that is a find. */
  check(input: Uint8Array): void;
}

/** `actual` and `wanted` as JSON, so that a find can be read. */
export function same(what: string, actual: unknown, wanted: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${what}: ${one?.slice(0, 2000)} instead of ${other?.slice(0, 2000)}`);
}

export function holds(what: string, condition: boolean): void {
  if (!condition) throw new Error(what);
}

/** Ways to cut the input up, which follow from it, so that a find can be repeated. */
export function splitsOf(bytes: Uint8Array): Uint8Array[][] {
  const random = randomOf(bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) >>> 0, bytes.length));
  const sizes = [() => 1 + random.below(bytes.length)];
  if (bytes.length <= 2000) sizes.push(() => 1 + random.below(4));
  if (bytes.length <= 300) sizes.push(() => 1);
  return sizes.map((size) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + size();
      // A copy each, as pieces from a socket are buffers of their own.
      pieces.push(bytes.slice(at, end));
      at = end;
    }
    return pieces;
  });
}

/** The text as JSON, `undefined` when it is none; no JSON text is `undefined`. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
