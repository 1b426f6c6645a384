/**
 * A control group for one boot of an environment, where this user may make one: the kernel's own memory limit and
 * peak, and a freeze that no process notices. Linux; version 2 of the interface, or version 1 for memory. Most
 * containers and non-root logins have neither: then there is none, and other ways are taken (`freezer.ts`, `memory.ts`).
 *
 *  (1) A process joins before its first instruction (`limits.ts`), and its children are born here.
 *  (2) Groups are made below the group this process is in, or beside it, and bear its process id in their name.
 *  (3) `remove` leaves none; what a killed sandbox left is removed by its guard (`guard.ts`), or by the next one.
 */
import {
  type Dirent,
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { guard } from "./guard.ts";

export class Cgroup {
  /** Directory in the hierarchy of version 2. */
  readonly #unified: string | undefined;
  /** Directory with the files of the memory controller, in either hierarchy. */
  readonly #memory: string | undefined;
  readonly #memoryFiles: MemoryFiles;
  readonly #unguard: readonly (() => void)[];

  private constructor(unified: string | undefined, memory: string | undefined, files: MemoryFiles) {
    this.#unified = unified;
    this.#memory = memory;
    this.#memoryFiles = files;
    this.#unguard = this.#directories().map((cgroup) => guard({ cgroup }));
  }

  /**
   * `undefined` where none can be made. `limitBytes` is the kernel's limit, swap included. `controls`: a group for memory
   * alone does not freeze.
   */
  static open(
    name: string,
    limitBytes: number | undefined,
    controls: "all" | "memory" = "all",
  ): Cgroup | undefined {
    const { unified, memory, files } = places();
    const directory = `${prefix}${process.pid}-${name}`;
    const made = (parent: string | undefined): string | undefined =>
      parent === undefined ? undefined : makeDirectory(join(parent, directory));
    const inUnified = controls === "memory" ? undefined : made(unified);
    const inMemory = memory === unified && inUnified !== undefined ? inUnified : made(memory);
    if (inUnified === undefined && inMemory === undefined) return undefined;
    const cgroup = new Cgroup(inUnified, inMemory, files);
    if (inMemory === undefined || limitBytes === undefined) return cgroup;
    for (const file of files.limits) tryWrite(join(inMemory, file), limitBytes);
    if (files === memoryFiles[2]) tryWrite(join(inMemory, "memory.swap.max"), 0);
    return cgroup;
  }

  /** From now on its processes may hold what they like. */
  lift(): void {
    if (this.#memory === undefined) return;
    // In version 1 the wider of the two limits goes first.
    for (const file of this.#memoryFiles.limits.toReversed())
      tryWrite(join(this.#memory, file), this.#memoryFiles.unlimited);
  }

  get freezes(): boolean {
    return this.#unified !== undefined;
  }

  get limitsMemory(): boolean {
    return this.#memory !== undefined;
  }

  /** Files through which a process joins: it writes 0 into each. */
  get doors(): readonly string[] {
    return this.#directories().map((directory) => join(directory, "cgroup.procs"));
  }

  freeze(frozen: boolean): void {
    if (this.#unified !== undefined) tryWrite(join(this.#unified, "cgroup.freeze"), frozen ? 1 : 0);
  }

  /** The most memory the processes ever held together, file cache included; `undefined` when the kernel does not say. */
  peakBytes(): number | undefined {
    if (this.#memory === undefined) return undefined;
    const peak = Number(tryRead(join(this.#memory, this.#memoryFiles.peak)));
    return peak > 0 ? peak : undefined;
  }

  /** Pages of files that are mapped and counted here; 0 when the kernel does not say. */
  mappedFileBytes(): number {
    if (this.#memory === undefined) return 0;
    const mapped = /^(?:file_mapped|mapped_file) (\d+)/m.exec(tryRead(join(this.#memory, "memory.stat")));
    return Number(mapped?.[1] ?? 0);
  }

  /** How many processes the kernel killed because the limit was reached. */
  oomKills(): number {
    if (this.#memory === undefined) return 0;
    const kills = /^oom_kill (\d+)/m.exec(tryRead(join(this.#memory, this.#memoryFiles.events)));
    return Number(kills?.[1] ?? 0);
  }

  /** Ends whoever is still in it, and removes it. */
  async remove(): Promise<void> {
    this.freeze(false);
    for (const directory of this.#directories()) await empty(directory);
    for (const unguard of this.#unguard) unguard();
  }

  #directories(): string[] {
    return [...new Set([this.#memory, this.#unified])].filter((path) => path !== undefined);
  }
}

interface MemoryFiles {
  readonly limits: readonly string[];
  readonly unlimited: string | number;
  readonly peak: string;
  readonly events: string;
}

/** By version of the interface. The second limit of version 1 counts swap as well, and exists where swap is counted. */
const memoryFiles = {
  1: {
    limits: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
    unlimited: -1,
    peak: "memory.max_usage_in_bytes",
    events: "memory.oom_control",
  },
  2: { limits: ["memory.max"], unlimited: "max", peak: "memory.peak", events: "memory.events" },
} as const;

const prefix = "anylambda-";

interface Places {
  /** Directory below which groups of version 2 can be made. */
  readonly unified: string | undefined;
  readonly memory: string | undefined;
  readonly files: MemoryFiles;
}

let known: Places | undefined;

/** Tried once: it does not change while this process lives. */
function places(): Places {
  known ??= findPlaces();
  return known;
}

function findPlaces(): Places {
  const mounts = tryRead("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" "));
  const own = tryRead("/proc/self/cgroup")
    .split("\n")
    .map((line) => line.split(":"));
  const path = (controller: string): string =>
    own.find((line) => line[1]?.split(",").includes(controller))?.[2] ?? "/";
  const second = mounts.find(([, , type]) => type === "cgroup2")?.[1];
  const first = mounts.find(
    ([, , type, how]) => type === "cgroup" && how?.split(",").includes("memory"),
  )?.[1];
  // Beside our own group before below it: a group that has processes cannot pass controllers on to groups below it.
  const ownSecond = second === undefined ? undefined : join(second, path(""));
  const candidates =
    ownSecond === undefined ? [] : [...new Set([dirnameWithin(second ?? "", ownSecond), ownSecond])];
  const usable = candidates.filter(tryOut);
  const withMemory = usable.find((parent) => tryOutMemory(parent));
  const ownFirst = first === undefined ? undefined : join(first, path("memory"));
  const memory = withMemory ?? (ownFirst !== undefined && tryOut(ownFirst) ? ownFirst : undefined);
  const found = {
    unified: withMemory ?? usable[0],
    memory,
    files: withMemory === undefined ? memoryFiles[1] : memoryFiles[2],
  };
  for (const parent of new Set([found.unified, found.memory])) if (parent !== undefined) sweep(parent);
  return found;
}

function dirnameWithin(root: string, directory: string): string {
  return directory === root || join(directory, "/") === join(root, "/") ? root : dirname(directory);
}

/** Whether groups can be made there, and processes moved into them. */
function tryOut(parent: string): boolean {
  const probe = join(parent, `${prefix}${process.pid}-probe`);
  if (makeDirectory(probe) === undefined) return false;
  const moves = isWritable(join(parent, "cgroup.procs")) && isWritable(join(probe, "cgroup.procs"));
  removeDirectory(probe);
  return moves;
}

function tryOutMemory(parent: string): boolean {
  const probe = join(parent, `${prefix}${process.pid}-probe`);
  if (makeDirectory(probe) === undefined) return false;
  const limits = isWritable(join(probe, "memory.max"));
  removeDirectory(probe);
  return limits;
}

/** Invariant 3: groups of a process that is no more. */
function sweep(parent: string): void {
  let entries: Dirent[] = [];
  try {
    entries = readdirSync(parent, { withFileTypes: true });
  } catch {
    return;
  }
  for (const { name } of entries) {
    const owner = /^anylambda-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    tryWrite(join(parent, name, "cgroup.freeze"), 0);
    void empty(join(parent, name));
  }
}

async function empty(directory: string): Promise<void> {
  for (let pause = 1; !removeDirectory(directory); pause = Math.min(pause * 2, 1000)) await delay(pause);
}

/** `false` while somebody is in it: they are killed. */
function removeDirectory(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") return true;
    for (const pid of tryRead(join(directory, "cgroup.procs")).split("\n").filter(Boolean)) kill(Number(pid));
    return false;
  }
}

function makeDirectory(path: string): string | undefined {
  try {
    mkdirSync(path);
    return path;
  } catch {
    return undefined;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** A file that is not there is a limit this kernel does not have. */
function tryWrite(path: string, value: number | string): void {
  try {
    writeFileSync(path, String(value));
  } catch {
    // See above.
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
