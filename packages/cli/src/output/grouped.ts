/**
 * Keeps the lines of invocations apart that run at the same time: one environment is told as it goes on, what the others say
 * is held back and told together when their invocation is over.
 *
 *  (1) What one environment says stays in its order, and nothing is lost.
 *  (2) Nothing is held longer than `holdMs`, and no more than `mostHeld` of it.
 *  (3) What is of no environment is told at once.
 */
import type { Notice, Reporter } from "./notice.ts";

interface Held {
  readonly notices: Notice[];
  readonly timer: NodeJS.Timeout;
}

const holdMs = 1000;
const mostHeld = 200;

export function groupedReporter(reporter: Reporter): Reporter {
  /** The environment that is told as it goes on, while it is at an invocation. */
  let live: string | undefined;
  const working = new Set<string>();
  const held = new Map<string, Held>();

  const flush = (environment: string): void => {
    const own = held.get(environment);
    if (own === undefined) return;
    held.delete(environment);
    clearTimeout(own.timer);
    for (const notice of own.notices) reporter.tell(notice);
  };
  const hold = (environment: string, notice: Notice): void => {
    let own = held.get(environment);
    if (own === undefined) {
      const timer = setTimeout(() => flush(environment), holdMs);
      own = { notices: [], timer: timer.unref() };
      held.set(environment, own);
    }
    own.notices.push(notice);
    if (own.notices.length >= mostHeld) flush(environment);
  };
  const finish = (environment: string): void => {
    working.delete(environment);
    flush(environment);
    if (live !== environment) return;
    // The next one goes on where it is.
    [live] = working;
    if (live !== undefined) flush(live);
  };

  return {
    tell(notice) {
      if (!("environment" in notice)) {
        for (const environment of held.keys()) flush(environment);
        reporter.tell(notice);
        return;
      }
      const { environment } = notice;
      if (notice.type === "start") {
        working.add(environment);
        live ??= environment;
      }
      if (live === undefined || live === environment || !working.has(environment)) {
        flush(environment);
        reporter.tell(notice);
      } else hold(environment, notice);
      if (notice.type === "report" || notice.type === "shutdown") finish(environment);
    },
  };
}
