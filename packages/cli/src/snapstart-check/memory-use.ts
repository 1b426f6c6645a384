/** Memory of all processes below this one. Linux only: 0 elsewhere. */
import { readFileSync, readdirSync } from "node:fs";

/**
 * The sum of their proportional set sizes, bytes: a page that two share counts half for each. The image of a snapshot, which
 * a pod's first process has mapped, counts nothing: there is one of it, whoever maps it; and so do pods without an app,
 * which stand ready for whatever comes.
 */
export function descendantsPss(): number {
  const children = new Map<number, number[]>();
  for (const pid of numbersIn("/proc")) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return (children.get(process.pid) ?? [])
    .map(below)
    .filter((tree) => tree.some((pid) => !/^(anylambda-pod|criu|ld-linux)/.test(read(`/proc/${pid}/comm`))))
    .flat()
    .reduce((sum, pid) => sum + pssOf(pid), 0);
}

function numbersIn(directory: string): number[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === "" ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function pssOf(pid: number): number {
  let [sum, isImage] = [0, false];
  for (const line of read(`/proc/${pid}/smaps`).split("\n")) {
    // The head of a mapping, with its file; or one of its figures.
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isImage = /\/pages-\d+\.img$/.test(line);
    else if (!isImage && line.startsWith("Pss:")) sum += Number(line.split(/\s+/)[1]) * 1024;
  }
  return sum;
}

/** Empty when it ended while we looked. */
function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
