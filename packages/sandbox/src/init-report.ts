/** What is told of an init that did not succeed. */
import type { Boot } from "./boot.ts";
import type { InitReport } from "./events.ts";
import { statusOf } from "./failures.ts";
import type { InitOutcome } from "./init.ts";
import { listeningPortsOf } from "./listening-ports.ts";

/** What can only be seen while the processes are there. */
export interface InitTraces {
  readonly durationMs: number;
  readonly listeningPorts: readonly number[];
}

/** To be called before the processes are ended. */
export function initTracesOf(boot: Boot, started: number): InitTraces {
  return { durationMs: performance.now() - started, listeningPorts: listeningPortsOf(boot.leaders) };
}

/** To be called after the processes have ended, so that the last lines are the last lines. */
export function failedInit(
  boot: Boot,
  phase: "init" | "invoke",
  outcome: Exclude<InitOutcome, { readonly kind: "ready" }>,
  { durationMs, listeningPorts }: InitTraces,
): InitReport {
  const seconds = (durationMs / 1000).toFixed(2);
  if (outcome.kind === "late") {
    const message = `Init was not over after ${seconds} s: it waited ${outcome.waitingFor}`;
    const lastLines = boot.runtime?.lastLines ?? [];
    return {
      type: "initReport",
      phase,
      status: "timeout",
      durationMs,
      failure: { message, lastLines, listeningPorts },
    };
  }
  const { errorType, sentence } = outcome.failure;
  const message = `${sentence}, ${seconds} s after the start of init`;
  const lastLines = boot.lastLinesOf(outcome.failure);
  const failure = { message, lastLines, listeningPorts };
  return { type: "initReport", phase, status: statusOf(errorType), durationMs, errorType, failure };
}
