/**
 * For programs: one JSON object a line. `type` tells them apart: `starting`, `listening`, `warning`, `failure` and
 * `stopping` are the command's own, all others are the sandbox's events. `time` is ISO 8601; `text` stands where Lambda
 * writes a line to its log, and is that line.
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
  // A log has its line; what the command itself says has no place in Lambda's log.
  if (!("environment" in notice) || notice.type === "log") return undefined;
  const lines = logLinesOf(notice);
  return lines.length === 0 ? undefined : lines.join("\n");
}
