/** What can be said of the function's log (`docs/telemetry.md`). */
import type { FunctionConfiguration } from "@anylambda/sandbox";
import { InvalidArgumentError } from "commander";

export const logFormats = ["text", "json"] as const;
export const logLevels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
export const systemLogLevels = ["DEBUG", "INFO", "WARN"] as const;

type LogFormat = (typeof logFormats)[number];
type LogLevel = (typeof logLevels)[number];
type SystemLogLevel = (typeof systemLogLevels)[number];

export function logFormat(text: string): LogFormat {
  return oneOf(logFormats, text.toLowerCase());
}

export function logLevel(text: string): LogLevel {
  return oneOf(logLevels, text.toUpperCase());
}

export function systemLevel(text: string): SystemLogLevel {
  return oneOf(systemLogLevels, text.toUpperCase());
}

function oneOf<Choice extends string>(choices: readonly Choice[], text: string): Choice {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new InvalidArgumentError(`It is one of ${choices.join(", ")}.`);
  return found;
}

export interface LogOptions {
  readonly logFormat?: LogFormat | undefined;
  readonly logLevel?: LogLevel | undefined;
  readonly systemLevel?: SystemLogLevel | undefined;
  readonly framedLogs?: boolean | undefined;
}

type Settings = Pick<
  FunctionConfiguration,
  "logFormat" | "applicationLogLevel" | "systemLogLevel" | "logChannel"
>;

export function logSettingsOf({ logFormat, logLevel, systemLevel, framedLogs }: LogOptions): Settings {
  return {
    ...(logFormat === "json" && { logFormat: "JSON" as const }),
    ...(logLevel !== undefined && { applicationLogLevel: logLevel }),
    ...(systemLevel !== undefined && { systemLogLevel: systemLevel }),
    ...(framedLogs === true && { logChannel: "framed" as const }),
  };
}

/** Levels are for JSON only, on Lambda too: whoever set one in vain is told. */
export function logWarningsOf({ logFormat, logLevel, systemLevel }: LogOptions): string[] {
  if (logFormat === "json" || (logLevel === undefined && systemLevel === undefined)) return [];
  const name = logLevel === undefined ? "--system-level" : "--log-level";
  return [`${name} has no effect: Lambda filters by level only with --log-format json`];
}
