/**
 * The kernel's list of processes, as far as it concerns the environment's own. Linux only: elsewhere the answers
 * are empty, and whoever asks has another way or none.
 */
import { readFileSync, readdirSync } from "node:fs";

export const hasProcessTable: boolean = process.platform === "linux";

/**
 * Processes that belong to one of `leaders`, each the leader of a session and of a process group; looked for among `pids`.
 * A child that moved to another group (a shell with job control does that) is still in the session; one that
 * made itself a session of its own has left the environment and is not found.
 */
export function membersOf(leaders: ReadonlySet<number>, pids: readonly number[] = allPids()): ProcessRow[] {
  const members: ProcessRow[] = [];
  for (const pid of pids) {
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

/** A point in time, by the ids that the kernel gives away: one after another, and from the start again when it is through. */
export interface Epoch {
  /** The last id given away, to a process or a thread. */
  readonly last: number;
  /** How many were, since the machine's start. */
  readonly given: number;
}

export function epochNow(): Epoch {
  return {
    last: Number(read("/proc/loadavg").trimEnd().split(" ").at(-1)),
    given: Number(/^processes (\d+)$/m.exec(read("/proc/stat"))?.[1]),
  };
}

/**
 * Every process that came to be after `epoch` and lives, and maybe others. To look at each process of a machine that has a
 * thousand takes 25 ms, during which nothing else is done here; these are few. `witness` is the id of one that came to
 * be since: if it seems otherwise, these files are not the kernel's (some containers have others in their places).
 */
export function pidsSince(epoch: Epoch, witness: number | undefined): number[] {
  // First the list: whoever is on it has got an id by then.
  const pids = allPids();
  const now = epochNow();
  const most = Number(read("/proc/sys/kernel/pid_max"));
  // Far from once around; a failed fork uses an id up and is not counted. Not so either when a file could not be read.
  if (!(now.given - epoch.given < most / 2)) return pids;
  const isSince =
    now.last >= epoch.last
      ? (pid: number) => pid > epoch.last && pid <= now.last
      : (pid: number) => pid > epoch.last || pid <= now.last;
  return witness !== undefined && isSince(witness) ? pids.filter(isSince) : pids;
}

/** Everybody below `pid` that is not lost to another parent: for process 1 of a namespace, everybody in it. */
export function descendantsOf(pid: number): number[] {
  const found = childrenOf(pid);
  for (const next of found) found.push(...childrenOf(next));
  return found;
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

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

/** Ended, and only waiting for its parent to look. */
export function isDead(row: ProcessRow): boolean {
  return row.state === "Z" || row.state === "X";
}
