/**
 * What a pod needs before there is a process in it: its files, its box, and for a copy somebody who serves its pages, and
 * CRIU that has read the image. It is the same for every copy of an image, so it can be made before a copy is wanted (`vessels.ts`).
 */
import { realpathSync } from "node:fs";
import { cp } from "node:fs/promises";
import { dirname } from "node:path";
import { Box } from "./box.ts";
import { requireDone, restoreRequest, waitingArguments } from "./criu.ts";
import { type Home, makeHome } from "./home.ts";
import { type Image, filesOf, pagesOf } from "./image.ts";
import { hostPidsOf } from "./pids.ts";
import type { Tools } from "./tools.ts";

export interface Vessel {
  readonly home: Home;
  readonly box: Box;
  /** Why nobody serves pages. */
  readonly eagerBecause?: string | undefined;
  /** CRIU, which waits until the copy is wanted, as this process sees it: the copy's processes are its children at first. */
  readonly criu?: number | undefined;
}

export interface VesselOptions {
  readonly tools: Tools;
  /** Where files of running pods lie: a directory of its own is made below it. `os.tmpdir()` unless told otherwise. */
  readonly scratch?: string | undefined;
}

export interface NewVesselOptions extends VesselOptions {
  readonly private: readonly string[];
  readonly keep: readonly string[];
  readonly ports: readonly number[];
  readonly outlets: number;
}

/** Low ids stay free for CRIU's own processes. */
export const rootPid = 1001;

/** For programs that are yet to be started. */
export async function newVessel(options: NewVesselOptions): Promise<Vessel> {
  const home = await makeHome(options, options.private, options.keep, options.ports);
  return { home, box: await open(home, options, [home.work], options.outlets) };
}

/** For a copy. */
export async function vesselFor(image: Image, options: VesselOptions): Promise<Vessel> {
  const { manifest, directory } = image;
  const home = await makeHome(options, manifest.private, manifest.keep, manifest.ports);
  try {
    await Promise.all(home.private.map(({ from }, number) => copyFiles(filesOf(directory, number), from)));
  } catch (error) {
    await home.remove();
    throw error;
  }
  const directories = [pagesOf(directory), home.work, directory];
  // As root, CRIU sets the clocks.
  const clock = isUnprivileged() ? manifest.clock : undefined;
  const box = await open(home, options, directories, manifest.pipes.length, clock);
  const vessel: Vessel = { home, box, eagerBecause: await serve(box) };
  try {
    const argv = waitingArguments(wordsOf(options.tools));
    const request = restoreRequest(manifest.pipes, isUnprivileged(), vessel.eagerBecause === undefined);
    const { message } = await box.order("ready", { argv, request });
    requireDone(message, "restore", home.work);
    return { ...vessel, criu: hostPidsOf(box.pid, [Number(message["pid"])])[0] };
  } catch (error) {
    await discardVessel(vessel);
    throw error;
  }
}

/** CRIU, as it is started. */
export function wordsOf({ criu, criuCommand = [criu] }: Tools): readonly string[] {
  return criuCommand;
}

function copyFiles(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

export async function discardVessel({ home, box }: Vessel): Promise<void> {
  await box.end();
  for (const outlet of box.outlets) outlet.destroy();
  await home.remove();
}

async function open(
  home: Home,
  { tools }: VesselOptions,
  directories: readonly string[],
  outlets: number,
  clock?: { readonly monotonic: string; readonly boottime: string },
): Promise<Box> {
  try {
    return await Box.open({
      program: tools.pod,
      private: home.private,
      keep: hiddenOf([...foldersOf(tools), ...home.keep], home),
      directories: directories.length === 1 ? [...directories, ...directories] : directories,
      outlets,
      ports: home.ports,
      lastPid: rootPid - 1,
      clock,
      userNamespace: isUnprivileged(),
    });
  } catch (error) {
    await home.remove();
    throw error;
  }
}

/** Begins to serve pages; else tells why not. */
async function serve(box: Box): Promise<string | undefined> {
  // CRIU wants more of userfaultfd than it may have in a user namespace.
  if (isUnprivileged()) return "no root";
  return box.order("serve").then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** CRIU's command names what it needs by where it really lies, whatever link it was found by. */
function foldersOf({ pod, criu }: Tools): string[] {
  return [...new Set([pod, dirname(criu), dirname(realpathSync(criu))])];
}

/** Those that would be out of sight. */
function hiddenOf(paths: readonly string[], { private: own }: Home): string[] {
  return paths.filter((kept) => own.some(({ path }) => kept.startsWith(`${path}/`)));
}

export function isUnprivileged(): boolean {
  return process.geteuid?.() !== 0;
}
