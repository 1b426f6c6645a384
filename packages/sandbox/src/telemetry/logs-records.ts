/**
 * Sandbox events as records of the older Logs API (environment.md 3.5). Pure.
 */
import type { Fault, SandboxEvent } from "../events.ts";
import { metricsOf, type TelemetryRecord } from "./records.ts";

/** `2021-03-18` adds `platform.runtimeDone`. */
export type LogsSchema = "2020-08-15" | "2021-03-18";

/** `undefined` for what the Logs API does not tell. */
export function logsRecordOf(event: SandboxEvent, schema: LogsSchema): TelemetryRecord | undefined {
  if (event.type === "log") {
    const { source, line, frame } = event;
    return { category: source.kind, type: source.kind, record: frame?.message ?? line };
  }
  const record = platformRecordOf(event, schema);
  if (record === undefined) return undefined;
  return { category: "platform", type: `platform.${event.type}`, record };
}

function platformRecordOf(
  event: Exclude<SandboxEvent, { readonly type: "log" }>,
  schema: LogsSchema,
): object | string | undefined {
  switch (event.type) {
    case "start":
      return { requestId: event.requestId, version: event.version };
    case "runtimeDone": {
      if (schema === "2020-08-15") return undefined;
      const { requestId, status } = event;
      // Three words only: errors of the function are failures here.
      return { requestId, status: status === "error" ? "failure" : status };
    }
    case "end":
      return { requestId: event.requestId };
    case "report":
      return { requestId: event.requestId, metrics: metricsOf(event) };
    case "fault":
      return faultTextOf(event, event.time);
    case "extension":
      return { name: event.name, state: event.state, events: event.events };
    case "telemetrySubscription":
    case "logsSubscription":
      return { name: event.name, state: event.state, types: event.types };
    case "logsDropped": {
      const { reason, droppedRecords, droppedBytes } = event;
      return { reason, droppedRecords, droppedBytes };
    }
    default:
      return undefined;
  }
}

function faultTextOf({ requestId, errorType, message }: Fault, time: Date): string {
  if (errorType === "Sandbox.Timedout") return `${time.toISOString()} ${requestId ?? ""} ${message}`;
  return `RequestId: ${requestId ?? ""} Error: ${message}\n${errorType}`;
}
