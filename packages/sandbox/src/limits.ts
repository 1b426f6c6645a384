/**
 * A program under the limits of an execution environment, from its first instruction on: what a process holds before
 * it is moved into a cgroup never counts there, and a limit on open files is read once, at the start, by many runtimes.
 * Linux; elsewhere a program is started as it is.
 */
import type { Program } from "./function.ts";

/**
 * `joined`: the `cgroup.procs` files of the groups it belongs to. The same process id throughout: the shell becomes the
 * program. The limits are those recorded on AWS (environment.md 4.8); the one on processes is left out, because the
 * kernel counts every process of the user against it, a desktop's among them.
 */
export function limited({ file, args }: Program, joined: readonly string[]): Program {
  if (process.platform !== "linux") return { file, args };
  return { file: "/bin/sh", args: ["-c", script, "sh", ...joined, "--", file, ...args] };
}

/** The data comes as arguments. What a shell adds to the variables is taken out again. */
const script = `
while [ "$1" != -- ]; do { echo 0 > "$1"; } 2> /dev/null; shift; done
shift
ulimit -n 1024 2> /dev/null
ulimit -l 64 2> /dev/null
ulimit -S -s 8192 2> /dev/null
unset PWD OLDPWD SHLVL
exec "$@"`;
