/**
 * Who belongs to an environment: everything its processes started, by whatever way. Linux only: elsewhere nobody is
 * found, and the process groups are all there is.
 *
 * A process is one of ours when it is in the session or group of one that we started, when its parent is one of ours,
 * or when it bears our mark: a variable that only this environment's processes have, or a PID namespace of their own.
 * Where we know process 1 of that namespace, ours are those below it, and nobody else needs to be looked at.
 * What escapes without a PID namespace: a daemon that left its session, lost its parent, and cleared its variables,
 * all before anybody looked.
 */
import { readlinkSync } from "node:fs";
import {
  type Epoch,
  type ProcessRow,
  allPids,
  descendantsOf,
  hasProcessTable,
  isDead,
  pidsSince,
  readProcess,
  rowOf,
} from "./process-table.ts";

/** How a process is known that left its session and lost its parent. */
export type Mark =
  /** `NAME=VALUE`, as it stands in the variables of every process of the environment. */
  | { readonly variable: string }
  /** As `/proc/PID/ns/pid` reads: `pid:[4026532281]`. */
  | { readonly pidNamespace: string; readonly except?: ReadonlySet<number> }
  /** Process 1 of a PID namespace, which is not one of ours itself. */
  | { readonly init: number };

export class Members {
  readonly #leaders = new Set<number>();
  #mark: Mark | undefined;
  /** Processes of others: most of the machine's, looked at once. */
  #others = new Set<number>();
  /** When each started: an id may be somebody else's by the next look. */
  #ours = new Map<number, number>();

  /** When process 1 of our namespace started. */
  readonly #initStarted: number | undefined;

  /** Until the first look. */
  #epoch: Epoch | undefined;

  /** Nobody is ours who was there before `epoch`, when it is given. */
  constructor(mark?: Mark, epoch?: Epoch) {
    this.#mark = mark;
    this.#epoch = epoch;
    if (mark !== undefined && "init" in mark) this.#initStarted = rowOf(mark.init)?.started;
  }

  get leaders(): ReadonlySet<number> {
    return this.#leaders;
  }

  /** Adds the leader of a session and group. */
  add(leader: number): void {
    this.#leaders.add(leader);
    if (this.#mark !== undefined && "init" in this.#mark) return;
    // Copies of a snapshot have the same variables, but each a PID namespace of its own.
    const pidNamespace = pidNamespaceOf(leader);
    if (pidNamespace !== undefined && pidNamespace !== pidNamespaceOf(process.pid))
      this.#mark = { pidNamespace };
  }

  /** Those alive, in the order of their ids. The first look reads every process since the epoch, later ones the new. */
  scan(): ProcessRow[] {
    if (!hasProcessTable) return [];
    if (this.#mark !== undefined && "init" in this.#mark) return this.#below(this.#mark.init);
    if (this.#epoch !== undefined) {
      const there = allPids();
      const later = new Set(pidsSince(this.#epoch, [...this.#leaders][0]));
      this.#others = new Set(there.filter((pid) => !later.has(pid)));
      this.#epoch = undefined;
    }
    const others = new Set<number>();
    const ours = new Map<number, ProcessRow>();
    const unknown: ProcessRow[] = [];
    for (const pid of allPids()) {
      // An id once ours may belong to somebody else by now: only strangers are remembered without a second look.
      if (this.#others.has(pid) && !this.#leaders.has(pid)) {
        others.add(pid);
        continue;
      }
      const row = rowOf(pid);
      if (row === undefined || isDead(row)) continue;
      if (this.#isOurs(row)) ours.set(pid, row);
      else unknown.push(row);
    }
    // A parent may have a higher number than its child: until nothing changes.
    for (let changed = true; changed;) {
      changed = false;
      for (const row of unknown)
        if (!ours.has(row.pid) && ours.has(row.parent)) {
          ours.set(row.pid, row);
          changed = true;
        }
    }
    for (const row of unknown) if (!ours.has(row.pid)) others.add(row.pid);
    this.#others = others;
    this.#ours = new Map([...ours.values()].map(({ pid, started }) => [pid, started]));
    return [...ours.values()];
  }

  /** Orphans of a namespace become children of its process 1: nobody is missed. */
  #below(init: number): ProcessRow[] {
    if (this.#initStarted === undefined || rowOf(init)?.started !== this.#initStarted) return [];
    const ours = descendantsOf(init).map((pid) => rowOf(pid));
    return ours
      .filter((row): row is ProcessRow => row !== undefined && !isDead(row))
      .toSorted((a, b) => a.pid - b.pid);
  }

  #isOurs(row: ProcessRow): boolean {
    if (this.#leaders.has(row.group) || this.#leaders.has(row.session)) return true;
    if (this.#mark === undefined || "init" in this.#mark || row.pid === process.pid) return false;
    if ("pidNamespace" in this.#mark) {
      const { pidNamespace, except } = this.#mark;
      return except?.has(row.pid) !== true && pidNamespaceOf(row.pid) === pidNamespace;
    }
    // One that cleared its variables after it was seen stays ours.
    if (this.#ours.get(row.pid) === row.started) return true;
    return `\0${readProcess(row.pid, "environ") ?? ""}`.includes(`\0${this.#mark.variable}\0`);
  }
}

/** `undefined` when the process ended meanwhile or is not ours to look at. */
function pidNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}
