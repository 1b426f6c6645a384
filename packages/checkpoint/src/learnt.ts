/**
 * What copies of an image need at once is learnt from a copy that came before (`native/pod/src/learnt.rs`), and lies in a
 * file beside what was frozen.
 *
 *  (1) A file of that name is complete, and stays as it is.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, link, rm } from "node:fs/promises";
import { join } from "node:path";

const name = "learnt";

export function isLearnt(directory: string): boolean {
  return existsSync(join(directory, name));
}

/** Keeps what a copy has written to its work directory. Nothing happens when another copy was earlier. */
export async function keepLearnt(directory: string, work: string): Promise<void> {
  const unfinished = join(directory, `${name}.${randomUUID()}`);
  try {
    await copyFile(join(work, name), unfinished);
    await link(unfinished, join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}
