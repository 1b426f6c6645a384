/**
 * The log of a function whose log format is JSON (environment.md 3.7): its own lines from a level on, and the
 * platform's records in the envelope of the Telemetry API. In text format, see `report.ts`. Pure.
 */
import type { LogLevel, SandboxEvent } from "./events.ts";
import type { FunctionConfiguration } from "./function.ts";
import { isLogged, isSystemLogged, systemLevelOf, type SystemLogLevel } from "./log-levels.ts";
import { type TelemetryContext, telemetryRecordOf, telemetryTextOf } from "./telemetry/records.ts";

export interface JsonLog {
  readonly context: TelemetryContext;
  readonly applicationLogLevel: LogLevel;
  readonly systemLogLevel: SystemLogLevel;
}

/** `undefined` for a function that logs text. */
export function jsonLogOf(
  { logFormat, applicationLogLevel = "INFO", systemLogLevel = "INFO" }: FunctionConfiguration,
  context: TelemetryContext,
): JsonLog | undefined {
  return logFormat === "JSON" ? { context, applicationLogLevel, systemLogLevel } : undefined;
}

/** The event, with its lines in the log where `report.ts` would write others. */
export function withLogged(event: SandboxEvent, log: JsonLog | undefined): SandboxEvent {
  const logged = log === undefined ? undefined : jsonLogLinesOf(event, log);
  return logged === undefined ? event : { ...event, logged };
}

/** The lines of an event in the log; `undefined` for output, which stands there as it is. */
export function jsonLogLinesOf(event: SandboxEvent, log: JsonLog): readonly string[] | undefined {
  const { context, applicationLogLevel, systemLogLevel } = log;
  if (event.type === "log") {
    // Extensions have no level of their own to set.
    const isKept =
      event.source.kind === "extension" || isLogged(event.line, event.frame, applicationLogLevel);
    return isKept ? undefined : [];
  }
  const level = systemLevelOf(event, context.initializationType);
  if (level === undefined || !isSystemLogged(level, systemLogLevel)) return [];
  const record = telemetryRecordOf(event, context, "2025-01-29");
  return record === undefined ? [] : [telemetryTextOf(event.time, record)];
}
