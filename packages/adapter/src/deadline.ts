import type { Platform } from "./platform.ts";

/** The time one invocation has for the app. */
export interface Deadline {
  /** What it had from the start, ms; infinite when Lambda named none. */
  readonly limitMs: number;
  /** The time is up, and what was watched has been cut off. */
  readonly expired: boolean;
  /** `cut` breaks off what is waited for; it is called when the time is up. A later one takes an earlier one's place. */
  watch(cut: () => void): void;
  /** Breaks off now what is being watched. */
  cut(): void;
  /** The invocation is over. */
  stop(): void;
}

/** One timer an invocation, whatever the app's answer goes through. */
export function startDeadline(platform: Platform, limitMs: number): Deadline {
  return new Timed(platform, limitMs);
}

class Timed implements Deadline {
  readonly limitMs: number;
  expired = false;
  #cut: (() => void) | undefined;
  readonly #cancel: (() => void) | undefined;

  constructor(platform: Platform, limitMs: number) {
    this.limitMs = limitMs;
    if (limitMs !== Number.POSITIVE_INFINITY)
      this.#cancel = platform.after(limitMs, () => {
        this.expired = true;
        this.cut();
      });
  }

  watch(one: () => void): void {
    this.#cut = one;
    if (this.expired) one();
  }

  cut(): void {
    this.#cut?.();
  }

  stop(): void {
    this.#cancel?.();
    // What is cut holds what holds this: without the end the collector would have to find that circle.
    this.#cut = undefined;
  }
}

/**
 * What is left until the invocation's deadline less the margin, ms; half of what is left when the margin would eat it
 * up. A deadline that is no number or has passed already tells of a wrong clock, not of haste.
 */
export function timeForApp(wallMs: number, deadlineMs: number, marginMs: number): number {
  const left = deadlineMs - wallMs;
  if (Number.isNaN(left) || left <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(left - marginMs, left / 2);
}
