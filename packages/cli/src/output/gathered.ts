/**
 * What is told in one turn of the event loop, written at its end in one piece: an invocation tells five lines, and each
 * write to a pipe or terminal is a call that waits.
 *
 *  (1) Nothing is lost: what is left when the process ends is written then.
 *  (2) Order is kept.
 */
export interface Gathered {
  readonly write: (text: string) => void;
  /** Writes what was gathered, now. */
  readonly flush: () => void;
}

export function gathered(stream: { write(text: string): unknown }): Gathered {
  let texts: string[] = [];
  const flush = (): void => {
    if (texts.length === 0) return;
    const text = texts.join("");
    texts = [];
    stream.write(text);
  };
  process.once("exit", flush);
  return {
    write(text) {
      texts.push(text);
      if (texts.length === 1) setImmediate(flush);
    },
    flush,
  };
}
