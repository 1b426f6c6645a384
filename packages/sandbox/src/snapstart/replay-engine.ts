/**
 * SnapStart where memory cannot be restored: the same life cycle, with the app started anew for every copy up to the
 * restore point. Calls, hooks, order, variables, credentials and errors are as on Lambda. Memory is not: what a
 * snapshot makes equal in all copies is not equal here, and a copy costs a whole boot. Whoever starts it says so.
 *
 *  (1) A copy counts as restored when it is where the published one was: every extension and the runtime wait.
 *  (2) The time of its boot is not the restore's: on Lambda it was spent when the version was published.
 */
import type { ApiServer } from "../api-server.ts";
import type { Boot } from "../boot.ts";
import { type InitOutcome, initialize } from "../init.ts";
import { launch } from "../processes.ts";
import { stopProcesses } from "../stop.ts";
import { copyVariablesOf } from "./copy-variables.ts";
import type { Restore, RestoreOutcome, Snapshot, SnapshotEngine, Stage, Version } from "./engine.ts";
import { publishLimitOf } from "./publication.ts";

export function replayEngine(): SnapshotEngine {
  return { kind: "replay", stage, checkpoint, restore, discard: async () => undefined };
}

async function stage(api: ApiServer): Promise<Stage> {
  await api.listen();
  return { runtimeApi: api.address, launch, joins: true, close: async () => undefined };
}

/** Nothing is kept but how the app came here. */
async function checkpoint(_: Stage, boot: Boot, __: ApiServer, version: Version): Promise<Snapshot> {
  const { configuration, credentialsToken } = version;
  const { knowsRestore } = boot.runtimeApi;
  await stopProcesses(boot, "spindown");
  return { engine: "replay", configuration, credentialsToken, knowsRestore, bytes: 0 };
}

async function restore({ snapshot, api, configuration, newBoot, path }: Restore): Promise<RestoreOutcome> {
  const started = performance.now();
  const place = await stage(api);
  const { runtimeApi } = place;
  const { credentialsToken } = snapshot;
  const boot = newBoot(place, copyVariablesOf(configuration, { runtimeApi, credentialsToken, path }));
  const outcome = await initialize(boot, configuration, started + publishLimitOf(configuration));
  if (outcome.kind === "ready") return { kind: "restored", boot, bootMs: performance.now() - started };
  return { kind: "failed", failure: failureOf(outcome), late: false };
}

function failureOf(outcome: Exclude<InitOutcome, { readonly kind: "ready" }>) {
  if (outcome.kind === "failed") return outcome.failure;
  const sentence = `The copy did not come to its restore point: it waited ${outcome.waitingFor}`;
  return { errorType: "Sandbox.Failure", message: sentence, sentence };
}
