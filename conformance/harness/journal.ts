/** What happens during a scenario, one line each, in the order in which the harness sees it. */
export interface Journal {
  readonly lines: readonly string[];
  add(line: string): void;
  /** Something that is waited for may have changed without a line. */
  poke(): void;
  /** Resolves with `true` as soon as `look` does; with `false` when `ms` have passed. */
  until(look: () => boolean, ms: number): Promise<boolean>;
}

export function createJournal(): Journal {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const poke = (): void => {
    for (const wake of waiting) wake();
  };
  return {
    lines,
    add(line) {
      lines.push(line);
      poke();
    },
    poke,
    until: (look, ms) =>
      new Promise((resolve) => {
        const finish = (met: boolean): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve(met);
        };
        const wake = (): void => {
          if (look()) finish(true);
        };
        const timer = setTimeout(() => finish(look()), ms);
        waiting.add(wake);
        wake();
      }),
  };
}
