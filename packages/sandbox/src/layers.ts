/**
 * Layers, directories or zip files, merged into one directory that stands for `/opt`, as Lambda does (environment.md
 * 4.8): in the order of the list, later files over earlier ones, symbolic links and permissions kept.
 *
 *  (1) Nothing is written outside the directory, whatever an archive says.
 *  (2) The result is kept under the hash of what went in, and appears whole or not at all.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type yauzl from "yauzl";

/** At most so many, and so much of them unpacked, on Lambda. */
export const maxLayers = 5;
const maxLayerBytes: number = 250 * 1_048_576;

/** Returns the directory, below `cache`. Rejects with a sentence for a person. */
export async function mergeLayers(layers: readonly string[], cache: string): Promise<string> {
  if (layers.length > maxLayers)
    throw new Error(`${layers.length} layers: Lambda takes at most ${maxLayers}`);
  const hash = createHash("sha256");
  for (const layer of layers) addToHash(layer, hash);
  const result = join(cache, hash.digest("hex").slice(0, 32));
  if (existsSync(result)) return result;
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const growing = mkdtempSync(join(cache, "growing-"));
  chmodSync(growing, 0o755);
  try {
    const budget = { left: maxLayerBytes };
    for (const layer of layers) {
      if (statSync(layer).isDirectory()) copy(layer, growing, budget);
      else await unpack(layer, growing, budget);
    }
    renameSync(growing, result);
  } catch (error) {
    // Somebody else was faster: theirs is the same.
    if (!existsSync(result)) throw error;
  } finally {
    rmSync(growing, { recursive: true, force: true });
  }
  return result;
}

interface Budget {
  left: number;
}

function spend(budget: Budget, bytes: number, layer: string): void {
  budget.left -= bytes;
  if (budget.left < 0)
    throw new Error(`With ${layer} the layers are larger than 250 MB unpacked, which Lambda refuses`);
}

type Hash = ReturnType<typeof createHash>;

/** A directory by names, sizes, times and modes: reading 250 MB at every start would take longer than the start. */
function addToHash(layer: string, hash: Hash): void {
  const stat = statSync(layer, { throwIfNoEntry: false });
  if (stat === undefined) throw new Error(`There is no layer ${layer}`);
  if (!stat.isDirectory()) {
    hash.update("zip").update(readFileSync(layer));
    return;
  }
  for (const entry of readdirSync(layer, { recursive: true, encoding: "utf8" }).sort()) {
    const { size, mtimeMs, mode } = lstatSync(join(layer, entry));
    hash.update(JSON.stringify([entry, size, mtimeMs, mode]));
  }
}

function copy(layer: string, target: string, budget: Budget): void {
  for (const entry of readdirSync(layer, { recursive: true, encoding: "utf8" }).sort()) {
    const from = join(layer, entry);
    const to = placeFor(target, entry, layer);
    const stat = lstatSync(from);
    if (stat.isDirectory()) makeDirectory(to);
    else if (stat.isSymbolicLink()) link(readlinkSync(from), to);
    else if (stat.isFile()) {
      spend(budget, stat.size, layer);
      rmSync(to, { recursive: true, force: true });
      cpSync(from, to);
      chmodSync(to, stat.mode & 0o777);
    }
  }
}

async function unpack(layer: string, target: string, budget: Budget): Promise<void> {
  const zip = await open(layer);
  const next = (): Promise<yauzl.Entry | undefined> =>
    new Promise((resolve, reject) => {
      // yauzl itself refuses names that are absolute or have `..` in them.
      zip.once("error", (error: Error) =>
        reject(new Error(`${layer} is no good zip file: ${error.message}`)),
      );
      zip.once("entry", resolve);
      zip.once("end", () => resolve(undefined));
      zip.readEntry();
    });
  try {
    for (let entry = await next(); entry !== undefined; entry = await next()) {
      zip.removeAllListeners();
      await write(zip, entry, target, layer, budget);
    }
  } finally {
    zip.close();
  }
}

async function write(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  target: string,
  layer: string,
  budget: Budget,
): Promise<void> {
  const to = placeFor(target, entry.fileName, layer);
  // The upper half holds the mode where the archive was made on Unix.
  const mode = entry.externalFileAttributes >>> 16;
  if (entry.fileName.endsWith("/")) return makeDirectory(to);
  spend(budget, entry.uncompressedSize, layer);
  const content = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error === null ? resolve(stream) : reject(error)));
  });
  if ((mode & 0o170000) === 0o120000) return link((await buffer(content)).toString(), to);
  rmSync(to, { recursive: true, force: true });
  await pipeline(content, createWriteStream(to, { flags: "wx" }));
  chmodSync(to, mode === 0 ? 0o644 : mode & 0o777);
}

/** Invariant 1: an earlier entry may be a link that leads elsewhere. */
function placeFor(target: string, name: string, layer: string): string {
  const to = join(target, name);
  const parent = dirname(to);
  if (!isWithin(to, target)) throw new Error(`${layer} holds ${name}, which leads out of /opt`);
  let existing = parent;
  while (!existsSync(existing)) existing = dirname(existing);
  if (!isWithin(realpathSync(existing), realpathSync(target)))
    throw new Error(`${layer} holds ${name}, which leads out of /opt by a link`);
  mkdirSync(parent, { recursive: true });
  return to;
}

function isWithin(place: string, root: string): boolean {
  return place === root || place.startsWith(root + sep);
}

function makeDirectory(to: string): void {
  const there = lstatSync(to, { throwIfNoEntry: false });
  if (there !== undefined && !there.isDirectory()) rmSync(to);
  mkdirSync(to, { recursive: true });
}

function link(to: string, at: string): void {
  rmSync(at, { recursive: true, force: true });
  symlinkSync(to, at);
}

async function open(file: string): Promise<yauzl.ZipFile> {
  // Few functions have layers that are zip files.
  const { default: library } = await import("yauzl");
  return new Promise((resolve, reject) => {
    library.open(file, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(new Error(`${file} is no zip file: ${error.message}`));
    });
  });
}
