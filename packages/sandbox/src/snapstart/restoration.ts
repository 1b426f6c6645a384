/**
 * The cold start of a function with a snapshot (environment.md 6.2), in rapid's order: a copy at the restore point,
 * new credentials under the token it knows, `restore/next` answered, its hooks, its first `/next`.
 */
import type { Boot, BootPlace } from "../boot.ts";
import type { RestoreReport } from "../events.ts";
import type { Failure } from "../failures.ts";
import { offerOf } from "./credentials.ts";
import type { Restore, SnapshotEngine, Stage } from "./engine.ts";
import type { SnapStartRefusal } from "./refusals.ts";
import type { SnapshotSource } from "./source.ts";

export interface Restored {
  readonly kind: "ready";
  readonly durationMs: number;
  /** What ran on the function's account. */
  readonly billedMs: number;
}

export interface RestoreFailure {
  readonly kind: "failed";
  readonly durationMs: number;
  readonly failure: Failure;
  readonly status: "error" | "timeout";
  readonly refused: SnapStartRefusal;
}

/** Restore and hooks after it (environment.md 4.2). */
const restoreLimitMs = 10_000;

/** A copy of what `source` published. Never rejects; see `restore`. */
export async function restoreFrom(
  { engine, published }: SnapshotSource,
  copy: Omit<Restore, "deadline" | "snapshot">,
): Promise<Restored | RestoreFailure> {
  const { snapshot } = await published;
  return snapshot === undefined ? noSnapshot() : restore(engine, { ...copy, snapshot });
}

/** Never rejects. After a failure the boot that `newBoot` made, if any, is still to be stopped. */
async function restore(
  engine: SnapshotEngine,
  copy: Omit<Restore, "deadline">,
  limitMs: number = restoreLimitMs,
): Promise<Restored | RestoreFailure> {
  const { snapshot, api } = copy;
  let started = performance.now();
  api.credentials = offerOf(snapshot.credentialsToken, snapshot.configuration.credentials, new Date());
  const failed = (failure: Failure, late: boolean): RestoreFailure => ({
    kind: "failed",
    durationMs: late ? limitMs : performance.now() - started,
    failure,
    status: late ? "timeout" : "error",
    refused: late ? "SnapStartTimeoutException" : "SnapStartException",
  });
  const outcome = await engine.restore({ ...copy, deadline: started + limitMs });
  if (outcome.kind === "failed") return failed(outcome.failure, outcome.late);
  started += outcome.bootMs ?? 0;
  const released = performance.now();
  const { boot } = outcome;
  boot.runtimeApi.restored();
  const ready = await boot.watch.until(() => isOver(boot), started + limitMs - performance.now());
  const { restoreError } = boot.runtimeApi;
  if (restoreError !== undefined) return failed(hookFailure(restoreError), false);
  if (ready === "failed") return failed(boot.watch.failure as Failure, false);
  if (ready === "late") return failed(tooLate(limitMs), true);
  const now = performance.now();
  return { kind: "ready", durationMs: now - started, billedMs: Math.ceil(now - released) };
}

/** For a version whose publication failed: AWS says so in the words for one that is not ready. */
function noSnapshot(): RestoreFailure {
  const sentence = "There is no snapshot: the version could not be published";
  const failure = { errorType: "Sandbox.Failure", message: sentence, sentence };
  return { kind: "failed", durationMs: 0, failure, status: "error", refused: "SnapStartNotReadyException" };
}

export function placeOf(stage: Stage): BootPlace {
  const { runtimeApi: _, ...place } = stage;
  return { ...place, close: () => stage.close(), snapStart: true };
}

export function restoreReportOf(failed: RestoreFailure, boot: Boot | undefined): RestoreReport {
  const { status, durationMs, failure } = failed;
  const { errorType, sentence: message } = failure;
  const lastLines = boot?.lastLinesOf(failure) ?? [];
  return {
    type: "restoreReport",
    status,
    durationMs,
    errorType,
    failure: { message, lastLines, listeningPorts: [] },
  };
}

function isOver({ runtimeApi, registry }: Boot): boolean {
  return runtimeApi.restoreError !== undefined || (runtimeApi.state === "Ready" && registry.idle);
}

function hookFailure({
  errorType,
  payload,
}: {
  readonly errorType: string;
  readonly payload: Uint8Array;
}): Failure {
  const text = Buffer.from(payload).toString().slice(0, 1000);
  return {
    errorType,
    message: "Runtime reported an error after the restore",
    sentence: `The runtime reported an error after the restore: ${text}`,
  };
}

function tooLate(limitMs: number): Failure {
  const sentence =
    `The restored runtime did not ask for its first event within ${limitMs / 1000} s ` +
    `(GET /2018-06-01/runtime/invocation/next): its hooks after the restore take too long`;
  return { errorType: "Runtime.RestoreHookUserTimeout", message: "Restore timed out", sentence };
}
