/** Waiting for conditions, so that no test sleeps or trusts a duration. */

/** Resolves with the first value of `look` that is not `undefined` or `false`. The test's own timeout is the limit. */
export async function eventually<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    await turn();
  }
}

/** One turn of the event loop: whatever the sockets have by now has been seen after it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

/** Several turns, for tests that something does *not* happen. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/** Something to wait at until the test says so. */
export function gate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
