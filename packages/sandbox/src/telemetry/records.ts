/**
 * Sandbox events as records of the Telemetry API (environment.md 3.3, 3.4). Pure.
 */
import type { InitReport, InvocationReport, SandboxEvent, Span, TelemetryType, Tracing } from "../events.ts";

/** What is the same for all records of an environment. */
export interface TelemetryContext {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly functionArn: string;
  /** `on-demand`, `provisioned-concurrency`, `snap-start`, `lambda-managed-instances`. */
  readonly initializationType: string;
  readonly memorySizeMb: number;
  /** Of the environment. */
  readonly instanceId: string;
  /** The function's log format: in JSON a line that is a JSON object is delivered as one. */
  readonly logFormat: "JSON" | "Text";
}

/** `2022-12-13` and later deliver JSON lines as objects; otherwise the versions are the same. */
export type TelemetrySchema = "2022-07-01" | "2022-12-13" | "2025-01-29";

export interface TelemetryRecord {
  readonly category: TelemetryType;
  readonly type: string;
  readonly record: object | string;
}

/** `undefined` for what the Telemetry API does not tell. */
export function telemetryRecordOf(
  event: SandboxEvent,
  context: TelemetryContext,
  schema: TelemetrySchema,
): TelemetryRecord | undefined {
  if (event.type === "log") {
    const { source, line, frame } = event;
    const text = frame?.message ?? line;
    const record = context.logFormat === "JSON" && schema !== "2022-07-01" ? (objectOf(text) ?? text) : text;
    return { category: source.kind, type: source.kind, record };
  }
  const record = platformRecordOf(event, context);
  if (record === undefined) return undefined;
  return { category: "platform", type: `platform.${event.type}`, record };
}

/** The envelope, one JSON text without a newline in it. */
export function telemetryTextOf(time: Date, { type, record }: TelemetryRecord): string {
  return JSON.stringify({ time: time.toISOString(), type, record });
}

type PlatformEvent = Exclude<SandboxEvent, { readonly type: "log" }>;

function platformRecordOf(event: PlatformEvent, context: TelemetryContext): object | undefined {
  const { initializationType } = context;
  switch (event.type) {
    case "initStart":
      return {
        initializationType,
        phase: event.phase ?? "init",
        ...versionOf(event.runtimeVersion),
        ...identityOf(context),
      };
    case "initRuntimeDone":
      return { initializationType, phase: event.phase, ...initOutcomeOf(event) };
    case "initReport":
      return {
        initializationType,
        phase: event.phase,
        ...initOutcomeOf(event),
        metrics: { durationMs: micro(event.durationMs) },
      };
    case "restoreStart":
      return { ...versionOf(event.runtimeVersion), ...identityOf(context) };
    case "restoreRuntimeDone":
      return initOutcomeOf(event);
    case "restoreReport":
      return { ...initOutcomeOf(event), metrics: { durationMs: micro(event.durationMs) } };
    case "start":
      return { requestId: event.requestId, version: event.version, ...commonOf(event) };
    case "runtimeDone":
      return {
        requestId: event.requestId,
        ...outcomeOf(event),
        metrics: { durationMs: micro(event.durationMs), producedBytes: event.producedBytes },
        ...spansOf(event.spans),
        ...commonOf(event),
      };
    case "report":
      return {
        requestId: event.requestId,
        ...outcomeOf(event),
        metrics: metricsOf(event),
        ...spansOf(event.spans),
        ...commonOf(event),
      };
    case "extension": {
      const { name, state, events, errorType } = event;
      return { name, state, events, ...(errorType === undefined ? {} : { errorType }) };
    }
    case "telemetrySubscription":
    case "logsSubscription":
      return { name: event.name, state: event.state, types: event.types };
    case "logsDropped": {
      const { reason, droppedRecords, droppedBytes } = event;
      return { reason, droppedRecords, droppedBytes };
    }
    // What is told beyond AWS's records is for whoever started the sandbox.
    default:
      return undefined;
  }
}

/** Duration in ms, with the microseconds that AWS keeps. */
function micro(ms: number): number {
  return Math.trunc(ms * 1000) / 1000;
}

export function metricsOf(report: InvocationReport): object {
  const { initDurationMs, restoreDurationMs } = report;
  return {
    durationMs: micro(report.durationMs),
    billedDurationMs: report.billedDurationMs,
    memorySizeMB: report.memorySizeMb,
    maxMemoryUsedMB: report.maxMemoryUsedMb,
    ...(initDurationMs === undefined ? {} : { initDurationMs: micro(initDurationMs) }),
    ...(restoreDurationMs === undefined ? {} : { restoreDurationMs: micro(restoreDurationMs) }),
  };
}

function identityOf({
  functionName,
  functionVersion,
  functionArn,
  instanceId,
  memorySizeMb,
}: TelemetryContext) {
  const instanceMaxMemory = memorySizeMb * 1_048_576;
  return { functionName, functionArn, functionVersion, instanceId, instanceMaxMemory };
}

function versionOf(version: { readonly name: string; readonly arn: string } | undefined): object {
  return version === undefined ? {} : { runtimeVersion: version.name, runtimeVersionArn: version.arn };
}

type Outcome = Pick<InitReport, "status" | "errorType"> | Pick<InvocationReport, "status" | "errorType">;

/** A timeout has no error type: the status says it. */
function outcomeOf({ status, errorType }: Outcome): object {
  return errorType === undefined || status === "timeout" ? { status } : { status, errorType };
}

/** In init and restore it has one all the same. */
function initOutcomeOf({ status, errorType }: Outcome): object {
  return status === "timeout"
    ? { status, errorType: "Runtime.Unknown" }
    : outcomeOf({ status, ...(errorType === undefined ? {} : { errorType }) });
}

function spansOf(spans: readonly Span[] | undefined): object {
  if (spans === undefined || spans.length === 0) return {};
  return {
    spans: spans.map(({ name, start, durationMs }) => ({
      name,
      start: start.toISOString(),
      durationMs: micro(durationMs),
    })),
  };
}

function commonOf({ tracing, tenantId }: { readonly tracing?: Tracing; readonly tenantId?: string }): object {
  return {
    ...(tracing === undefined
      ? {}
      : { tracing: { ...spanIdOf(tracing), type: "X-Amzn-Trace-Id", value: tracing.value } }),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}

function spanIdOf({ spanId }: Tracing): object {
  return spanId === undefined ? {} : { spanId };
}

function objectOf(text: string): object | undefined {
  // Most lines are not JSON: that is seen at the first character, without an exception for each.
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
