import type { FunctionConfiguration } from "../function.ts";
import { functionArnOf } from "../identifiers.ts";
import type { Variables } from "../variables.ts";
import type { TelemetryContext } from "./records.ts";

/** What the records of an environment have in common; `environment` is its id. */
export function telemetryContextOf(
  configuration: FunctionConfiguration,
  { runtime }: Pick<Variables, "runtime">,
  environment: string,
): TelemetryContext {
  const { name, version, memorySizeMb, logFormat = "Text" } = configuration;
  return {
    functionName: name,
    functionVersion: version,
    functionArn: functionArnOf(configuration),
    initializationType: runtime["AWS_LAMBDA_INITIALIZATION_TYPE"] ?? "on-demand",
    memorySizeMb,
    instanceId: environment,
    logFormat,
  };
}
