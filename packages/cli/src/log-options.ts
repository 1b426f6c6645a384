/** What can be said of the function's log (`docs/telemetry.md`). */
import type { FunctionConfiguration } from "@anylambda/sandbox";

export const logFormats = ["text", "json"] as const;
export const logLevels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
export const systemLogLevels = ["DEBUG", "INFO", "WARN"] as const;

export interface LogOptions {
  readonly logFormat?: (typeof logFormats)[number] | undefined;
  readonly logLevel?: (typeof logLevels)[number] | undefined;
  readonly systemLevel?: (typeof systemLogLevels)[number] | undefined;
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
