/**
 * Who sees which environment variable (environment.md 4.7). Pure.
 * A child gets exactly what stands here: nothing of the developer's own environment but `PATH`, and that only
 * because the programs of `/var/lang/bin` do not exist on a laptop.
 */
import type { Credentials, FunctionConfiguration } from "./function.ts";
import { metadataTokenOf } from "./metadata-endpoint.ts";

/** Where the function runs; on Lambda these are the platform's constants. */
export interface Place {
  /** Value of `AWS_LAMBDA_RUNTIME_API`. */
  readonly runtimeApi: string;
  readonly logStream: string;
  /** Search path for programs. */
  readonly path: string;
  /** For temporary files, where `/tmp` is not the environment's own. */
  readonly temporary?: string | undefined;
  /** For a version that becomes a snapshot: where its processes get their credentials. */
  readonly snapStart?: { readonly credentialsUri: string; readonly credentialsToken: string };
  /** `on-demand` unless told otherwise. */
  readonly initializationType?: InitializationType;
}

/** Value of `AWS_LAMBDA_INITIALIZATION_TYPE` (environment.md 4.2). */
export type InitializationType = "on-demand" | "provisioned-concurrency" | "lambda-managed-instances";

export interface Variables {
  readonly runtime: Readonly<Record<string, string>>;
  readonly extension: Readonly<Record<string, string>>;
  /** User variables that Lambda would not have taken. */
  readonly refused: readonly RefusedVariable[];
}

export interface RefusedVariable {
  readonly name: string;
  /** `reserved`: set by Lambda. `malformed`: a name must match `[a-zA-Z][a-zA-Z0-9_]+`. */
  readonly reason: "reserved" | "malformed";
}

export function variablesOf(configuration: FunctionConfiguration, place: Place): Variables {
  const platform = platformVariables(configuration, place);
  const accepted: Record<string, string> = {};
  const refused: RefusedVariable[] = [];
  for (const [name, value] of Object.entries(configuration.variables)) {
    if (reserved.has(name)) refused.push({ name, reason: "reserved" });
    else if (!wellFormed.test(name)) refused.push({ name, reason: "malformed" });
    else accepted[name] = value;
  }
  const runtime = {
    ...overridable(configuration, place),
    ...accepted,
    ...platform,
    ...managedVariables(configuration),
  };
  const visible = Object.entries(runtime).filter(([name]) => !name.startsWith("_") && !hidden.has(name));
  return { runtime, extension: Object.fromEntries(visible), refused };
}

const wellFormed = /^[a-zA-Z][a-zA-Z0-9_]+$/;

/** What the user's own variables win over. */
function overridable(configuration: FunctionConfiguration, place: Place): Record<string, string> {
  const { taskRoot, optRoot } = configuration;
  return {
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    PATH: optRoot === undefined ? place.path : `${place.path}:${optRoot}/bin`,
    // Lambda's list without the system's directories: those name the libraries of Amazon Linux, and naming the
    // laptop's here would put them before what a program's own RUNPATH asks for.
    LD_LIBRARY_PATH: [taskRoot, `${taskRoot}/lib`, ...(optRoot === undefined ? [] : [`${optRoot}/lib`])].join(
      ":",
    ),
    AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
    // Not Lambda's: there `/tmp` is the environment's own, and here what asks for a place gets one of its own.
    ...(place.temporary !== undefined && { TMPDIR: place.temporary }),
    // Lambda's daemon is at 169.254.100.1; from a laptop that address would leave the machine.
    AWS_XRAY_DAEMON_ADDRESS: "127.0.0.1:2000",
  };
}

function platformVariables(configuration: FunctionConfiguration, place: Place): Record<string, string> {
  const { snapStart } = place;
  return {
    _HANDLER: configuration.handler,
    AWS_REGION: configuration.region,
    AWS_DEFAULT_REGION: configuration.region,
    AWS_LAMBDA_FUNCTION_NAME: configuration.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memorySizeMb),
    AWS_LAMBDA_FUNCTION_VERSION: configuration.version,
    ...(snapStart === undefined
      ? onDemand(configuration, place)
      : {
          AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start",
          // What differs between the copies of a snapshot cannot be a variable (environment.md 6.4).
          AWS_CONTAINER_CREDENTIALS_FULL_URI: snapStart.credentialsUri,
          AWS_CONTAINER_AUTHORIZATION_TOKEN: snapStart.credentialsToken,
        }),
    AWS_LAMBDA_RUNTIME_API: place.runtimeApi,
    AWS_LAMBDA_METADATA_API: place.runtimeApi,
    AWS_LAMBDA_METADATA_TOKEN: metadataTokenOf(configuration),
    _AWS_XRAY_DAEMON_ADDRESS: "127.0.0.1",
    _AWS_XRAY_DAEMON_PORT: "2000",
    LAMBDA_TASK_ROOT: configuration.taskRoot,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    ...logVariables(configuration, place),
  };
}

function logVariables(
  { logFormat, applicationLogLevel = "INFO", logChannel }: FunctionConfiguration,
  { snapStart }: Place,
): Record<string, string> {
  return {
    ...(logFormat === "JSON"
      ? { AWS_LAMBDA_LOG_FORMAT: "JSON", AWS_LAMBDA_LOG_LEVEL: applicationLogLevel }
      : {}),
    // A pipe is nothing that a snapshot could bring back.
    ...(logChannel === "framed" && snapStart === undefined
      ? { [logChannelVariable]: String(logChannelFd) }
      : {}),
  };
}

/** The runtime's only: extensions see no name that begins with `_`. The number is AWS's. */
export const logChannelVariable = "_LAMBDA_TELEMETRY_LOG_FD";
export const logChannelFd = 62;

function onDemand(configuration: FunctionConfiguration, place: Place): Record<string, string> {
  const credentials = configuration.credentials ?? fakeCredentials;
  return {
    AWS_LAMBDA_INITIALIZATION_TYPE: place.initializationType ?? "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${configuration.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: place.logStream,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  };
}

/** Managed Instances log JSON and nothing else (environment.md 4.7). */
function managedVariables({
  environmentConcurrency,
  applicationLogLevel = "INFO",
}: FunctionConfiguration): Record<string, string> {
  if (environmentConcurrency === undefined) return {};
  return {
    AWS_LAMBDA_MAX_CONCURRENCY: String(environmentConcurrency),
    AWS_LAMBDA_LOG_FORMAT: "json",
    AWS_LAMBDA_LOG_LEVEL: applicationLogLevel.toLowerCase(),
  };
}

/**
 * Not real: well formed, so that an SDK starts, and refused by AWS, so that a laptop never acts with somebody's
 * rights by accident.
 */
export const fakeCredentials: Credentials = {
  accessKeyId: "ASIAANYLAMBDAFAKE000",
  secretAccessKey: "anylambda/fake/secret/access/key/0000000",
  sessionToken: "anylambda-fake-session-token",
};

/** Names Lambda sets and refuses in a function's configuration. */
const reserved: ReadonlySet<string> = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_MAX_CONCURRENCY",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_LAMBDA_METADATA_API",
  "AWS_LAMBDA_METADATA_TOKEN",
  "LAMBDA_TASK_ROOT",
  "LAMBDA_RUNTIME_DIR",
]);

/** What extensions do not see, besides every name that begins with `_`. */
const hidden: ReadonlySet<string> = new Set([
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_XRAY_CONTEXT_MISSING",
  "AWS_XRAY_DAEMON_ADDRESS",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);
