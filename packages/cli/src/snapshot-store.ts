/** Snapshots that outlive the command that took them: one image a name, in the user's cache. */
import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Image, listImages, obstacleOf, openImage, removeImage } from "@anylambda/checkpoint";
import { type Snapshot, openSnapshot } from "@anylambda/sandbox";
import { userFailure } from "./user-failure.ts";

export function snapshotStore(env: NodeJS.ProcessEnv): string {
  const cache = env["XDG_CACHE_HOME"] ?? "";
  return join(cache.startsWith("/") ? cache : join(homedir(), ".cache"), "anylambda", "snapshots");
}

export interface StoredImage extends Image {
  readonly name: string;
}

export async function storedImages(store: string): Promise<StoredImage[]> {
  const images = await listImages(store);
  return images.map((image) => Object.assign({ name: image.directory.slice(store.length + 1) }, image));
}

export async function storedImage(store: string, name: string): Promise<StoredImage> {
  const image = await openImage(directoryOf(store, name)).catch((error: Error) => {
    throw userFailure(error.message, "anylambda snapshot list shows those there are.");
  });
  return { name, ...image };
}

/** Refuses a name that is taken, before anything is booted. */
export function requireFree(store: string, name: string): void {
  if (!existsSync(directoryOf(store, name))) return;
  throw userFailure(`There is a snapshot ${name} already`, `anylambda snapshot rm ${name} removes it.`);
}

/** Takes an image over from where it was made. */
export async function keepSnapshot(
  store: string,
  name: string,
  { directory = "" }: Snapshot,
): Promise<Image> {
  const kept = directoryOf(store, name);
  await mkdir(store, { recursive: true, mode: 0o700 });
  // It was made in memory, which is another file system.
  await rename(directory, kept).catch(async () => {
    await cp(directory, kept, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    await rm(directory, { recursive: true, force: true });
  });
  return openImage(kept);
}

export async function removeSnapshot(store: string, name: string): Promise<void> {
  await storedImage(store, name);
  await removeImage(directoryOf(store, name));
}

/** For `dev`: a snapshot that fits this machine. */
export async function storedSnapshot(store: string, name: string): Promise<Snapshot> {
  const image = await storedImage(store, name);
  const obstacle = obstacleOf(image);
  if (obstacle !== undefined)
    throw userFailure(`The snapshot ${name} does not fit this machine: ${obstacle}`, "Take it again here.");
  return openSnapshot(image.directory);
}

function directoryOf(store: string, name: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(name)) return join(store, name);
  throw userFailure(
    `${JSON.stringify(name)} is no name of a snapshot`,
    "A name is that of a function: letters, digits, - and _.",
  );
}
