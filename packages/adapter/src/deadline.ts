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
  let expired = false;
  let cut = (): void => {};
  let cancel = (): void => {};
  if (limitMs !== Number.POSITIVE_INFINITY)
    cancel = platform.after(limitMs, () => {
      expired = true;
      cut();
    });
  return {
    limitMs,
    get expired() {
      return expired;
    },
    watch: (one) => {
      cut = one;
      if (expired) one();
    },
    cut: () => cut(),
    stop: () => cancel(),
  };
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
