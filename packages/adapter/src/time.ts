import type { Clock, Platform } from "./platform.ts";

export function sleep(platform: Platform, ms: number): Promise<void> {
  return new Promise((resolve) => {
    platform.after(ms, resolve);
  });
}

/**
 * The outcome of `work`, or `onTimeout()` thrown when it takes longer than `ms`. `work` itself is not stopped:
 * `onTimeout` closes what it waits for. An infinite limit costs nothing.
 */
export async function within<T>(
  platform: Platform,
  ms: number,
  work: Promise<T>,
  onTimeout: () => Error,
): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return work;
  let cancel = (): void => {};
  const expiry = new Promise<never>((_, reject) => {
    cancel = platform.after(ms, () => {
      reject(onTimeout());
    });
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    cancel();
  }
}

/**
 * How long ago `since` was, ms, by whichever clock says longer: the monotonic one stands nearly still while an
 * environment is frozen or snapshotted, the wall clock can be set (spec adapter.md 7.3).
 */
export function elapsed(since: Clock, now: Clock): number {
  return Math.max(now.monotonic - since.monotonic, Math.abs(now.wall - since.wall));
}
