/**
 * What ends an environment's processes when this process is killed and cannot: a shell that reads from a pipe until
 * its end, which comes with ours, whatever the way. Without it a frozen app would stay for ever.
 *
 *  (1) One for this process, from the first thing guarded on; it holds nobody up and costs about 1 MB.
 *  (2) It ends what was added and not dropped: process groups, processes, whoever is in a cgroup, and the directories.
 */
import { type ChildProcess, spawn } from "node:child_process";

export type Guarded =
  | { readonly group: number }
  | { readonly process: number }
  /** Its members are killed and it is removed. */
  | { readonly cgroup: string }
  /** A directory that is removed with all that is in it. */
  | { readonly directory: string };

/** Call the result when it is no more. */
export function guard(what: Guarded): () => void {
  const [kind = "", value = ""] = Object.entries(what)[0] ?? [];
  const text = String(value);
  // One line each: a path that holds a line break is left to the system's own cleaning.
  if (text.includes("\n")) return () => undefined;
  tell(`add ${kind} ${text}`);
  return () => tell(`drop ${kind} ${text}`);
}

let guardian: ChildProcess | undefined;

function tell(line: string): void {
  guardian ??= start();
  guardian.stdin?.write(`${line}\n`);
}

function start(): ChildProcess {
  const child = spawn("/bin/sh", ["-c", script], {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    // A session of its own: Ctrl-C is not meant for it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => undefined);
  child.stdin?.on("error", () => undefined);
  child.unref();
  // A pipe to a child is a handle of its own that would keep this process from ending.
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return child;
}

/** Paths are the positional parameters, each with its kind before it. */
const script = `
trap '' HUP INT TERM
while read -r verb kind value; do
  if [ "$verb" = add ]; then set -- "$@" "$kind" "$value"; continue; fi
  count=$#
  while [ "$count" -gt 0 ]; do
    if [ "$1" != "$kind" ] || [ "$2" != "$value" ]; then set -- "$@" "$1" "$2"; fi
    shift 2
    count=$((count - 2))
  done
done
each() {
  only=$1; shift
  while [ $# -gt 0 ]; do
    [ "$1" = "$only" ] && "end_$only" "$2"
    shift 2
  done
}
end_group() { kill -KILL "-$1"; }
end_process() { kill -KILL "$1"; }
end_cgroup() {
  tries=0
  while [ -d "$1" ] && [ $tries -lt 50 ]; do
    while read -r pid; do kill -KILL "$pid"; done < "$1/cgroup.procs"
    rmdir "$1" && return
    tries=$((tries + 1))
    sleep 0.1
  done
}
end_directory() { rm -rf "$1"; }
each group "$@"
each process "$@"
each cgroup "$@"
each directory "$@"
`;
