/**
 * For programs: one JSON object a line. `type` tells them apart: `starting`, `listening`, `initStart`, `initReport`,
 * `log`, `start`, `end`, `report`, `fault`, `shutdown`, `warning`, `failure`, `stopping`. `time` is ISO 8601; `text`
 * stands where Lambda writes a line to its log, and is that line.
 */
import { logLinesOf } from "@anylambda/sandbox";
import type { Notice, Reporter } from "./notice.ts";

export function jsonReporter(write: (text: string) => void): Reporter {
  return {
    tell(notice) {
      const { type, ...rest } = notice;
      const text = textOf(notice);
      write(`${JSON.stringify({ type, time: new Date(), ...rest, ...(text !== undefined && { text }) })}\n`);
    },
  };
}

function textOf(notice: Notice): string | undefined {
  switch (notice.type) {
    case "initReport":
    case "start":
    case "end":
    case "report":
    case "fault": {
      const lines = logLinesOf(notice);
      return lines.length === 0 ? undefined : lines.join("\n");
    }
    // A log has its line, the others have no place in Lambda's log.
    case "log":
    case "initStart":
    case "shutdown":
    case "starting":
    case "listening":
    case "warning":
    case "failure":
    case "stopping":
      return undefined;
  }
}
