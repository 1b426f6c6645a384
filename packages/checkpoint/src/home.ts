/** The files of one running pod, in a directory of their own: what its private paths hold, and CRIU's work. */
import { chmodSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Files of one running pod. */
export interface Home {
  readonly private: readonly { readonly path: string; readonly from: string }[];
  readonly keep: readonly string[];
  readonly work: string;
  readonly ports: readonly number[];
  moveWorkTo(directory: string): Promise<void>;
  remove(): Promise<void>;
}

export async function makeHome(
  { scratch = tmpdir() }: { readonly scratch?: string | undefined },
  paths: readonly string[],
  keep: readonly string[],
  ports: readonly number[],
): Promise<Home> {
  const folder = await mkdtemp(join(scratch, "anylambda-pod-"));
  const work = join(folder, "work");
  await mkdir(work);
  const own = paths.map((path, number) => ({ path, from: join(folder, String(number)) }));
  for (const { from } of own) {
    await mkdir(from);
    // As /tmp is everywhere, whatever the umask says.
    chmodSync(from, 0o1777);
  }
  return {
    private: own,
    keep,
    work,
    ports,
    async moveWorkTo(directory) {
      await rm(directory, { recursive: true, force: true });
      // On the same file system it is only a name.
      await rename(work, directory).catch(() => cp(work, directory, { recursive: true }));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
