/** Ctrl-C and its like. The first asks for an orderly end, the second is told apart. */
export interface Interrupts {
  readonly first: Promise<Interrupt>;
  readonly second: Promise<Interrupt>;
  /** Rejects with what nobody caught: a bug, but one that must not leave the app behind. */
  readonly crash: Promise<never>;
  /** Gives the signals back to Node. */
  release(): void;
}

type Interrupt = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGPIPE";

// SIGHUP: the terminal was closed; without us the app would live on.
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function watchInterrupts(): Interrupts {
  const waiting: ((signal: Interrupt) => void)[] = [];
  const first = new Promise<Interrupt>((resolve) => waiting.push(resolve));
  const second = new Promise<Interrupt>((resolve) => waiting.push(resolve));
  const hear = (signal: Interrupt): void => waiting.shift()?.(signal);
  for (const signal of signals) process.on(signal, hear);
  let crashed: (error: unknown) => void = () => undefined;
  const crash = new Promise<never>((_resolve, reject) => (crashed = reject));
  process.on("uncaughtException", crashed);
  // Node ignores SIGPIPE and reports EPIPE at every write: `anylambda dev | head` ends with its reader, once.
  let closed = false;
  const unread = (): void => {
    if (!closed) hear("SIGPIPE");
    closed = true;
  };
  process.stdout.on("error", unread);
  process.stderr.on("error", unread);
  return {
    first,
    second,
    crash,
    release() {
      process.off("uncaughtException", crashed);
      for (const signal of signals) process.off(signal, hear);
      // The listeners for EPIPE stay: what is still to be written must not become a crash.
    },
  };
}
