/**
 * Memory of an environment's processes: the true peak, for REPORT, and the limit.
 *
 * Peak on Linux: the sum of `VmHWM`, the kernel's own high-water mark of resident memory, over the processes that live;
 * the largest sum ever seen stands, so processes that have ended count with what they had. Too high by pages that
 * processes share (libraries, copy-on-write after fork) and by peaks that were not simultaneous: where a cgroup counts
 * each page once, its peak is the upper bound. To it comes what only a laptop does not count: the pages of a program's file
 * belong to whoever read it first, and on Lambda that is the environment. Too low by what a process touched between the last look and its end.
 * Elsewhere: the sum of resident sizes that `ps` gives, which is what is resident now, at most once a second.
 *
 * Limit: the kernel's where a cgroup has it. Otherwise, on Linux, each look compares what is resident; when that is too
 * much, shared pages are counted once, and if it still is, the largest process is killed.
 *
 * Looks are rationed, because each costs about 0.1 ms of the event loop: after an invocation of 10 ms or more,
 * or when the last look was 100 ms ago. What falls through lasted less than 10 ms, too short to touch more than
 * a few MB, and is seen at the next look.
 */
import { execFile } from "node:child_process";
import type { Cgroup } from "./cgroup.ts";
import type { Members } from "./members.ts";
import { hasProcessTable, readProcess } from "./process-table.ts";

export interface MemoryOptions {
  readonly members: Members;
  readonly cgroup?: Cgroup | undefined;
  /** What the processes may hold together; without it nothing is enforced. */
  readonly limitBytes?: number | undefined;
  /** Whether the cgroup's limit is this one; else it is a wider one, and looking goes on. `true` when not said. */
  readonly isExact?: boolean;
}

export class MemoryGauge {
  readonly #members: Members;
  readonly #cgroup: Cgroup | undefined;
  readonly #limitBytes: number | undefined;
  readonly #isExact: boolean;
  #peakBytes = 0;
  #upperBound = Infinity;
  /** The most that was mapped of files and counted elsewhere. */
  #foreignBytes = 0;
  #lastLook = 0;
  #asking = false;
  #killed = false;

  constructor({ members, cgroup, limitBytes, isExact = true }: MemoryOptions) {
    this.#isExact = isExact;
    this.#members = members;
    this.#cgroup = cgroup;
    this.#limitBytes = limitBytes;
  }

  /** As of the last look. */
  get peakBytes(): number {
    if (this.#killed && this.#limitBytes !== undefined) return this.#limitBytes;
    // What is counted elsewhere cannot have been killed for here.
    return Math.min(this.#peakBytes, this.#upperBound, this.#limitBytes ?? Infinity);
  }

  /** Whether a process was killed because the limit was reached. */
  isExceeded(): boolean {
    this.#killed ||= (this.#cgroup?.oomKills() ?? 0) > 0;
    return this.#killed;
  }

  /** To be called after an invocation of `durationMs`, when its answer is on its way. */
  afterInvocation(durationMs: number): void {
    if (durationMs >= 10 || performance.now() - this.#lastLook >= 100) this.look();
  }

  look(): void {
    this.#lastLook = performance.now();
    if (!hasProcessTable) return this.#askPs();
    let peaks = 0;
    let resident = 0;
    const pids: number[] = [];
    /** Of each program the most that one of its processes has: all have the same file. */
    const files = new Map<string, number>();
    for (const { pid } of this.#members.scan()) {
      const status = readProcess(pid, "status") ?? "";
      pids.push(pid);
      peaks += kilobytesOf("VmHWM", status);
      resident += kilobytesOf("VmRSS", status);
      const program = status.slice(0, status.indexOf("\n"));
      files.set(program, Math.max(files.get(program) ?? 0, kilobytesOf("RssFile", status)));
    }
    this.#peakBytes = Math.max(this.#peakBytes, peaks * 1024);
    this.#upperBound = this.#boundOf(
      [...files.values()].reduce((sum, kilobytes) => sum + kilobytes, 0) * 1024,
    );
    const limit = this.#limitBytes ?? Infinity;
    const kernelLimits = this.#isExact && this.#cgroup?.limitsMemory === true;
    if (resident * 1024 > limit && !kernelLimits && !this.#killed) this.#enforce(pids, limit);
  }

  /** `fileBytes`: pages of files that the processes have, each program's once. */
  #boundOf(fileBytes: number): number {
    const cgroup = this.#cgroup;
    const peak = cgroup?.peakBytes();
    if (cgroup === undefined || peak === undefined) return Infinity;
    this.#foreignBytes = Math.max(this.#foreignBytes, fileBytes - cgroup.mappedFileBytes());
    return peak + this.#foreignBytes;
  }

  /** Killing is no matter of rough figures: `Pss` counts each shared page once. It costs milliseconds. */
  #enforce(pids: readonly number[], limit: number): void {
    const sizes = pids.map((pid) => ({ pid, size: proportionalSizeOf(pid) * 1024 }));
    const sum = sizes.reduce((total, { size }) => total + size, 0);
    if (sum <= limit) return;
    const [largest] = sizes.sort((a, b) => b.size - a.size);
    if (largest === undefined) return;
    this.#killed = true;
    try {
      process.kill(largest.pid, "SIGKILL");
    } catch {
      this.#killed = false; // it ended by itself
    }
  }

  #askPs(): void {
    if (this.#asking) return;
    this.#asking = true;
    execFile("ps", ["-A", "-o", "pgid=,rss="], (error, output) => {
      setTimeout(() => (this.#asking = false), 1000).unref();
      if (error !== null) return;
      let sum = 0;
      for (const line of output.split("\n")) {
        const [group, kilobytes] = line.trim().split(/\s+/);
        if (this.#members.leaders.has(Number(group))) sum += Number(kilobytes) * 1024;
      }
      this.#peakBytes = Math.max(this.#peakBytes, sum);
    });
  }
}

/** Zero for a zombie, which has no memory left. */
function kilobytesOf(field: "VmHWM" | "VmRSS" | "RssFile" | "Pss", text: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
}

function proportionalSizeOf(pid: number): number {
  const rollup = readProcess(pid, "smaps_rollup");
  return rollup === undefined
    ? kilobytesOf("VmRSS", readProcess(pid, "status") ?? "")
    : kilobytesOf("Pss", rollup);
}
