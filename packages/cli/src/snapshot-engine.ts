/** Which engine takes and restores snapshots: what was asked for, or the best that this machine can do. */
import { type SnapshotEngine, replayEngine } from "@anylambda/sandbox";

/** `auto`: memory where this machine can restore it, else the same life cycle without. */
export type AskedEngine = "auto" | SnapshotEngine["kind"];

export const askedEngines = ["auto", "replay"] as const;

export interface ChosenEngine {
  readonly engine: SnapshotEngine;
  /** What the developer has to know of it. */
  readonly warning?: string;
}

export async function chooseEngine(asked: AskedEngine): Promise<ChosenEngine> {
  const why = asked === "replay" ? "as you asked" : "this version cannot restore memory yet";
  return { engine: replayEngine(), warning: `SnapStart is replayed (${why}): ${replayMeans}` };
}

const replayMeans =
  "the life cycle is Lambda's, but every copy is the app started anew, and its memory is not restored";
