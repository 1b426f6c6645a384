/**
 * An image directory:
 *
 *   manifest.json   what it is, of which machine, and what is not in it
 *   pages/          CRIU's files, read only from here on: every copy is made from them
 *   files/N/        what the private directories held
 *   learnt          what copies need at once, when one has shown it (`learnt.ts`)
 *
 * Written beside its final name and renamed: a directory with a manifest is complete.
 */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, readdirSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { arch, cpus, release } from "node:os";
import { dirname, join, resolve } from "node:path";

/** Raised when an older anylambda could not restore what a newer one wrote. */
export const formatVersion: number = 1;

export interface Manifest {
  readonly format: number;
  /** ISO 8601. */
  readonly created: string;
  readonly machine: Machine;
  readonly criuVersion: string;
  /** Outlets of the pod that was frozen. */
  readonly pipes: readonly string[];
  readonly programs: readonly ImageProgram[];
  /** The first is the one whose connections were parked; the others lead to the same ports of the host. */
  readonly ports: readonly number[];
  /** Connections to the host that were open: their other ends are not in the image. `HOST:PORT` each. */
  readonly connections: readonly { readonly local: string; readonly remote: string }[];
  /** Files outside these that programs had open for writing: all copies share them. Absent in older images. */
  readonly writable?: readonly string[];
  /** Paths with a private directory; number N is in `files/N`. */
  readonly private: readonly string[];
  readonly keep: readonly string[];
  /** Process id of the tree's root, inside. */
  readonly root: number;
  /** What the clocks said, ns. */
  readonly clock: { readonly monotonic: string; readonly boottime: string };
  /** Size of every file below `pages` and `files`, bytes. */
  readonly bytes: number;
  /** Of every file below `pages`: SHA-256, hex. */
  readonly checksums: Readonly<Record<string, string>>;
  /** For people: what a copy does not get from the image. */
  readonly outside: readonly string[];
  /** The owner's own notes. */
  readonly notes?: unknown;
}

export interface ImageProgram {
  /** Inside. */
  readonly pid: number;
  readonly name: string;
  readonly outlets: readonly [stdout: number, stderr: number];
}

/** Memory images hold what the kernel and the processor were found to offer: they go to no other. */
export interface Machine {
  readonly kernel: string;
  readonly cpu: string;
  readonly architecture: string;
}

export interface Image {
  readonly directory: string;
  readonly manifest: Manifest;
}

export const pagesOf = (directory: string): string => join(directory, "pages");
export const filesOf = (directory: string, number: number): string =>
  join(directory, "files", String(number));

function thisMachine(): Machine {
  return { kernel: release(), cpu: cpus()[0]?.model ?? "unknown", architecture: arch() };
}

/** Reads and checks the manifest; rejects with what does not fit, and what to do. */
export async function openImage(directory: string): Promise<Image> {
  const at = resolve(directory);
  const text = await readFile(join(at, "manifest.json"), "utf8").catch(() => undefined);
  if (text === undefined) throw new Error(`There is no image in ${at}: it has no manifest.json`);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    throw new Error(`The manifest of the image in ${at} is no JSON. Take the snapshot again`);
  }
  if (manifest.format !== formatVersion) {
    const message = `The image in ${at} has format ${manifest.format}, and this is ${formatVersion}`;
    throw new Error(`${message}. Take the snapshot again`);
  }
  return { directory: at, manifest };
}

/** Why an image cannot be restored here; `undefined` when nothing speaks against it. */
export function obstacleOf({ manifest }: Image, machine: Machine = thisMachine()): string | undefined {
  const then = manifest.machine;
  for (const name of ["architecture", "cpu", "kernel"] as const)
    if (then[name] !== machine[name])
      return `the image was taken with the ${name} ${then[name]}, and this is ${machine[name]}`;
  return undefined;
}

/** Compares every file with its checksum; the names of those that differ. */
export async function damagedFilesOf({ directory, manifest }: Image): Promise<string[]> {
  const damaged: string[] = [];
  for (const [name, expected] of Object.entries(manifest.checksums)) {
    const found = await checksumOf(join(pagesOf(directory), name)).catch(() => "");
    if (found !== expected) damaged.push(name);
  }
  return damaged;
}

/** Images below a directory, newest first; what has no readable manifest is left out. */
export async function listImages(below: string): Promise<Image[]> {
  const images: Image[] = [];
  for (const name of namesIn(below)) {
    const image = await openImage(join(below, name)).catch(() => undefined);
    if (image !== undefined) images.push(image);
  }
  return images.sort((a, b) => b.manifest.created.localeCompare(a.manifest.created));
}

/** Removes an image, and nothing that is none. */
export async function removeImage(directory: string): Promise<void> {
  if (readManifest(directory) === undefined) throw new Error(`There is no image in ${directory}`);
  await rm(directory, { recursive: true, force: true });
}

/** Makes a directory of everything that `fill` puts into one beside it. */
export async function writeImage(
  directory: string,
  fill: (
    unfinished: string,
  ) => Promise<Omit<Manifest, "bytes" | "checksums" | "format" | "machine" | "created">>,
): Promise<Image> {
  const at = resolve(directory);
  const unfinished = `${at}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(pagesOf(unfinished), { recursive: true, mode: 0o700 });
  try {
    const known = await fill(unfinished);
    const checksums: Record<string, string> = {};
    for (const name of namesIn(pagesOf(unfinished)).filter((file) => !isOfNoUse(file)))
      checksums[name] = await checksumOf(join(pagesOf(unfinished), name));
    const manifest: Manifest = {
      format: formatVersion,
      created: new Date().toISOString(),
      machine: thisMachine(),
      ...known,
      bytes: sizeOf(unfinished),
      checksums,
    };
    await writeFile(join(unfinished, "manifest.json"), JSON.stringify(manifest, null, 2), { mode: 0o600 });
    await mkdir(dirname(at), { recursive: true });
    await rename(unfinished, at);
    return { directory: at, manifest };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Logs and statistics of the dump: kept for a person, and no part of the image. */
function isOfNoUse(name: string): boolean {
  return name.endsWith(".log") || name.startsWith("stats-");
}

function readManifest(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, "manifest.json"), "utf8");
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** What it takes on the disk: holes count nothing. */
function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return Math.min(stat.size, stat.blocks * 512);
  return namesIn(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

async function checksumOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}
