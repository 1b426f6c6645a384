import type { LogLevel, RuntimeVersion } from "./events.ts";
import type { SystemLogLevel } from "./log-levels.ts";

/** A program with its arguments: never a shell string. */
export interface Program {
  /** Absolute path, or a name looked up in the `PATH` of the environment it is started in. */
  readonly file: string;
  readonly args: readonly string[];
}

/** An external extension: on Lambda a file in `/opt/extensions`, here any program with that file's name. */
export interface ExtensionProgram extends Program {
  /** Must be the name the extension registers with (environment.md 2.1). */
  readonly name: string;
}

/** What the sandbox runs: the configuration of one Lambda function. */
export interface FunctionConfiguration {
  readonly name: string;
  readonly version: string;
  /** Value of `_HANDLER`. */
  readonly handler: string;
  /** Memory size, MB: 128 to 10,240. Reported, given to the processes, and enforced where the fleet is told to. */
  readonly memorySizeMb: number;
  /** Size of `/tmp`, MB: 512 to 10,240; 512 unless told otherwise. A limit where `/tmp` is the environment's own. */
  readonly ephemeralStorageMb?: number;
  /** Function timeout, ms: 1,000 to 900,000. */
  readonly timeoutMs: number;
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
  /** Directory of the code: `LAMBDA_TASK_ROOT` and working directory. */
  readonly taskRoot: string;
  /** Directory standing for `/opt`; its `extensions/*` are started, its `bootstrap` is the second choice. */
  readonly optRoot?: string;
  /** The runtime process. Without it `bootstrap` is looked for in `taskRoot`, then in `optRoot`. */
  readonly command?: Program;
  /** Extensions beside those in `optRoot/extensions`. */
  readonly extensions: readonly ExtensionProgram[];
  /** The user's own variables (on Lambda: the function's configuration). */
  readonly variables: Readonly<Record<string, string>>;
  /** Credentials of the execution role. Without them the processes get well-formed ones that AWS refuses. */
  readonly credentials?: Credentials;
  /** How the function logs: `Text` unless told otherwise (environment.md 3.7). */
  readonly logFormat?: "JSON" | "Text";
  /** Least level of the function's own lines in its log, with JSON only; `INFO` unless told otherwise. */
  readonly applicationLogLevel?: LogLevel;
  /** The same of the platform's records. */
  readonly systemLogLevel?: SystemLogLevel;
  /** `framed`: the runtime is given the channel of AWS's own clients. A program that is none takes no notice. */
  readonly logChannel?: "stdout" | "framed";
  /** Of a managed runtime, for INIT_START and telemetry; a function that brings its runtime has none. */
  readonly runtimeVersion?: RuntimeVersion;
  /** Invocations at once, over all environments: 0 refuses every one, absent sets no limit of the function's own. */
  readonly reservedConcurrency?: number;
  /** Environments that are initialised before anybody asks for them; not with tenants or Managed Instances. */
  readonly provisionedConcurrency?: number;
  /** Tenancy `PER_TENANT`: every invocation names its tenant, and no environment sees two of them. */
  readonly tenantIsolation?: boolean;
  /**
   * Invocations that one environment takes at once, 1 to 1,600: the function runs on Managed Instances. Absent: one,
   * and everything that goes with it (environment.md 1.10).
   */
  readonly environmentConcurrency?: number;
}

/** Temporary credentials, as STS gives them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}
