/** Process ids of a pod's programs, as they are seen from outside its namespace. */
import { readFileSync } from "node:fs";

/** The id here of what is `inner` in the pod whose process 1 is `root` here; `undefined` when it has ended. */
export function hostPidOf(root: number, inner: number): number | undefined {
  // The tree below process 1 is small: it and its root, the root's programs, and what they started.
  const line: number[] = [root];
  for (let next = line.shift(); next !== undefined; next = line.shift()) {
    const ids = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${next}/status`))?.[1]?.split(/\s+/);
    if (ids !== undefined && ids.length > 1 && Number(ids.at(-1)) === inner) return next;
    for (const child of childrenOf(next)) line.push(child);
  }
  return undefined;
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
