/**
 * Sandbox events as the lines Lambda writes to its log (environment.md 4.6). Pure.
 */
import type {
  Fault,
  InitReport,
  InvocationReport,
  InvocationStatus,
  RuntimeVersion,
  SandboxEvent,
  Tracing,
} from "./events.ts";

/** The lines of an event, without newlines at their ends; none for what Lambda does not log. */
export function logLinesOf(event: SandboxEvent): readonly string[] {
  if (event.logged !== undefined) return event.logged;
  const write = writers[event.type] as ((event: SandboxEvent) => readonly string[]) | undefined;
  return write === undefined ? [] : write(event);
}

type Writers = {
  readonly [Type in SandboxEvent["type"]]?: (
    event: Extract<SandboxEvent, { type: Type }>,
  ) => readonly string[];
};

/** What is not here leaves no line: a shutdown, say, or what only telemetry hears of. */
const writers: Writers = {
  log: ({ line }) => [line],
  initStart: ({ runtimeVersion }) => versionLines("INIT_START", runtimeVersion),
  restoreStart: ({ runtimeVersion }) => versionLines("RESTORE_START", runtimeVersion),
  restoreReport: ({ durationMs, status, errorType }) => [
    [`RESTORE_REPORT Restore Duration: ${ms(durationMs)}`, ...outcome({ status, errorType })].join("\t"),
  ],
  start: ({ requestId, version }) => [`START RequestId: ${requestId} Version: ${version}`],
  end: ({ requestId }) => [`END RequestId: ${requestId}`],
  report: (event) => [reportLine(event), ...traceLines(event.tracing)],
  // A published version's init is logged in any case.
  initReport: (event) =>
    event.status === "success" && event.snapStart !== true ? [] : [initReportLine(event)],
  fault: (event) => faultLines(event, event.time),
};

/** Only a managed runtime has a version to tell of. */
function versionLines(word: string, version: RuntimeVersion | undefined): readonly string[] {
  if (version === undefined) return [];
  return [`${word} Runtime Version: ${version.name}\tRuntime Version ARN: ${version.arn}`];
}

function reportLine(report: InvocationReport): string {
  const fields = [
    `REPORT RequestId: ${report.requestId}`,
    `Duration: ${ms(report.durationMs)}`,
    `Billed Duration: ${report.billedDurationMs} ms`,
    `Memory Size: ${report.memorySizeMb} MB`,
    `Max Memory Used: ${report.maxMemoryUsedMb} MB`,
  ];
  if (report.initDurationMs !== undefined) fields.push(`Init Duration: ${ms(report.initDurationMs)}`);
  if (report.restoreDurationMs !== undefined) {
    fields.push(`Restore Duration: ${ms(report.restoreDurationMs)}`);
    fields.push(`Billed Restore Duration: ${report.billedRestoreDurationMs ?? 0} ms`);
  }
  const { status, errorType } = report;
  // A successful report ends in a tab, a failed one in its status.
  return [...fields, ...(status === "success" ? [""] : outcome({ status, errorType }))].join("\t");
}

function initReportLine({ durationMs, phase, status, errorType }: InitReport): string {
  return [
    `INIT_REPORT Init Duration: ${ms(durationMs)}`,
    `Phase: ${phase}`,
    ...(status === "success" ? ["Status: success"] : outcome({ status, errorType })),
  ].join("\t");
}

/** The last fields of a line about something that may have failed. */
function outcome({
  status,
  errorType,
}: {
  readonly status: InvocationStatus;
  readonly errorType: string | undefined;
}): readonly string[] {
  if (status === "success") return [];
  const type = status === "timeout" || errorType === undefined ? [] : [`Error Type: ${errorType}`];
  return [`Status: ${status}`, ...type];
}

/** A second line, when the trace is sampled. */
function traceLines(tracing: Tracing | undefined): readonly string[] {
  if (tracing?.spanId === undefined) return [];
  const root = /Root=([^;]*)/.exec(tracing.value)?.[1] ?? "";
  return [`XRAY TraceId: ${root}\tSegmentId: ${tracing.spanId}\tSampled: true`];
}

function faultLines({ requestId, errorType, message }: Fault, time: Date): readonly string[] {
  if (errorType === "Sandbox.Timedout") return [`${time.toISOString()} ${requestId ?? ""} ${message}`];
  const prefix = requestId === undefined ? "" : `RequestId: ${requestId} `;
  return [`${prefix}Error: ${message}`, errorType];
}

function ms(duration: number): string {
  return `${duration.toFixed(2)} ms`;
}
