/** A place for temporary files of an environment that shares `/tmp` with the machine. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guard } from "../guard.ts";

export interface TemporaryPlace {
  readonly path: string;
  /** With all that is in it. */
  remove(): Promise<void>;
}

/** Goes with this process, too, however that ends. */
export function makeTemporaryPlace(): TemporaryPlace {
  const path = mkdtempSync(join(tmpdir(), "anylambda-tmp-"));
  const unguard = guard({ directory: path });
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      unguard();
    },
  };
}
