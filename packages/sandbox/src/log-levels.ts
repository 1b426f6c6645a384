/**
 * What a function's log keeps of its output, and of the platform's (environment.md 3.7). Only the log: telemetry has
 * everything. Pure.
 */
import type { LogFrame, LogLevel, SandboxEvent } from "./events.ts";

export type SystemLogLevel = "DEBUG" | "INFO" | "WARN";

/** Lowest first. */
const order: readonly LogLevel[] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/** Whether a line of a function that logs JSON is in its log. What has no level, or none that is known, is INFO. */
export function isLogged(line: string, frame: LogFrame | undefined, least: LogLevel): boolean {
  const level = frame?.level ?? levelIn(line) ?? "INFO";
  return order.indexOf(level) >= order.indexOf(least);
}

function levelIn(line: string): LogLevel | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { level } = document as { readonly level?: unknown };
  if (typeof level !== "string") return undefined;
  return order.find((known) => known === level.toUpperCase());
}

/** Level of a platform record; `undefined` for what has no record. */
export function systemLevelOf(event: SandboxEvent, initializationType: string): SystemLogLevel | undefined {
  switch (event.type) {
    case "initStart":
    case "restoreStart":
      return event.runtimeVersion === undefined ? "DEBUG" : "INFO";
    case "initRuntimeDone":
    case "restoreRuntimeDone":
    case "runtimeDone":
      return event.status === "success" ? "DEBUG" : "WARN";
    case "initReport":
      if (event.status !== "success") return "WARN";
      return initializationType === "on-demand" ? "DEBUG" : "INFO";
    case "report":
    case "restoreReport":
      return event.status === "success" ? "INFO" : "WARN";
    case "extension":
      return event.errorType === undefined ? "INFO" : "WARN";
    case "start":
    case "telemetrySubscription":
    case "logsSubscription":
      return "INFO";
    case "logsDropped":
      return "WARN";
    default:
      return undefined;
  }
}

export function isSystemLogged(level: SystemLogLevel, least: SystemLogLevel): boolean {
  return order.indexOf(level) >= order.indexOf(least);
}
