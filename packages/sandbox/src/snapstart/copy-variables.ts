import type { FunctionConfiguration } from "../function.ts";
import { logStreamOf, newEnvironmentId } from "../identifiers.ts";
import { type Variables, variablesOf } from "../variables.ts";
import { credentialsPath } from "./credentials.ts";

/** Variables of a boot that becomes a snapshot, or stands in for one (environment.md 4.7). */
export function copyVariablesOf(
  configuration: FunctionConfiguration,
  { runtimeApi, credentialsToken, path }: CopyPlace,
): Variables {
  return variablesOf(configuration, {
    runtimeApi,
    logStream: logStreamOf(configuration.version, newEnvironmentId(), new Date()),
    path,
    snapStart: { credentialsUri: `http://${runtimeApi}${credentialsPath}`, credentialsToken },
  });
}

export interface CopyPlace {
  readonly runtimeApi: string;
  readonly credentialsToken: string;
  readonly path: string;
}
