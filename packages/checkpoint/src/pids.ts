/** What `/proc` says of a pod from outside its namespaces: process ids, connections, open files. */
import { readFileSync, readdirSync, readlinkSync, statSync } from "node:fs";

/** The ids here of what is `inner` in the pod whose process 1 is `root` here; `undefined` for what has ended. */
export function hostPidsOf(root: number, inner: readonly number[]): (number | undefined)[] {
  const found = new Map<number, number>();
  for (const pid of treeOf(root)) {
    const ids = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1]?.split(/\s+/);
    if (ids !== undefined && ids.length > 1) found.set(Number(ids.at(-1)), pid);
    if (inner.every((one) => found.has(one))) break;
  }
  return inner.map((pid) => found.get(pid));
}

/** Regular files, but for those below `own`, that programs of the pod have open for writing: each once, by name. */
export function writableFilesOf(root: number, own: readonly string[]): string[] {
  const found = new Set<string>();
  for (const pid of treeOf(root))
    for (const fd of numbersIn(`/proc/${pid}/fd`)) {
      const file = writableFile(pid, fd);
      if (file !== undefined && !own.some((path) => file.startsWith(`${path}/`))) found.add(file);
    }
  return [...found].toSorted();
}

function writableFile(pid: number, fd: string): string | undefined {
  // Octal; the lowest two bits are 0 for reading alone.
  const flags = /^flags:\s+(\d+)$/m.exec(read(`/proc/${pid}/fdinfo/${fd}`))?.[1];
  if (flags === undefined || (Number.parseInt(flags, 8) & 3) === 0) return undefined;
  try {
    const name = readlinkSync(`/proc/${pid}/fd/${fd}`);
    return name.startsWith("/") && statSync(`/proc/${pid}/fd/${fd}`).isFile() ? name : undefined;
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

function numbersIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Connections from inside the pod to one of `ports`, as the kernel lists them. */
export function connectionsOf(root: number, ports: readonly number[]): { local: string; remote: string }[] {
  const found: { local: string; remote: string }[] = [];
  for (const line of read(`/proc/${root}/net/tcp`).split("\n").slice(1)) {
    const [, local = "", remote = "", state] = line.trim().split(/\s+/);
    const end = addressOf(remote);
    if (state === established && ports.includes(end.port))
      found.push({ local: textOf(addressOf(local)), remote: textOf(end) });
  }
  return found;
}

const established = "01";

/** `0100007F:1F90`: the address backwards, the port as it is, both hex. */
function addressOf(field: string): { readonly host: string; readonly port: number } {
  const [address = "", port = ""] = field.split(":");
  const bytes = address.match(/../g) ?? [];
  return {
    host: bytes
      .toReversed()
      .map((byte) => Number.parseInt(byte, 16))
      .join("."),
    port: Number.parseInt(port, 16),
  };
}

function textOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`;
}

/** Process 1 and all below it, which are few: its root, the root's programs, and what they started. */
function* treeOf(root: number): Generator<number> {
  const line: number[] = [root];
  for (let next = line.shift(); next !== undefined; next = line.shift()) {
    yield next;
    line.push(...childrenOf(next));
  }
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
