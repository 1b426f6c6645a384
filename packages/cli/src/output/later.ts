/**
 * What environments tell is made into text a moment later, and many of it at once: an invocation tells four times, and none
 * of that should stand between a caller and its answer.
 *
 *  (1) Order is kept: what is of no environment is told at once, after all that came before it.
 *  (2) Nothing is lost: what is left when the process ends is told then.
 *  (3) Nothing waits longer than `delayMs`, which nobody sees.
 */
import type { Notice, Reporter } from "./notice.ts";

const delayMs = 5;

export function laterReporter(reporter: Reporter): Reporter {
  let waiting: Notice[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tellAll = (): void => {
    const notices = waiting;
    waiting = [];
    for (const notice of notices) reporter.tell(notice);
  };
  // Before the listener that writes what was told.
  process.prependOnceListener("exit", tellAll);
  return {
    tell(notice) {
      waiting.push(notice);
      if (!("environment" in notice)) tellAll();
      else if (waiting.length > 1) return;
      // One timer, set back each time. Nobody has to live for it: what is left is told at the end.
      else if (timer === undefined) timer = setTimeout(tellAll, delayMs).unref();
      else timer.refresh();
    },
  };
}
