/**
 * True peak memory of an environment's processes, for REPORT.
 *
 * Linux: the sum of `VmHWM`, the kernel's own high-water mark of resident memory, over the processes that live;
 * the largest sum ever seen stands, so processes that have ended count with what they had. Too high by pages that
 * processes share (libraries, copy-on-write after fork) and by peaks that were not simultaneous; too low by what
 * a process touched between the last look and its end.
 * Elsewhere: the sum of resident sizes that `ps` gives, which is what is resident now, at most once a second.
 *
 * Looks are rationed, because each costs about 0.1 ms of the event loop: after an invocation of 10 ms or more,
 * or when the last look was 100 ms ago. What falls through lasted less than 10 ms, too short to touch more than
 * a few MB, and is seen at the next look.
 */
import { execFile } from "node:child_process";
import { allPids, hasProcessTable, isMember, readProcess, rowOf } from "./process-table.ts";

export class MemoryGauge {
  readonly #leaders = new Set<number>();
  /** Verdicts of earlier looks: whether a process id is one of ours. */
  #known = new Map<number, boolean>();
  #peakBytes = 0;
  #lastLook = 0;
  #asking = false;

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Adds a process group, by its leader. */
  add(leader: number): void {
    this.#leaders.add(leader);
    this.#known.clear();
  }

  /** To be called after an invocation of `durationMs`, when its answer is on its way. */
  afterInvocation(durationMs: number): void {
    if (durationMs >= 10 || performance.now() - this.#lastLook >= 100) this.look();
  }

  look(): void {
    this.#lastLook = performance.now();
    if (hasProcessTable) this.#peakBytes = Math.max(this.#peakBytes, this.#sumOfHighWaterMarks());
    else this.#askPs();
  }

  #sumOfHighWaterMarks(): number {
    const known = new Map<number, boolean>();
    let sum = 0;
    for (const pid of allPids()) {
      let ours = this.#known.get(pid);
      if (ours === undefined) {
        const row = rowOf(pid);
        ours = row !== undefined && isMember(row, this.#leaders);
      }
      known.set(pid, ours);
      if (ours) sum += highWaterMarkOf(pid);
    }
    this.#known = known;
    return sum;
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
        if (this.#leaders.has(Number(group))) sum += Number(kilobytes) * 1024;
      }
      this.#peakBytes = Math.max(this.#peakBytes, sum);
    });
  }
}

function highWaterMarkOf(pid: number): number {
  // Absent for a zombie: it has no memory left.
  const mark = /^VmHWM:\s+(\d+) kB/m.exec(readProcess(pid, "status") ?? "");
  return Number(mark?.[1] ?? 0) * 1024;
}
