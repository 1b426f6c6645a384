/**
 * What a sandbox tells about itself. The sandbox returns events, it never prints: whoever started it decides
 * what a person sees. Shapes follow the records of the Telemetry API (environment.md 3.4); `telemetry/records.ts`
 * makes these of them. Whoever takes events ignores the types it does not know: new ones come.
 */

export type InvocationStatus = "success" | "error" | "failure" | "timeout";

/** Where a line of output came from: the runtime process (the app), or the extension of that name. */
export type LogSource = { readonly kind: "function" } | { readonly kind: "extension"; readonly name: string };

/** `invoke`: init was repeated inside an invocation. */
export type InitPhase = "init" | "invoke" | "snap-start";

/** A part of an invocation. */
export interface Span {
  readonly name: "responseLatency" | "responseDuration" | "runtimeOverhead" | "extensionOverhead";
  readonly start: Date;
  readonly durationMs: number;
}

/** The trace an invocation belongs to. */
export interface Tracing {
  /** Of the function's segment: only when the trace is sampled. */
  readonly spanId?: string;
  /** `Root=…;Parent=…;Sampled=…`. */
  readonly value: string;
}

/** A managed runtime's version; functions that bring their own have none. */
export interface RuntimeVersion {
  /** `python:3.13.v22` */
  readonly name: string;
  readonly arn: string;
}

/** What came with a line that was written to the framed log channel (environment.md 3.7). */
export interface LogFrame {
  readonly format: "json" | "text";
  readonly level?: LogLevel;
  /** Exactly what was written, mostly with a newline at its end. */
  readonly message: string;
}

export type LogLevel = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";

export interface InitReport {
  readonly type: "initReport";
  readonly phase: InitPhase;
  readonly status: InvocationStatus;
  readonly durationMs: number;
  readonly errorType?: string;
  /** What happened, for a person; absent on success. */
  readonly failure?: InitFailure;
  /** Of a version that becomes a snapshot: Lambda logs this init also when it succeeds. */
  readonly snapStart?: true;
}

/** A snapshot was taken. */
export interface CheckpointReport {
  readonly type: "checkpoint";
  /** `replay`: nothing of the memory is kept. */
  readonly engine: "criu" | "replay";
  /** From the restore point until the image was complete. */
  readonly durationMs: number;
  readonly imageBytes: number;
}

/** Everything known of a boot that did not succeed. */
export interface InitFailure {
  /** One sentence: which process, how it ended, after how long. */
  readonly message: string;
  /** Last lines the failed process wrote to stderr (or to stdout when stderr is empty), at most 20. */
  readonly lastLines: readonly string[];
  /** TCP ports on which processes of the environment were listening at that moment, without the APIs' own. */
  readonly listeningPorts: readonly number[];
}

export interface InvocationReport {
  readonly type: "report";
  readonly requestId: string;
  readonly status: InvocationStatus;
  readonly durationMs: number;
  readonly billedDurationMs: number;
  readonly memorySizeMb: number;
  readonly maxMemoryUsedMb: number;
  /** Only on the first invocation after a reported init. */
  readonly initDurationMs?: number;
  /** Only on the first invocation after a restore, in the place of `initDurationMs`. */
  readonly restoreDurationMs?: number;
  /** Of that, what ran on the function's account: from the answer to `restore/next` to its first event. */
  readonly billedRestoreDurationMs?: number;
  readonly errorType?: string;
  /** `extensionOverhead`, when there was something to wait for. */
  readonly spans?: readonly Span[];
  readonly tracing?: Tracing;
  readonly tenantId?: string;
}

/** The runtime asked for its next event, or will never do so. Told once for every `start`. */
export interface RuntimeDone {
  readonly type: "runtimeDone";
  readonly requestId: string;
  readonly status: InvocationStatus;
  readonly errorType?: string;
  /** From the event's delivery on. */
  readonly durationMs: number;
  /** Length of the response; 0 when there was none. */
  readonly producedBytes: number;
  readonly spans: readonly Span[];
  readonly tracing?: Tracing;
  readonly tenantId?: string;
  /** What the runtime reported for X-Ray, checked and cropped: JSON (environment.md 1.6). */
  readonly errorCause?: string;
}

/** An extension at the end of init. */
export interface ExtensionReport {
  readonly type: "extension";
  readonly name: string;
  /** AWS's names: `Ready`, `Registered`, `InitError`, `LaunchError` ... */
  readonly state: string;
  readonly events: readonly string[];
  readonly errorType?: string;
}

export type TelemetryType = "platform" | "function" | "extension";

/** An extension subscribed to the Telemetry API, or to the Logs API. */
export interface Subscription {
  readonly type: "telemetrySubscription" | "logsSubscription";
  readonly name: string;
  readonly state: "Subscribed" | "Already subscribed";
  readonly types: readonly TelemetryType[];
}

/** A subscriber was too slow: what it did not get. */
export interface LogsDropped {
  readonly type: "logsDropped";
  /** Name of the extension. */
  readonly subscriber: string;
  readonly reason: string;
  readonly droppedRecords: number;
  readonly droppedBytes: number;
}

/** An environment that was restored from a snapshot (environment.md 3.4, 4.6). */
export interface RestoreReport {
  readonly type: "restoreReport";
  readonly status: InvocationStatus;
  readonly errorType?: string;
  /** From the order to restore until the copy asked for its first event, hooks included. */
  readonly durationMs: number;
  /** What happened, for a person; absent on success. */
  readonly failure?: InitFailure;
}

/** Something ended an invocation, or a process at rest, before its time. */
export interface Fault {
  readonly type: "fault";
  /** Absent when no invocation was running. */
  readonly requestId?: string;
  readonly errorType: string;
  /** Lambda's words: `Runtime exited with error: exit status 1`. */
  readonly message: string;
}

/** What torture mode does (`chaos.ts`). */
export type ChaosAction =
  /** The runtime is killed in the middle of an invocation, or between two. */
  | "crash"
  /** Every process of an environment stops for a while. */
  | "freeze"
  /** An idle environment is ended. */
  | "spindown"
  /** A streamed answer comes slowly. */
  | "slowStream"
  /** A streamed answer breaks off. */
  | "cutStream"
  /** An asynchronous event is delivered late. */
  | "delay"
  /** An asynchronous event is delivered twice. */
  | "duplicate";

/**
 * One event. `environment` is the id of the execution environment (its log stream's last part), `environmentNumber`
 * its place in the fleet: 1 for the first, and free to be another's once the environment has ended. What chaos does to no
 * environment in particular has `""` and 0.
 */
export type SandboxEvent = {
  readonly time: Date;
  readonly environment: string;
  readonly environmentNumber: number;
  /** Lines of the function's log, where they are others than those of the text format: with JSON as its format. */
  readonly logged?: readonly string[];
} & (
  | {
      readonly type: "log";
      readonly source: LogSource;
      readonly stream: "stdout" | "stderr";
      /** Without its newline. */
      readonly line: string;
      readonly frame?: LogFrame;
    }
  | {
      readonly type: "initStart";
      /** `init` when absent. */
      readonly phase?: InitPhase;
      readonly runtimeVersion?: RuntimeVersion;
    }
  /** Init takes longer than most; told once, while it goes on. */
  | {
      readonly type: "initSlow";
      /** As in `InitFailure`. */
      readonly listeningPorts: readonly number[];
    }
  | {
      readonly type: "initRuntimeDone";
      readonly phase: InitPhase;
      readonly status: InvocationStatus;
      readonly errorType?: string;
    }
  | InitReport
  | ExtensionReport
  | Subscription
  | LogsDropped
  | CheckpointReport
  | {
      readonly type: "restoreStart";
      readonly runtimeVersion?: RuntimeVersion;
      readonly engine?: CheckpointReport["engine"];
    }
  | {
      readonly type: "restoreRuntimeDone";
      readonly status: InvocationStatus;
      readonly errorType?: string;
    }
  | RestoreReport
  | {
      readonly type: "start";
      readonly requestId: string;
      readonly version: string;
      readonly tracing?: Tracing;
      readonly tenantId?: string;
    }
  | RuntimeDone
  | { readonly type: "end"; readonly requestId: string }
  | InvocationReport
  | Fault
  | { readonly type: "shutdown"; readonly reason: "spindown" | "timeout" | "failure" }
  /** Everything stands still, until `thawed`. */
  | { readonly type: "frozen" }
  | { readonly type: "thawed"; readonly frozenMs: number }
  /** The environment has ended: its last process is reaped. */
  | { readonly type: "stopped" }
  | {
      readonly type: "chaos";
      readonly action: ChaosAction;
      readonly requestId?: string;
      /** How long, or after how long, ms; for a stream that is cut: after how many bytes. */
      readonly amount: number;
    }
);
