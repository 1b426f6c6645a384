/** Real snapshots on this machine, if it can, with the files in the best place that it has for them. */
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { type Diagnosis, ownDirectory, probe } from "@anylambda/checkpoint";
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

/** This process's directory for images and files of running pods, in memory where there is room for it. */
function snapshotDirectory(): string {
  return ownDirectory(isRoomy("/dev/shm") ? "/dev/shm" : tmpdir());
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
