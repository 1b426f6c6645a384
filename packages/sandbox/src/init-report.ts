/** What is told of an init that did not succeed. */
import type { AnyBoot } from "./boot.ts";
import type { ExtensionReport, InitPhase, InitReport, SandboxEvent } from "./events.ts";
import type { ExtensionRegistry } from "./extension-registry.ts";
import { reportedOf, statusOf } from "./failures.ts";
import type { InitOutcome } from "./init.ts";
import { listeningPortsOf } from "./listening-ports.ts";

/** One a known extension, in the order in which they came; to be called before the processes are ended. */
export function extensionReportsOf(registry: ExtensionRegistry, outcome: InitOutcome): ExtensionReport[] {
  const failure = outcome.kind === "failed" ? outcome.failure : undefined;
  return registry.all.map(({ name, state, events, errorType }) => {
    const type = errorType ?? (failure?.extension === name ? failure.errorType : undefined);
    return { type: "extension", name, state, events, ...(type === undefined ? {} : { errorType: type }) };
  });
}

/** AWS tells this of the end of the whole phase, extensions included (environment.md 3.4). */
export function initRuntimeDoneOf(
  phase: InitPhase,
  outcome: InitOutcome,
): Omit<Extract<SandboxEvent, { type: "initRuntimeDone" }>, "time" | "environment" | "environmentNumber"> {
  const type = "initRuntimeDone";
  if (outcome.kind === "ready") return { type, phase, status: "success" };
  if (outcome.kind === "late") return { type, phase, status: "timeout" };
  const { errorType } = reportedOf(outcome.failure);
  return { type, phase, status: statusOf(errorType), errorType };
}

/** What can only be seen while the processes are there. */
export interface InitTraces {
  readonly durationMs: number;
  readonly listeningPorts: readonly number[];
}

/** To be called before the processes are ended. */
export function initTracesOf(boot: AnyBoot, started: number): InitTraces {
  return { durationMs: performance.now() - started, listeningPorts: listeningPortsOf(boot.members) };
}

/** To be called after the processes have ended, so that the last lines are the last lines. */
export function failedInit(
  boot: AnyBoot,
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
  const { errorType, sentence } = reportedOf(outcome.failure);
  const message = `${sentence}, ${seconds} s after the start of init`;
  const lastLines = boot.lastLinesOf(outcome.failure);
  const failure = { message, lastLines, listeningPorts };
  return { type: "initReport", phase, status: statusOf(errorType), durationMs, errorType, failure };
}
