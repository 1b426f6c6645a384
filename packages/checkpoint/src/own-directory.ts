/**
 * A directory that ends with this process, for files of pods and images that nobody needs afterwards. It lies beside those of
 * this user's other processes, all below one directory that nobody else can read.
 *
 *  (1) It is removed when the process exits. What a killed one left is removed by the next that asks for one there.
 *  (2) Whose it is its name says: process id, when the process started, and the PID namespace in which the id counts.
 *      One of another namespace, a container that shares the place, is left alone.
 */
import { mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";

const known = new Map<string, string>();

/** The same for each call with the same `place`, which exists. Linux. */
export function ownDirectory(place: string): string {
  const before = known.get(place);
  if (before !== undefined) return before;
  const user = process.getuid?.() ?? 0;
  const shared = join(place, `anylambda-${user}`);
  mkdirSync(shared, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(shared);
  if (uid !== user || (mode & 0o077) !== 0) throw new Error(`${shared} is not ours alone. Remove it`);
  for (const name of readdirSync(shared)) if (isLeftOver(name)) remove(join(shared, name));
  const own = join(shared, nameOf(process.pid) as string);
  // Recursive: the last of the others may have removed what all have in common.
  mkdirSync(own, { recursive: true, mode: 0o700 });
  // Pods end with this process and leave their files: nobody else would remove them.
  process.once("exit", () => {
    remove(own);
    try {
      rmdirSync(shared);
    } catch {
      // Others have theirs in it.
    }
  });
  known.set(place, own);
  return own;
}

function remove(directory: string): void {
  try {
    // Retried: a pod that is about to end may still write.
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // The next removes it.
  }
}

/** `undefined` when there is no such process. */
function nameOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // After the program's name, in parentheses, which may hold some itself.
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 20)[19];
    return `${pid}-${started}-${namespace()}`;
  } catch {
    return undefined;
  }
}

/** `pid:[4026531836]` */
function namespace(): string {
  return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
}

function isLeftOver(name: string): boolean {
  // Earlier versions had the process id alone.
  const [pid = "", , where = namespace()] = name.split("-");
  if (!/^\d+$/.test(pid) || where !== namespace()) return false;
  const current = nameOf(Number(pid));
  return current === undefined || (current !== name && name !== pid);
}
