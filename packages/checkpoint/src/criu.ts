/** CRIU's command line, and what it says when it fails. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where `box.ts` puts directories and outlets for programs run beside the tree. */
const images = "/proc/self/fd/200";
const work = "/proc/self/fd/201";
const outletsAt = 100;

/** Both ends of every connection are in the tree, so both are dumped; nobody outside needs to be kept from answering. */
const common = [
  `--images-dir=${images}`,
  `--work-dir=${work}`,
  "--verbosity=2",
  "--tcp-established",
  "--file-locks",
  "--manage-cgroups=ignore",
  // Nobody outside can reach the tree meanwhile; else a firewall's program is started, also by a restore.
  "--network-lock=skip",
];

export function dumpArguments(criu: readonly string[], pid: number, unprivileged: boolean): string[] {
  return [
    ...criu,
    "dump",
    `--tree=${pid}`,
    "--log-file=dump.log",
    ...common,
    "--skip-in-flight",
    // Files that were opened and removed, as is usual in /tmp.
    `--ghost-limit=${64 * 1024 * 1024}`,
    "--link-remap",
    ...(unprivileged ? ["--unprivileged"] : []),
  ];
}

/**
 * `pipes`: names of the outlets at the time of the dump; this pod's outlets take their places. `lazy`: somebody serves
 * pages (`native/pod/src/lazy.rs`).
 */
export function restoreArguments(
  criu: readonly string[],
  pipes: readonly string[],
  unprivileged: boolean,
  lazy: boolean,
): string[] {
  return [
    ...criu,
    "restore",
    "--restore-detached",
    "--log-file=restore.log",
    ...common,
    ...pipes.flatMap((pipe, number) => ["--inherit-fd", `fd[${outletsAt + number}]:${pipe}`]),
    ...(lazy ? ["--lazy-pages"] : []),
    ...(unprivileged ? ["--unprivileged"] : []),
  ];
}

/** The lines that say what went wrong, the first of them first. */
export function complaintsOf(directory: string, log: "dump.log" | "restore.log"): string {
  let text: string;
  try {
    text = readFileSync(join(directory, log), "utf8");
  } catch {
    return "it left no log";
  }
  const errors = text.split("\n").filter((line) => line.includes("Error ("));
  return errors.length === 0 ? text.slice(-500).trim() : errors.slice(0, 5).join("\n");
}

export function versionOf(criu: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(criu, ["--version"], (error, output) => {
      resolve(
        error === null ? (/Version: (\S+)/.exec(output)?.[1] ?? "of unknown version") : "does not start",
      );
    });
  });
}
