import { describe, expect, it } from "vitest";
import type { InvocationReport, SandboxEvent } from "./events.ts";
import { logLinesOf } from "./report.ts";

const base = { time: new Date("2026-11-22T03:00:00.123Z"), environment: "e" };
const report: InvocationReport = {
  type: "report",
  requestId: "ID",
  status: "success",
  durationMs: 3.006,
  billedDurationMs: 114,
  memorySizeMb: 128,
  maxMemoryUsedMb: 36,
};
const linesOf = (event: object): readonly string[] => logLinesOf({ ...base, ...event } as SandboxEvent);

describe("log lines of environment.md 4.6, byte for byte", () => {
  it("START and END", () => {
    expect(linesOf({ type: "start", requestId: "ID", version: "$LATEST" })).toEqual([
      "START RequestId: ID Version: $LATEST",
    ]);
    expect(linesOf({ type: "end", requestId: "ID" })).toEqual(["END RequestId: ID"]);
  });

  it("REPORT, with its trailing tab", () => {
    expect(linesOf({ ...report, initDurationMs: 110.1 })).toEqual([
      "REPORT RequestId: ID\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t",
    ]);
    expect(linesOf(report)).toEqual([
      "REPORT RequestId: ID\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t",
    ]);
  });

  it("REPORT of a failure, with its status", () => {
    expect(linesOf({ ...report, status: "error", errorType: "Runtime.ExitError" })[0]).toMatch(
      /\tMax Memory Used: 36 MB\tStatus: error\tError Type: Runtime.ExitError$/,
    );
    expect(linesOf({ ...report, status: "timeout", errorType: "Sandbox.Timedout" })[0]).toMatch(
      /\tMax Memory Used: 36 MB\tStatus: timeout$/,
    );
  });

  it("INIT_REPORT, of failures only", () => {
    const init = { type: "initReport", phase: "init", durationMs: 9999 };
    expect(linesOf({ ...init, status: "timeout" })).toEqual([
      "INIT_REPORT Init Duration: 9999.00 ms\tPhase: init\tStatus: timeout",
    ]);
    expect(linesOf({ ...init, phase: "invoke", status: "error", errorType: "Extension.Crash" })).toEqual([
      "INIT_REPORT Init Duration: 9999.00 ms\tPhase: invoke\tStatus: error\tError Type: Extension.Crash",
    ]);
    expect(linesOf({ ...init, status: "success" })).toEqual([]);
  });

  it("INIT_START of a managed runtime", () => {
    const runtimeVersion = { name: "python:3.13.v22", arn: "arn:aws:lambda:eu-west-1::runtime:0a" };
    expect(linesOf({ type: "initStart", phase: "init", runtimeVersion })).toEqual([
      "INIT_START Runtime Version: python:3.13.v22\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0a",
    ]);
    expect(linesOf({ type: "restoreStart", runtimeVersion })).toEqual([
      "RESTORE_START Runtime Version: python:3.13.v22\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0a",
    ]);
  });

  it("RESTORE_REPORT, and REPORT after a restore", () => {
    expect(linesOf({ type: "restoreReport", status: "success", durationMs: 345.678 })).toEqual([
      "RESTORE_REPORT Restore Duration: 345.68 ms",
    ]);
    expect(linesOf({ type: "restoreReport", status: "timeout", durationMs: 10_000 })).toEqual([
      "RESTORE_REPORT Restore Duration: 10000.00 ms\tStatus: timeout",
    ]);
    expect(linesOf({ ...report, restoreDurationMs: 345.678, billedRestoreDurationMs: 21 })[0]).toMatch(
      /\tMax Memory Used: 36 MB\tRestore Duration: 345.68 ms\tBilled Restore Duration: 21 ms\t$/,
    );
  });

  it("XRAY, when the trace is sampled", () => {
    const value = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    expect(linesOf({ ...report, tracing: { spanId: "54565fb41ac79632", value } })[1]).toBe(
      "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 54565fb41ac79632\tSampled: true",
    );
    expect(linesOf({ ...report, tracing: { value } })).toHaveLength(1);
  });

  it("faults", () => {
    const fault = { type: "fault", requestId: "ID" };
    expect(
      linesOf({
        ...fault,
        errorType: "Runtime.ExitError",
        message: "Runtime exited with error: signal: killed",
      }),
    ).toEqual(["RequestId: ID Error: Runtime exited with error: signal: killed", "Runtime.ExitError"]);
    expect(
      linesOf({ ...fault, errorType: "Sandbox.Timedout", message: "Task timed out after 3.00 seconds" }),
    ).toEqual(["2026-11-22T03:00:00.123Z ID Task timed out after 3.00 seconds"]);
    expect(linesOf({ type: "fault", errorType: "Extension.Crash", message: "exit status 1" })).toEqual([
      "Error: exit status 1",
      "Extension.Crash",
    ]);
  });

  it("output as it is, and nothing for what Lambda does not log", () => {
    expect(linesOf({ type: "log", source: { kind: "function" }, stream: "stdout", line: "a\tb" })).toEqual([
      "a\tb",
    ]);
    expect(
      linesOf({ type: "log", source: { kind: "function" }, stream: "stdout", line: "a", logged: [] }),
    ).toEqual([]);
    expect(linesOf({ type: "initStart" })).toEqual([]);
    expect(linesOf({ type: "runtimeDone", requestId: "ID" })).toEqual([]);
    expect(linesOf({ type: "a type that comes later" })).toEqual([]);
    expect(linesOf({ type: "shutdown", reason: "failure" })).toEqual([]);
  });
});
