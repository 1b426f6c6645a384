/** Real snapshots on this machine, if it can, with the files in the best place that it has for them. */
import { mkdirSync, readdirSync, rmSync, statSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Diagnosis, probe } from "@anylambda/checkpoint";
import { type CriuEngineOptions, criuEngine } from "./criu-engine.ts";
import type { SnapshotEngine } from "./engine.ts";

export type CriuHost =
  | { readonly ok: true; readonly engine: SnapshotEngine }
  /** Why not, in a sentence, and what to do. */
  | { readonly ok: false; readonly obstacle: string };

/** Freezes and restores a small program to find out. Never rejects. */
export async function criuHost(
  options: Omit<CriuEngineOptions, "tools" | "directory"> = {},
): Promise<CriuHost> {
  const diagnosis = await probe();
  const { tools } = diagnosis;
  if (!diagnosis.ok || tools === undefined) return { ok: false, obstacle: obstacleOf(diagnosis) };
  return { ok: true, engine: criuEngine({ ...options, tools, directory: snapshotDirectory() }) };
}

function obstacleOf({ findings }: Diagnosis): string {
  const failed = findings.filter((finding) => !finding.ok);
  // One sentence in one line: it stands in a warning.
  return failed.map(({ what, detail }) => `${what}: ${detail.replaceAll(/\s*\n\s*/g, "; ")}`).join("; ");
}

/**
 * This process's directory for images and files of running pods, in memory where there is room for it. What processes
 * left there that were killed is removed.
 */
function snapshotDirectory(): string {
  const user = process.getuid?.() ?? 0;
  const shared = join(isRoomy("/dev/shm") ? "/dev/shm" : tmpdir(), `anylambda-${user}`);
  mkdirSync(shared, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(shared);
  if (uid !== user || (mode & 0o077) !== 0) throw new Error(`${shared} is not ours alone. Remove it`);
  for (const name of readdirSync(shared)) {
    const owner = Number(name);
    if (Number.isInteger(owner) && !isAlive(owner))
      rmSync(join(shared, name), { recursive: true, force: true });
  }
  const own = join(shared, String(process.pid));
  mkdirSync(own, { recursive: true, mode: 0o700 });
  // Pods end with this process and leave their files: nobody else would remove them.
  process.once("exit", () => rmSync(own, { recursive: true, force: true }));
  return own;
}

/** Containers often have 64 MB there, which one image can fill. */
function isRoomy(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize > 1024 * 1024 * 1024;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
