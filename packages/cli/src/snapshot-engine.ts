/** Which engine takes and restores snapshots: what was asked for, or the best that this machine can do. */
import { type SnapshotEngine, criuHost, replayEngine } from "@anylambda/sandbox";
import { userFailure } from "./user-failure.ts";

/** `auto`: memory where this machine can restore it, else the same life cycle without. */
export type AskedEngine = "auto" | SnapshotEngine["kind"];

export const askedEngines = ["auto", "criu", "replay"] as const;

export interface ChosenEngine {
  readonly engine: SnapshotEngine;
  /** What the developer has to know of it. */
  readonly warning?: string;
}

/** `reach`: ports of this machine at which restored processes find services. `atOnce`: copies that may be wanted at once. */
export async function chooseEngine(
  asked: AskedEngine,
  reach?: readonly number[],
  atOnce = 1,
): Promise<ChosenEngine> {
  if (asked === "replay") return replayed("as you asked");
  const host = await criuHost({ reach, standingReady: Math.min(atOnce, mostReady) });
  if (host.ok) return { engine: host.engine };
  if (asked === "criu") throw userFailure("This machine cannot restore memory", host.obstacle);
  return replayed(host.obstacle);
}

/** Each is three idle processes, of some megabytes together. */
const mostReady = 5;

function replayed(why: string): ChosenEngine {
  return { engine: replayEngine(), warning: `SnapStart is replayed (${why}): ${replayMeans}` };
}

const replayMeans =
  "the life cycle is Lambda's, but every copy is the app started anew, and its memory is not restored";
