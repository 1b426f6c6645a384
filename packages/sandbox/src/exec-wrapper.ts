/**
 * `AWS_LAMBDA_EXEC_WRAPPER` (environment.md 4.9). On Lambda it is no affair of the platform: the start scripts of managed
 * runtimes end with `exec $AWS_LAMBDA_EXEC_WRAPPER INTERPRETER ARGUMENTS`, and a function's own `bootstrap` does nothing of
 * the kind. Here a function's command is what such a script would start, and `bootstrap` is left as it is. Pure.
 */
import type { FunctionConfiguration, Program } from "./function.ts";

/** The command, started by the wrapper where there is one. */
export function wrappedCommand(command: Program, configuration: FunctionConfiguration): Program {
  const wrapper = configuration.variables["AWS_LAMBDA_EXEC_WRAPPER"];
  if (wrapper === undefined || wrapper === "") return command;
  const args = ["-c", script, hostPathOf(wrapper, configuration), command.file, ...command.args];
  return { file: "/bin/sh", args };
}

/** With a shell between, as on Lambda: a wrapper that is missing is no wrong entry point, but exit status 127. */
const script = 'exec "$0" "$@"';

/** Lambda's places are elsewhere on this machine; an isolated environment moves them back. */
function hostPathOf(path: string, { taskRoot, optRoot }: FunctionConfiguration): string {
  if (path.startsWith("/var/task/")) return taskRoot + path.slice("/var/task".length);
  return optRoot !== undefined && path.startsWith("/opt/") ? optRoot + path.slice("/opt".length) : path;
}
