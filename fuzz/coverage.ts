/** Which parts of the code under test an input reaches, as V8 counts them. */
import { Session } from "node:inspector";

/**
 * A byte a character of the script: a bit for each magnitude of counts with which it was reached. V8 joins and splits
 * its ranges as counts fall, so characters are compared and not ranges.
 */
export type Reached = Uint8Array;

export interface Coverage {
  /** What `action` reaches. Overwritten by the next call. */
  of(action: () => void): Reached;
  stop(): void;
}

/** Of the script with this URL, which is `length` characters long. */
export function startCoverage(script: string, length: number): Coverage {
  const session = new Session();
  session.connect();
  // In the same thread the answer is there when `post` returns.
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const reached = new Uint8Array(length);
  const take = (): void => {
    reached.fill(0);
    session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw error;
      // Outer functions and ranges come first; what lies within is painted over them.
      for (const { functions } of result.filter(({ url }) => url === script))
        for (const { ranges } of functions)
          for (const { startOffset, endOffset, count } of ranges)
            reached.fill(magnitude(count), startOffset, endOffset);
    });
  };
  return {
    of: (action) => {
      take();
      action();
      take();
      return reached;
    },
    stop: () => session.disconnect(),
  };
}

/** Once, twice, a few times, many times: a loop that goes round once more is no news. */
function magnitude(count: number): number {
  return count === 0 ? 0 : 1 << Math.min(6, Math.ceil(Math.log2(count)));
}

/** Whether `more` holds a character that was not reached at all. */
export function hasNewPlace(more: Reached, all: Reached): boolean {
  return more.some((bits, at) => bits !== 0 && all[at] === 0);
}

/** Adds `more` to `all`; whether there was something to add, counts included. */
export function addTo(all: Reached, more: Reached): boolean {
  let isNew = false;
  for (let at = 0; at < more.length; at++) {
    const bits = more[at] ?? 0;
    const before = all[at] ?? 0;
    if ((bits & ~before) === 0) continue;
    all[at] = before | bits;
    isNew = true;
  }
  return isNew;
}

/** Makes the places of `more` known ones in `all`, whatever their counts. */
export function markPlaces(all: Reached, more: Reached): void {
  for (const [at, bits] of more.entries()) if (bits !== 0) all[at] = (all[at] ?? 0) | 0x80;
}
