/**
 * What a run of tests makes for a time lies in one directory: `TMPDIR` from the moment the configuration is read, which
 * is before vitest makes places of its own.
 *
 *  (1) It goes when the run's process exits, whatever came of the run; what a killed run left goes with the next.
 *  (2) A run that left something of ours beside it says what, and fails; while another run goes on, whose things look
 *      the same, it only says so.
 *  (3) A run that a test starts has its place in that test's.
 *
 * vitest leaves its own places behind when it is killed: they bear random letters, and nobody could tell whose they are.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const mark = "ANYLAMBDA_TEST_DIRECTORY";

/** To be called by the process of the run, once or more often. `watched`: where nothing of ours may be left. */
export function useTestDirectory(watched: readonly string[] = placesOf(tmpdir())): void {
  if (process.env[mark] !== undefined) return;
  const place = tmpdir();
  sweep(place);
  const before = new Map(watched.map((folder) => [folder, new Set(namesIn(folder))]));
  const others = otherRunsIn(place);
  // Short: paths of Unix sockets end at 107 bytes.
  const made = mkdtempSync(join(place, `${prefix}${process.pid}-`));
  // As /tmp is: some tests work as another user.
  chmodSync(made, 0o1777);
  process.env[mark] = made;
  process.env["TMPDIR"] = made;
  process.once("exit", () => {
    // Retried: what tests started may still be about to end.
    rmSync(made, { recursive: true, force: true, maxRetries: 5 });
    const left = leftBeside(before);
    if (left.length === 0) return;
    console.error(`Left in directories for temporary files:\n  ${left.join("\n  ")}`);
    if (others.length > 0 || otherRunsIn(place).length > 0)
      console.error("Another run of tests goes on or did meanwhile: they may be its own");
    else process.exitCode = 1;
  });
}

/** Paths that are new and look like ours, after those have gone that other people's programs make in fixed places. */
function leftBeside(before: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...before].flatMap(([folder, known]) => {
    removeOfTheDead(folder);
    return namesIn(folder)
      .toSorted()
      .filter((name) => !known.has(name))
      .map((name) => join(folder, name))
      .filter((path) => !removeFixed(path) && isOurs(path));
  });
}

const prefix = "al-";

/** Where programs put what they need for a time, whatever `TMPDIR` says, or say themselves. */
function placesOf(place: string): string[] {
  return [...new Set([place, ...(process.platform === "linux" ? ["/tmp", "/var/tmp", "/dev/shm"] : [])])];
}

/** What this repository's code and tests call their directories, and what the programs do that tests start. */
const ours =
  /^(?:al-|anylambda|sandbox-|adapter-|native-|snapstart-|tomcat|spring|jetty|undertow|\.org\.chromium|playwright)/;

function isOurs(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  // Another run's own is not anybody's leftover.
  return ownerOf(name) === undefined && ours.test(name);
}

/**
 * The JVM and AWS's client for Java write below `/tmp` itself, always under the same name. `true` when it was one of these.
 */
function removeFixed(path: string): boolean {
  const isPerformanceData = /\/hsperfdata_[^/]+$/.test(path);
  if (!isPerformanceData && !path.endsWith("/.libaws-lambda-jni.so")) return false;
  if (isPerformanceData && namesIn(path).some((name) => isAlive(Number(name)))) return true;
  rmSync(path, { recursive: true, force: true });
  return true;
}

/**
 * Directories of processes (`checkpoint/src/own-directory.ts`) go with them or with the next that wants one; vitest kills
 * its workers, and of those nobody is the next.
 */
function removeOfTheDead(folder: string): void {
  for (const shared of namesIn(folder).filter((name) => /^anylambda-\d+$/.test(name))) {
    for (const name of namesIn(join(folder, shared))) {
      const owner = /^(\d+)-\d+-\d+$/.exec(name)?.[1];
      if (owner !== undefined && !isAlive(Number(owner)))
        rmSync(join(folder, shared, name), { recursive: true, force: true });
    }
    try {
      rmdirSync(join(folder, shared));
    } catch {
      // Others have theirs in it.
    }
  }
}

/** Invariant 1. */
function sweep(place: string): void {
  for (const name of namesIn(place)) {
    const owner = ownerOf(name);
    if (owner === undefined || isAlive(owner)) continue;
    try {
      rmSync(join(place, name), { recursive: true, force: true });
    } catch {
      // Somebody else's.
    }
  }
}

function otherRunsIn(place: string): string[] {
  return namesIn(place).filter((name) => {
    const owner = ownerOf(name);
    return owner !== undefined && owner !== process.pid && isAlive(owner);
  });
}

function ownerOf(name: string): number | undefined {
  const owner = /^al-(\d+)-[\w]{6}$/.exec(name)?.[1];
  return owner === undefined ? undefined : Number(owner);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
