/**
 * Why a program cannot be started, found out before anybody tries: in Lambda's words for the caller, and in plain ones
 * for the developer, because the kernel has one word ("no such file or directory") for five mistakes.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { arch } from "node:process";
import { delimiter, isAbsolute, join, resolve } from "node:path";

export interface StartFault {
  /** As Go prints what the kernel says. */
  readonly word: "no such file or directory" | "permission denied" | "exec format error";
  /** What is wrong, and what to do. */
  readonly sentence: string;
}

/** `undefined` when nothing speaks against it. A name without a slash is looked for in `path`. */
export function startFaultOf(file: string, directory: string, path: string): StartFault | undefined {
  const found = file.includes("/")
    ? isAbsolute(file)
      ? file
      : resolve(directory, file)
    : inPath(file, path);
  const stat = found === undefined ? undefined : statOf(found);
  if (found === undefined || stat === undefined)
    return { word: "no such file or directory", sentence: `There is no ${file}` };
  if (!stat.isFile()) return { word: "permission denied", sentence: `${file} is no file` };
  if (!isAccessible(found, constants.X_OK))
    return { word: "permission denied", sentence: `${file} is not executable: chmod +x ${file}` };
  // The kernel can start what we may not read.
  if (process.platform !== "linux" || !isAccessible(found, constants.R_OK)) return undefined;
  return contentFault(file, firstBytesOf(found));
}

function contentFault(file: string, head: Buffer): StartFault | undefined {
  if (head.subarray(0, 2).toString("latin1") === "#!") return scriptFault(file, head);
  if (head.subarray(0, 4).toString("latin1") === "\u007fELF") return binaryFault(file, head);
  const sentence =
    head.length === 0
      ? `${file} is empty`
      : `${file} is neither a program of this system nor a script: its first line must be like #!/bin/sh`;
  return { word: "exec format error", sentence };
}

function scriptFault(file: string, head: Buffer): StartFault | undefined {
  const [line = ""] = head.subarray(2).toString("latin1").split("\n", 1);
  const [interpreter = ""] = line.trimStart().split(/[ \t]/, 1);
  if (line.endsWith("\r")) {
    const sentence = `The lines of ${file} end in CR LF, as on Windows, and there is no interpreter of that name: save it with LF`;
    return { word: "no such file or directory", sentence };
  }
  if (existsSync(interpreter)) return undefined;
  const sentence = `${file} asks for the interpreter ${interpreter || "(none)"}, which is not there`;
  return { word: "no such file or directory", sentence };
}

/** `e_machine` of the ELF header. */
const machines: Readonly<
  Record<number, { readonly name: string; readonly arch: string; readonly qemu: string }>
> = {
  62: { name: "x86_64", arch: "x64", qemu: "x86_64" },
  183: { name: "arm64", arch: "arm64", qemu: "aarch64" },
};

function binaryFault(file: string, head: Buffer): StartFault | undefined {
  const machine = machines[head.readUInt16LE(18)];
  if (machine === undefined) return undefined;
  // An emulator may be registered for it.
  if (machine.arch !== arch && !existsSync(`/proc/sys/fs/binfmt_misc/qemu-${machine.qemu}`)) {
    const own = Object.values(machines).find((each) => each.arch === arch)?.name ?? arch;
    const sentence = `${file} is built for ${machine.name}, and this machine is ${own}: build it for ${own}`;
    return { word: "exec format error", sentence };
  }
  const loader = loaderOf(head);
  if (machine.arch !== arch || loader === undefined || existsSync(loader)) return undefined;
  const sentence = `${file} needs the loader ${loader}, which is not there: it was built for another Linux`;
  return { word: "no such file or directory", sentence };
}

/** The `PT_INTERP` of a 64-bit file, if its text lies in the first bytes, as linkers put it. */
function loaderOf(head: Buffer): string | undefined {
  if (head.length < 64 || head[4] !== 2) return undefined;
  const table = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  for (let i = 0, at = table; i < head.readUInt16LE(56); i += 1, at += size) {
    if (at + 56 > head.length) return undefined;
    if (head.readUInt32LE(at) !== 3) continue;
    const from = Number(head.readBigUInt64LE(at + 8));
    const length = Number(head.readBigUInt64LE(at + 32));
    return from + length > head.length ? undefined : head.toString("latin1", from, from + length - 1);
  }
  return undefined;
}

function firstBytesOf(file: string): Buffer {
  const bytes = Buffer.alloc(4096);
  const descriptor = openSync(file, "r");
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function inPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((place) => join(place, name))
    .find((file) => statOf(file)?.isFile() && isAccessible(file, constants.X_OK));
}

/** Nothing for what is not there, and for what stands in a directory that this user may not enter. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

function isAccessible(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
