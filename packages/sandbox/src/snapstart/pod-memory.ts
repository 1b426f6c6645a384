/**
 * The memory limit of a boot in a pod, be it a copy or what is to become a snapshot. Where a control group can be made, the pod's processes are born in it; the kernel
 * then counts what they touch, and not the pages of the image that they only share. Files in the pod's own `/tmp` are
 * memory for the kernel where they lie on tmpfs, and a disk on Lambda: the group's limit has room for them, and within it
 * looking goes on (`memory.ts`). The group does not freeze: whoever serves the pages of a copy is in the pod too.
 */
import { statfsSync } from "node:fs";
import type { BootLimits, BootPlace } from "../boot.ts";
import { Cgroup } from "../cgroup.ts";

export type PodMemory = Pick<BootPlace, "cgroup" | "tmpBytes">;

/** `scratch` is where the pod's files lie. Without a limit there is no group. */
export function podMemory(
  { name, cgroups = true, memoryLimitBytes }: BootLimits,
  scratch: string,
  ephemeralStorageMb = 512,
): PodMemory {
  const tmpBytes = isMemory(scratch) ? ephemeralStorageMb * 1_048_576 : 0;
  if (!cgroups || memoryLimitBytes === undefined) return { tmpBytes };
  const cgroup = Cgroup.open(name, memoryLimitBytes + tmpBytes, "memory");
  return { tmpBytes, ...(cgroup !== undefined && { cgroup }) };
}

const tmpfs = 0x0102_1994;

function isMemory(directory: string): boolean {
  return statfsSync(directory).type === tmpfs;
}
