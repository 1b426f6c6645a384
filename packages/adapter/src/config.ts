import type { Platform } from "./platform.ts";
import { variables } from "./variables.ts";
import type { Variable } from "./variable.ts";

type Variables = typeof variables;

/** The value of every variable of the table, and what Lambda itself says about the function. */
export type Config = {
  readonly [Key in keyof Variables]: Variables[Key] extends Variable<infer T> ? T : never;
} & {
  /** `host:port` of Lambda's Runtime API. */
  readonly runtimeApi: string;
  /** Number of invocations at a time; above 1 on Managed Instances only. */
  readonly maxConcurrency: number;
  readonly initializationType: string;
  readonly function: FunctionIdentity;
};

/** For the context header (spec adapter.md 3.8). */
export interface FunctionIdentity {
  readonly name: string;
  readonly version: string;
  /** MB. */
  readonly memory: number;
  readonly logGroup: string;
  readonly logStream: string;
}

/** Something in the environment that is not as it should be. */
export interface Problem {
  /** One sentence: the variable, its value, what is expected, what is used instead. */
  readonly message: string;
  /** The process must not go on. */
  readonly fatal: boolean;
}

/** Reads everything, and reports every problem at once: a person mends them in one go. */
export function readConfig(env: Platform["env"]): {
  readonly config: Config;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const values = Object.fromEntries(
    Object.entries(variables).map(([key, variable]) => [
      key,
      read(variable as Variable<unknown>, env, problems),
    ]),
  );
  const runtimeApi = env["AWS_LAMBDA_RUNTIME_API"] ?? "";
  if (runtimeApi === "")
    problems.push({
      message:
        "AWS_LAMBDA_RUNTIME_API is not set: this program is an extension, started by Lambda or by `anylambda dev`",
      fatal: true,
    });
  const config = {
    ...values,
    runtimeApi,
    maxConcurrency: concurrencyOf(env["AWS_LAMBDA_MAX_CONCURRENCY"]),
    initializationType: env["AWS_LAMBDA_INITIALIZATION_TYPE"] ?? "on-demand",
    function: identityOf(env),
  } as Config;
  return { config, problems };
}

function read<T>(variable: Variable<T>, env: Platform["env"], problems: Problem[]): T {
  const { name, text } = pick(variable, env, problems);
  if (text === undefined) return variable.default;
  const value = variable.parse(text);
  const overlooked = variable.overlooked?.(text) ?? [];
  if (value !== undefined) {
    if (overlooked.length > 0)
      problems.push({
        message: `${name}: ${quoted(overlooked)} is not understood and is left out`,
        fatal: false,
      });
    return value;
  }
  const fatal = variable.fatal && !(text === "" && variable.emptyIsDefault === true);
  const instead = fatal ? "" : `; using the default, ${plain(variable.defaultText)}`;
  problems.push({
    message: `${name} is ${JSON.stringify(text)}, expected ${variable.expected}${instead}`,
    fatal,
  });
  return variable.default;
}

/** The newer name wins; the older is not even looked at when the newer is set (spec adapter.md 1.1). */
function pick<T>(
  variable: Variable<T>,
  env: Platform["env"],
  problems: Problem[],
): { readonly name: string; readonly text: string | undefined } {
  const { name, fallback } = variable;
  const text = env[name];
  if (text !== undefined || fallback === undefined) return { name, text };
  const older = env[fallback.name];
  if (older !== undefined && fallback.deprecated)
    problems.push({ message: `${fallback.name} is deprecated and will go away: use ${name}`, fatal: false });
  return { name: fallback.name, text: older };
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text.trim())).join(", ");
}

function plain(markdown: string): string {
  return markdown.replaceAll("`", "");
}

/** Unset, 0, 1 and junk mean one at a time (spec adapter.md 1.2). */
function concurrencyOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Math.max(1, Number(text)) : 1;
}

function identityOf(env: Platform["env"]): FunctionIdentity {
  const memory = Number(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? 0);
  return {
    name: env["AWS_LAMBDA_FUNCTION_NAME"] ?? "",
    version: env["AWS_LAMBDA_FUNCTION_VERSION"] ?? "",
    memory: Number.isInteger(memory) ? memory : 0,
    logGroup: env["AWS_LAMBDA_LOG_GROUP_NAME"] ?? "",
    logStream: env["AWS_LAMBDA_LOG_STREAM_NAME"] ?? "",
  };
}
