/**
 * What the page knows, made of the records it was told. Pure but for growing in place: a page of a thousand invocations
 * must not be copied for each line of a log.
 *
 *  (1) Records may be told from the middle on: whatever comes first of an environment or an invocation makes it.
 *  (2) A record with a number already seen changes nothing.
 *  (3) At most `maxInvocations` are kept; the oldest go first, environments that ended before all of them too.
 */
import type { AnsweredData, DashboardRecord, ReceivedData } from "../protocol.ts";

type SpanKind = "init" | "restore" | "invoke" | "frozen" | "shutdown";

/** Something an environment was at for a while. */
export interface Span {
  readonly kind: SpanKind;
  readonly from: number;
  /** Absent while it lasts. */
  to?: number;
  failed: boolean;
  /** Of `invoke`. */
  readonly requestId?: string;
}

export interface Lane {
  readonly environment: string;
  readonly function: string;
  readonly number: number;
  readonly from: number;
  to?: number;
  readonly spans: Span[];
  /** What it wrote outside of invocations. */
  readonly logs: LogLine[];
  /** Records of types this page has no picture for, outside of invocations. */
  readonly records: DashboardRecord[];
}

type Status = "waiting" | "running" | "success" | "error" | "timeout" | "failure" | "refused";

interface LogLine {
  readonly time: number;
  /** `app`, or the name of an extension. */
  readonly source: string;
  readonly stream: string;
  readonly text: string;
}

export interface Invocation {
  readonly requestId: string;
  readonly function: string;
  environment?: string;
  environmentNumber?: number;
  title: string;
  kind: string;
  status: Status;
  readonly received: number;
  started?: number;
  answered?: number;
  ended?: number;
  eventLength?: number;
  answerLength?: number;
  statusCode?: number;
  streamed: boolean;
  errorType?: string;
  durationMs?: number;
  billedDurationMs?: number;
  memorySizeMb?: number;
  maxMemoryUsedMb?: number;
  initDurationMs?: number;
  /** Lambda's lines: START, END, REPORT and what went wrong. */
  readonly platform: LogLine[];
  readonly logs: LogLine[];
  /** All records of it, as they came. */
  readonly records: DashboardRecord[];
}

export interface Model {
  readonly lanes: Map<string, Lane>;
  readonly invocations: Map<string, Invocation>;
  /** Of the last record. */
  seq: number;
  /** Time of the last record. */
  time: number;
}

export const maxInvocations = 1000;

export function newModel(): Model {
  return { lanes: new Map(), invocations: new Map(), seq: 0, time: 0 };
}

export function apply(model: Model, record: DashboardRecord): void {
  if (record.seq <= model.seq) return;
  model.seq = record.seq;
  model.time = Math.max(model.time, record.time);
  const lane = laneOf(model, record);
  const invocation = invocationOf(model, record);
  invocation?.records.push(record);
  switch (record.type) {
    case "received":
      if (invocation !== undefined) receive(invocation, record.data as unknown as ReceivedData);
      break;
    case "answered":
      if (invocation !== undefined) answer(invocation, record);
      break;
    case "log":
      (invocation?.logs ?? lane?.logs)?.push(lineOf(record));
      break;
    case "initStart":
      begin(lane, "init", record);
      break;
    case "restoreStart":
      begin(lane, "restore", record);
      break;
    case "initReport":
    case "restoreReport":
      finish(lane, record.type === "initReport" ? "init" : "restore", record);
      break;
    case "start":
      begin(lane, "invoke", record);
      if (invocation !== undefined) start(invocation, record);
      break;
    case "end":
      break;
    case "report":
      finish(lane, "invoke", record);
      if (invocation !== undefined) report(invocation, record);
      break;
    case "fault":
      break;
    case "frozen":
      begin(lane, "frozen", record);
      break;
    case "thawed":
      finish(lane, "frozen", record);
      break;
    case "shutdown":
      begin(lane, "shutdown", record);
      if (lane !== undefined && record.data["reason"] === "spindown") lane.to = record.time;
      break;
    case "stopped":
      finish(lane, "shutdown", record);
      if (lane !== undefined) lane.to = record.time;
      break;
    // The environment that became a snapshot ends with it.
    case "checkpoint":
      if (lane !== undefined) lane.to = record.time;
      break;
    default:
      if (invocation === undefined) lane?.records.push(record);
  }
  for (const text of linesOf(record)) {
    const line = { time: record.time, source: "lambda", stream: "platform", text };
    (invocation?.platform ?? lane?.logs)?.push(line);
  }
  forget(model);
}

/** Lambda's own lines, which the server writes beside the event they are of. */
function linesOf({ data }: DashboardRecord): readonly string[] {
  const lines = data["lines"];
  return Array.isArray(lines) ? (lines as string[]) : [];
}

function laneOf(model: Model, record: DashboardRecord): Lane | undefined {
  const { environment, environmentNumber = 1, time } = record;
  if (environment === undefined) return undefined;
  let lane = model.lanes.get(environment);
  if (lane === undefined) {
    lane = {
      environment,
      function: record.function,
      number: environmentNumber,
      from: time,
      spans: [],
      logs: [],
      records: [],
    };
    model.lanes.set(environment, lane);
  }
  return lane;
}

function invocationOf(model: Model, record: DashboardRecord): Invocation | undefined {
  const { requestId, environment, environmentNumber } = record;
  if (requestId === undefined) return undefined;
  let invocation = model.invocations.get(requestId);
  if (invocation === undefined) {
    invocation = {
      requestId,
      function: record.function,
      title: requestId,
      kind: "event",
      status: "waiting",
      received: record.time,
      streamed: false,
      platform: [],
      logs: [],
      records: [],
    };
    model.invocations.set(requestId, invocation);
  }
  if (environment !== undefined) {
    invocation.environment = environment;
    invocation.environmentNumber = environmentNumber ?? 1;
  }
  return invocation;
}

function receive(invocation: Invocation, { title, kind, length }: ReceivedData): void {
  Object.assign(invocation, { title, kind, eventLength: length });
}

function start(invocation: Invocation, { time }: DashboardRecord): void {
  invocation.started = time;
  if (invocation.status === "waiting") invocation.status = "running";
}

function answer(invocation: Invocation, { time, data }: DashboardRecord): void {
  const { length, streamed, statusCode, errorType, refused } = data as unknown as AnsweredData;
  Object.assign(invocation, { answered: time, answerLength: length, streamed });
  if (statusCode !== undefined) invocation.statusCode = statusCode;
  if (errorType !== undefined) invocation.errorType = errorType;
  if (refused === undefined) return;
  invocation.status = "refused";
  invocation.errorType = refused;
  invocation.ended = time;
}

function report(invocation: Invocation, { time, data }: DashboardRecord): void {
  for (const name of reported)
    if (data[name] !== undefined) Object.assign(invocation, { [name]: data[name] });
  invocation.ended = time;
  invocation.status = (data["status"] as Status | undefined) ?? "success";
}

const reported = [
  "durationMs",
  "billedDurationMs",
  "memorySizeMb",
  "maxMemoryUsedMb",
  "initDurationMs",
  "errorType",
] as const;

function begin(lane: Lane | undefined, kind: SpanKind, { time, requestId }: DashboardRecord): void {
  if (lane === undefined) return;
  // Whoever is at something is frozen no more.
  for (const open of lane.spans) if (open.to === undefined && open.kind === "frozen") open.to = time;
  lane.spans.push({ kind, from: time, failed: false, ...(requestId !== undefined && { requestId }) });
}

function finish(lane: Lane | undefined, kind: SpanKind, { time, requestId, data }: DashboardRecord): void {
  if (lane === undefined) return;
  const open = lane.spans.findLast(
    (span) =>
      span.kind === kind && span.to === undefined && (kind !== "invoke" || span.requestId === requestId),
  );
  const failed = data["status"] !== undefined && data["status"] !== "success";
  if (open !== undefined) {
    open.to = time;
    open.failed = failed;
    return;
  }
  // Its beginning was not told (1).
  const durationMs = Number(data["durationMs"] ?? 0);
  const span: Span = { kind, from: time - durationMs, to: time, failed };
  lane.spans.push(requestId === undefined ? span : { ...span, requestId });
}

function lineOf({ time, data }: DashboardRecord): LogLine {
  const source = data["source"] as { readonly kind?: string; readonly name?: string } | undefined;
  return {
    time,
    source: source?.kind === "extension" ? (source.name ?? "extension") : "app",
    stream: data["stream"] === "stderr" ? "stderr" : "stdout",
    text: typeof data["line"] === "string" ? data["line"] : "",
  };
}

/** Invariant 3. */
function forget(model: Model): void {
  if (model.invocations.size <= maxInvocations) return;
  const [oldest] = model.invocations.values();
  if (oldest === undefined) return;
  model.invocations.delete(oldest.requestId);
  for (const lane of model.lanes.values()) {
    if (lane.to !== undefined && lane.to < oldest.received) model.lanes.delete(lane.environment);
    else if (lane.environment === oldest.environment)
      while ((lane.spans[0]?.to ?? Infinity) < oldest.received) lane.spans.shift();
  }
}
