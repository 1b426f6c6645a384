/**
 * Sandbox events as the lines Lambda writes to its log (environment.md 4.6). Pure.
 */
import type { Fault, InitReport, InvocationReport, SandboxEvent } from "./events.ts";

/** The lines of an event, without newlines at their ends; none for what Lambda does not log. */
export function logLinesOf(event: SandboxEvent): readonly string[] {
  switch (event.type) {
    case "log":
      return [event.line];
    case "start":
      return [`START RequestId: ${event.requestId} Version: ${event.version}`];
    case "end":
      return [`END RequestId: ${event.requestId}`];
    case "report":
      return [reportLine(event)];
    case "initReport":
      return event.status === "success" ? [] : [initReportLine(event)];
    case "fault":
      return faultLines(event, event.time);
    // INIT_START names the version of a managed runtime, and there is none; a shutdown leaves no line.
    case "initStart":
    case "shutdown":
      return [];
  }
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
  // A successful report ends in a tab, a failed one in its status.
  return [...fields, outcome(report)].join("\t");
}

function initReportLine(report: InitReport): string {
  return [
    `INIT_REPORT Init Duration: ${ms(report.durationMs)}`,
    `Phase: ${report.phase}`,
    outcome(report),
  ].join("\t");
}

function outcome({ status, errorType }: InvocationReport | InitReport): string {
  if (status === "success") return "";
  const type = status === "timeout" || errorType === undefined ? "" : `\tError Type: ${errorType}`;
  return `Status: ${status}${type}`;
}

function faultLines({ requestId, errorType, message }: Fault, time: Date): readonly string[] {
  if (errorType === "Sandbox.Timedout") return [`${time.toISOString()} ${requestId ?? ""} ${message}`];
  const prefix = requestId === undefined ? "" : `RequestId: ${requestId} `;
  return [`${prefix}Error: ${message}`, errorType];
}

function ms(duration: number): string {
  return `${duration.toFixed(2)} ms`;
}
