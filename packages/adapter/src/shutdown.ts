import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";

/** Lambda kills what is left 2 s after it began to stop an environment (spec environment.md 2.6). */
const DRAIN_MS = 1800;

/** Counts the invocations under way, so that SIGTERM ends the process after them and not in their midst. */
export interface Drain {
  begin(): void;
  end(): void;
}

export function drainOnTerminate(platform: Platform, log: Log): Drain {
  let underWay = 0;
  let stopping = false;
  platform.onTerminate(() => {
    stopping = true;
    if (underWay === 0) return platform.exit(0);
    log.info("SIGTERM: finishing what is under way", { invocations: underWay });
    platform.after(DRAIN_MS, () => {
      log.warn("SIGTERM: out of time, the rest is cut off", { invocations: underWay });
      platform.exit(0);
    });
  });
  return {
    begin: () => {
      underWay++;
    },
    end: () => {
      underWay--;
      if (stopping && underWay === 0) platform.exit(0);
    },
  };
}
