/**
 * What a sandbox tells about itself. The sandbox returns events, it never prints: whoever started it decides
 * what a person sees. `record` shapes follow the Telemetry API (spec environment.md 3.4).
 */

export type InvocationStatus = "success" | "error" | "failure" | "timeout";

/** Where a line of output came from: the runtime process (the app), or the extension of that name. */
export type LogSource = { readonly kind: "function" } | { readonly kind: "extension"; readonly name: string };

export interface InitReport {
  readonly type: "initReport";
  readonly phase: "init" | "invoke";
  readonly status: InvocationStatus;
  readonly durationMs: number;
  readonly errorType?: string;
  /** What happened, for a person; absent on success. */
  readonly failure?: InitFailure;
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
  readonly errorType?: string;
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

/**
 * One event. `environment` is the id of the execution environment (its log stream's last part), `environmentNumber`
 * its place in the fleet: 1 for the first, and free to be another's once the environment has ended.
 */
export type SandboxEvent = {
  readonly time: Date;
  readonly environment: string;
  readonly environmentNumber: number;
} & (
  | {
      readonly type: "log";
      readonly source: LogSource;
      readonly stream: "stdout" | "stderr";
      readonly line: string;
    }
  | { readonly type: "initStart" }
  | InitReport
  | { readonly type: "start"; readonly requestId: string; readonly version: string }
  | { readonly type: "end"; readonly requestId: string }
  | InvocationReport
  | Fault
  | { readonly type: "shutdown"; readonly reason: "spindown" | "timeout" | "failure" }
);
