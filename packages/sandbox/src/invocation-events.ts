/**
 * What is told of one invocation: `start`, `runtimeDone`, `end` and `report`, in this order and each once
 * (environment.md 3.4).
 */
import type { InvocationReport, SandboxEvent, Tracing } from "./events.ts";
import { type Failure, statusOf } from "./failures.ts";
import { type InvocationTimes, runtimeSpansOf, spanOf } from "./invocation-times.ts";
import { type Job, OneAnswer } from "./invocation.ts";
import type { Restored } from "./snapstart/restoration.ts";
import { tracingOf } from "./tracing.ts";

/** An event without what is the same for all of an environment. */
export type Told = SandboxEvent extends infer Event
  ? Event extends SandboxEvent
    ? Omit<Event, "time" | "environment" | "environmentNumber">
    : never
  : never;

/** What REPORT says beside the invocation's own course. */
export interface Reported {
  readonly durationMs: number;
  readonly memorySizeMb: number;
  readonly maxMemoryUsedMb: number;
  readonly initDurationMs: number | undefined;
  readonly restored: Restored | undefined;
  readonly failure: Failure | undefined;
  /** Somebody had to be waited for after the runtime was done. */
  readonly hasExtensions: boolean;
}

export class InvocationEvents {
  readonly answer: OneAnswer;
  readonly times: InvocationTimes;
  readonly #tell: (told: Told) => void;
  readonly #common: { readonly requestId: string; readonly tracing: Tracing; readonly tenantId?: string };
  #isRuntimeDone = false;

  constructor(job: Job, started: number, tell: (told: Told) => void) {
    this.answer = new OneAnswer(job);
    this.times = { started, producedBytes: 0 };
    this.#tell = tell;
    const { requestId, tenantId } = job;
    this.#common = {
      requestId,
      tracing: tracingOf(job.traceId),
      ...(tenantId === undefined ? {} : { tenantId }),
    };
  }

  start(version: string): void {
    this.#tell({ type: "start", version, ...this.#common });
  }

  /** What the runtime wrote before it asked for the next event lies in its pipes: first that, then the news. */
  readonly done = (): void => {
    setImmediate(() => this.runtimeDone(undefined));
  };

  /** `failure` is why the runtime will not ask for its next event; it did, when there is none. */
  runtimeDone(failure: Failure | undefined): void {
    if (this.#isRuntimeDone) return;
    this.#isRuntimeDone = true;
    const { started, producedBytes, ready } = this.times;
    const { answer } = this;
    const errorType = ready === undefined ? failure?.errorType : answer.errorType;
    const { requestId } = this.#common;
    const spans = runtimeSpansOf(this.times);
    const durationMs = (ready ?? performance.now()) - started;
    const done = { type: "runtimeDone", requestId, durationMs, producedBytes, spans } as const;
    const { errorCause } = answer;
    const cause = errorCause === undefined ? undefined : { errorCause };
    // Not by spreads: see `teller.ts`.
    this.#tell(Object.assign(done, this.#common, outcomeOf(errorType), cause));
  }

  end(reported: Reported): InvocationReport {
    const { requestId } = this.#common;
    const { durationMs, initDurationMs, restored, failure, hasExtensions } = reported;
    const { ready } = this.times;
    const whole = {
      type: "report",
      requestId,
      durationMs,
      // Since August 2025 init is billed as well (environment.md 4.2).
      billedDurationMs: Math.ceil(durationMs + (initDurationMs ?? 0)),
      memorySizeMb: reported.memorySizeMb,
      maxMemoryUsedMb: reported.maxMemoryUsedMb,
    } as const;
    const report: InvocationReport = Object.assign(
      whole,
      this.#common,
      outcomeOf(failure?.errorType ?? this.answer.errorType),
      initDurationMs === undefined ? undefined : { initDurationMs },
      restored && { restoreDurationMs: restored.durationMs, billedRestoreDurationMs: restored.billedMs },
      hasExtensions && ready !== undefined
        ? { spans: [spanOf("extensionOverhead", ready, performance.now())] }
        : undefined,
    );
    this.#tell({ type: "end", requestId });
    this.#tell(report);
    return report;
  }
}

function outcomeOf(errorType: string | undefined): Pick<InvocationReport, "status" | "errorType"> {
  return errorType === undefined ? { status: "success" } : { status: statusOf(errorType), errorType };
}
