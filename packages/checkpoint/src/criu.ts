/** CRIU's command line, and what it says when it fails. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where `box.ts` puts directories and outlets for programs run beside the tree. */
const outletsAt = 100;
const requestsAt = 199;
const directoriesAt = 200;
const images = `/proc/self/fd/${directoriesAt}`;
const work = `/proc/self/fd/${directoriesAt + 1}`;

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

/** CRIU that takes a request: what it takes to start and to read the image is not part of a restore. */
export function waitingArguments(criu: readonly string[]): string[] {
  return [...criu, "swrk", String(requestsAt)];
}

/**
 * A message of CRIU's `images/rpc.proto`, hex, that asks for a restore, with options as above. `pipes`: names of the outlets at
 * the time of the dump; this pod's outlets take their places. `lazy`: somebody serves pages (`native/pod/src/lazy.rs`).
 */
export function restoreRequest(pipes: readonly string[], unprivileged: boolean, lazy: boolean): string {
  const options = [
    ...numberField(1, directoriesAt),
    ...numberField(17, directoriesAt + 1),
    ...numberField(5, 1), // tcp_established
    ...numberField(12, 1), // notify_scripts: it waits where it would make the first process
    ...numberField(8, 1), // file_locks
    ...numberField(9, 2), // log_level
    ...bytesField(10, Buffer.from("restore.log")),
    ...numberField(34, 0), // manage_cgroups_mode: ignore
    ...numberField(64, 3), // network_lock: skip
    ...pipes.flatMap((pipe, number) =>
      bytesField(27, [...bytesField(1, Buffer.from(pipe)), ...numberField(2, outletsAt + number)]),
    ),
    ...(lazy ? numberField(48, 1) : []),
    ...(unprivileged ? numberField(67, 1) : []),
  ];
  return Buffer.from([...numberField(1, restoreType), ...bytesField(2, options)]).toString("hex");
}

const restoreType = 2;

function numberField(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function bytesField(field: number, bytes: Iterable<number>): number[] {
  const list = [...bytes];
  return [...varint(field * 8 + 2), ...varint(list.length), ...list];
}

/** Protobuf's way to write a number: seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
}

/** Throws CRIU's complaints when it did not do what it was asked for. `directory`: where it left its log. */
export function requireDone(
  { status }: { readonly status?: unknown },
  what: "dump" | "restore",
  directory: string,
): void {
  if (status === 0) return;
  const complaints = complaintsOf(directory, `${what}.log`);
  const [, explanation = ""] = explained.find(([sign]) => sign.test(complaints)) ?? [];
  throw new Error(`CRIU could not ${what} the process tree:\n${complaints}${explanation}`);
}

const explained: readonly (readonly [RegExp, string])[] = [
  [
    /has bad (size|mode)/,
    "\nThe file has changed since the snapshot, in which a program has it open. Copies share all files but those in /tmp, " +
      "which on Lambda are the only ones that can be written: let the program keep it there.",
  ],
];

/** It asks for more open files than the kernel gives to anybody, and does without. */
const harmless = /RLIMIT_NOFILE for self/;

/** The lines that say what went wrong, the first of them first. */
function complaintsOf(directory: string, log: string): string {
  let text: string;
  try {
    text = readFileSync(join(directory, log), "utf8");
  } catch {
    return "it left no log";
  }
  const errors = text.split("\n").filter((line) => line.includes("Error (") && !harmless.test(line));
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
