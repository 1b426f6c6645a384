/** Ctrl-C and its like. The first asks for an orderly end, the second for any end. */
export interface Interrupts {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<NodeJS.Signals>;
  /** Gives the signals back to Node. */
  release(): void;
}

// SIGHUP: the terminal was closed; without us the app would live on.
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function watchInterrupts(): Interrupts {
  const waiting: ((signal: NodeJS.Signals) => void)[] = [];
  const first = new Promise<NodeJS.Signals>((resolve) => waiting.push(resolve));
  const second = new Promise<NodeJS.Signals>((resolve) => waiting.push(resolve));
  const hear = (signal: NodeJS.Signals): void => waiting.shift()?.(signal);
  for (const signal of signals) process.on(signal, hear);
  return {
    first,
    second,
    release() {
      for (const signal of signals) process.off(signal, hear);
    },
  };
}
