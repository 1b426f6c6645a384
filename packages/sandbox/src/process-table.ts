/**
 * The kernel's list of processes, as far as it concerns the environment's own. Linux only: elsewhere the answers
 * are empty, and whoever asks has another way or none.
 */
import { readFileSync, readdirSync } from "node:fs";

export const hasProcessTable: boolean = process.platform === "linux";

/**
 * Processes that belong to one of `leaders`, each the leader of a session and of a process group.
 * A child that moved to another group (a shell with job control does that) is still in the session; one that
 * made itself a session of its own has left the environment and is not found.
 */
export function membersOf(leaders: ReadonlySet<number>): ProcessRow[] {
  const members: ProcessRow[] = [];
  for (const pid of allPids()) {
    const row = rowOf(pid);
    if (row !== undefined && isMember(row, leaders)) members.push(row);
  }
  return members;
}

export interface ProcessRow {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since the machine's start: with `pid` it names one process, which an id alone does not. */
  readonly started: number;
}

function isMember(row: ProcessRow, leaders: ReadonlySet<number>): boolean {
  return leaders.has(row.group) || leaders.has(row.session);
}

export function allPids(): number[] {
  if (!hasProcessTable) return [];
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid)) pids.push(pid);
  }
  return pids;
}

/** Started by any of its threads. */
export function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) =>
    (readProcess(pid, `task/${thread}/children`) ?? "").split(" ").filter(Boolean).map(Number),
  );
}

/** `undefined` when the process ended meanwhile. */
export function rowOf(pid: number): ProcessRow | undefined {
  const stat = readProcess(pid, "stat");
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 20);
  const [state = "", parent, group, session] = fields;
  const started = Number(fields[19]);
  return { pid, state, parent: Number(parent), group: Number(group), session: Number(session), started };
}

/** A file of `/proc/PID`, or `undefined` when the process ended meanwhile or is not ours to look at. */
export function readProcess(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined;
  }
}

/** Ended, and only waiting for its parent to look. */
export function isDead(row: ProcessRow): boolean {
  return row.state === "Z" || row.state === "X";
}
