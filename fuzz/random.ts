/** Numbers that are random enough, and the same for the same seed. */
export interface Random {
  /** 0 to `limit` - 1; 0 when there is nothing to choose from. */
  below(limit: number): number;
  of<T>(choices: readonly [T, ...T[]]): T;
  maybe<T>(choices: readonly T[]): T | undefined;
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const below = (limit: number): number => (limit < 1 ? 0 : next() % limit);
  return {
    below,
    of: (choices) => choices[below(choices.length)] ?? choices[0],
    maybe: (choices) => choices[below(choices.length)],
  };
}
