/**
 * Waiting for a condition over state that others change, with a deadline and one way to fail.
 *
 *  (1) One waiter at a time: an environment does one thing at a time.
 *  (2) The first failure is the one reported; later ones change nothing.
 *  (3) No promise outlives its wait: racing with a promise that lives as long as the environment would keep
 *      a reaction of every invocation in memory.
 */
export class Watch<Failure> {
  #failure: Failure | undefined;
  #waiter: { readonly done: () => boolean; readonly settle: (outcome: Outcome) => void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** The first call decides. */
  fail(failure: Failure): void {
    this.#failure ??= failure;
    this.#waiter?.settle("failed");
  }

  /** To be called after every change that a condition may look at. */
  changed(): void {
    const waiter = this.#waiter;
    if (waiter?.done() === true) waiter.settle("met");
  }

  /** Resolves when `done` holds, when something failed, or `ms` from now. */
  until(done: () => boolean, ms: number): Promise<Outcome> {
    if (this.#waiter !== undefined)
      throw new Error("watch.ts (1): somebody waits already. This is a bug in the sandbox");
    if (this.#failure !== undefined) return Promise.resolve("failed");
    if (done()) return Promise.resolve("met");
    return new Promise((resolve) => {
      this.#setTimer(ms);
      this.#waiter = {
        done,
        settle: (outcome) => {
          this.#waiter = undefined;
          // It keeps no process alive in which nobody waits.
          this.#timer?.unref();
          resolve(outcome);
        },
      };
    });
  }

  /** One timer, set back each time, while the wait is as long as the one before: making and clearing one costs more. */
  #setTimer(ms: number): void {
    // Timers take whole milliseconds and drop the rest; a deadline must not come early.
    const whole = Math.max(0, Math.ceil(ms));
    if (whole === this.#timerMs && this.#timer !== undefined) {
      this.#timer.ref().refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#timerMs = whole;
    this.#timer = setTimeout(() => {
      // One that has run out would keep no process alive any more.
      this.#timer = undefined;
      this.#waiter?.settle("late");
    }, whole);
  }
}

export type Outcome = "met" | "failed" | "late";

/** Resolves when what has arrived by now, in whatever socket or pipe, has been read. */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Resolves when everything has run that only promises stand before, however many. */
export function endOfPromises(): Promise<void> {
  return new Promise((resolve) => {
    // Ticks come before promises, unless one of these makes them.
    queueMicrotask(() => process.nextTick(resolve));
  });
}
