import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SandboxEvent } from "../events.ts";
import { logsRecordOf } from "./logs-records.ts";
import { type TelemetryContext, telemetryRecordOf, telemetryTextOf } from "./records.ts";

const time = new Date("2026-11-22T03:00:00.123Z");
const context: TelemetryContext = {
  functionName: "shop",
  functionVersion: "$LATEST",
  functionArn: "arn:shop",
  initializationType: "on-demand",
  memorySizeMb: 128,
  instanceId: "e1",
  logFormat: "Text",
};
const eventOf = (event: object): SandboxEvent =>
  ({ time, environment: "e1", environmentNumber: 1, ...event }) as SandboxEvent;
const recordOf = (event: object) => telemetryRecordOf(eventOf(event), context, "2025-01-29");
const tracing = { spanId: "54565fb41ac79632", value: "Root=1-a;Parent=b;Sampled=1" };
const wireTracing = { spanId: tracing.spanId, type: "X-Amzn-Trace-Id", value: tracing.value };
const span = { name: "responseLatency", start: time, durationMs: 23.0219 };

/** One row a record of environment.md 3.4. */
const rows: readonly (readonly [string, object, object | undefined])[] = [
  [
    "initStart",
    { type: "initStart", phase: "init" },
    {
      initializationType: "on-demand",
      phase: "init",
      functionName: "shop",
      functionArn: "arn:shop",
      functionVersion: "$LATEST",
      instanceId: "e1",
      instanceMaxMemory: 134_217_728,
    },
  ],
  [
    "initStart of a managed runtime, repeated inside an invocation",
    { type: "initStart", phase: "invoke", runtimeVersion: { name: "python:3.13.v22", arn: "arn:r" } },
    {
      initializationType: "on-demand",
      phase: "invoke",
      runtimeVersion: "python:3.13.v22",
      runtimeVersionArn: "arn:r",
      functionName: "shop",
      functionArn: "arn:shop",
      functionVersion: "$LATEST",
      instanceId: "e1",
      instanceMaxMemory: 134_217_728,
    },
  ],
  [
    "initRuntimeDone",
    { type: "initRuntimeDone", phase: "init", status: "success" },
    { initializationType: "on-demand", phase: "init", status: "success" },
  ],
  [
    "initRuntimeDone of a crash",
    { type: "initRuntimeDone", phase: "init", status: "error", errorType: "Runtime.ExitError" },
    { initializationType: "on-demand", phase: "init", status: "error", errorType: "Runtime.ExitError" },
  ],
  [
    "initRuntimeDone of a timeout",
    { type: "initRuntimeDone", phase: "invoke", status: "timeout" },
    { initializationType: "on-demand", phase: "invoke", status: "timeout", errorType: "Runtime.Unknown" },
  ],
  [
    "initReport",
    { type: "initReport", phase: "init", status: "success", durationMs: 125.3376 },
    { initializationType: "on-demand", phase: "init", status: "success", metrics: { durationMs: 125.337 } },
  ],
  [
    "start",
    { type: "start", requestId: "r1", version: "$LATEST", tracing: { value: "Root=1-a;Sampled=0" } },
    {
      requestId: "r1",
      version: "$LATEST",
      tracing: { type: "X-Amzn-Trace-Id", value: "Root=1-a;Sampled=0" },
    },
  ],
  [
    "start for a tenant",
    { type: "start", requestId: "r1", version: "1", tracing, tenantId: "blue" },
    { requestId: "r1", version: "1", tracing: wireTracing, tenantId: "blue" },
  ],
  [
    "runtimeDone",
    {
      type: "runtimeDone",
      requestId: "r1",
      status: "success",
      durationMs: 52.5666,
      producedBytes: 100,
      spans: [span],
      tracing,
      tenantId: "blue",
    },
    {
      requestId: "r1",
      status: "success",
      metrics: { durationMs: 52.566, producedBytes: 100 },
      spans: [{ name: "responseLatency", start: "2026-11-22T03:00:00.123Z", durationMs: 23.021 }],
      tracing: wireTracing,
      tenantId: "blue",
    },
  ],
  [
    "runtimeDone of a failure, without spans",
    {
      type: "runtimeDone",
      requestId: "r1",
      status: "failure",
      errorType: "Sandbox.Failure",
      durationMs: 1,
      producedBytes: 0,
      spans: [],
    },
    {
      requestId: "r1",
      status: "failure",
      errorType: "Sandbox.Failure",
      metrics: { durationMs: 1, producedBytes: 0 },
    },
  ],
  [
    "report of a first invocation",
    {
      type: "report",
      requestId: "r1",
      status: "success",
      durationMs: 3.0061,
      billedDurationMs: 114,
      memorySizeMb: 128,
      maxMemoryUsedMb: 36,
      initDurationMs: 110.1,
      spans: [{ ...span, name: "extensionOverhead" }],
    },
    {
      requestId: "r1",
      status: "success",
      metrics: {
        durationMs: 3.006,
        billedDurationMs: 114,
        memorySizeMB: 128,
        maxMemoryUsedMB: 36,
        initDurationMs: 110.1,
      },
      spans: [{ name: "extensionOverhead", start: "2026-11-22T03:00:00.123Z", durationMs: 23.021 }],
    },
  ],
  [
    "report of a timeout after a restore",
    {
      type: "report",
      requestId: "r1",
      status: "timeout",
      errorType: "Sandbox.Timedout",
      durationMs: 3000,
      billedDurationMs: 3000,
      memorySizeMb: 128,
      maxMemoryUsedMb: 36,
      restoreDurationMs: 70.87,
    },
    {
      requestId: "r1",
      status: "timeout",
      metrics: {
        durationMs: 3000,
        billedDurationMs: 3000,
        memorySizeMB: 128,
        maxMemoryUsedMB: 36,
        restoreDurationMs: 70.87,
      },
    },
  ],
  [
    "restoreStart",
    { type: "restoreStart" },
    {
      functionName: "shop",
      functionArn: "arn:shop",
      functionVersion: "$LATEST",
      instanceId: "e1",
      instanceMaxMemory: 134_217_728,
    },
  ],
  [
    "restoreRuntimeDone",
    { type: "restoreRuntimeDone", status: "timeout" },
    { status: "timeout", errorType: "Runtime.Unknown" },
  ],
  [
    "restoreReport",
    { type: "restoreReport", status: "success", durationMs: 70.87 },
    { status: "success", metrics: { durationMs: 70.87 } },
  ],
  [
    "extension",
    { type: "extension", name: "ext", state: "Ready", events: ["INVOKE"] },
    { name: "ext", state: "Ready", events: ["INVOKE"] },
  ],
  [
    "extension that failed",
    { type: "extension", name: "ext", state: "Registered", events: [], errorType: "Extension.Crash" },
    { name: "ext", state: "Registered", events: [], errorType: "Extension.Crash" },
  ],
  [
    "telemetrySubscription",
    { type: "telemetrySubscription", name: "ext", state: "Subscribed", types: ["platform"] },
    { name: "ext", state: "Subscribed", types: ["platform"] },
  ],
  [
    "logsDropped",
    { type: "logsDropped", subscriber: "ext", reason: "slow", droppedRecords: 2, droppedBytes: 20 },
    { reason: "slow", droppedRecords: 2, droppedBytes: 20 },
  ],
  ["end, which telemetry does not have", { type: "end", requestId: "r1" }, undefined],
  ["fault, which telemetry does not have", { type: "fault", errorType: "X", message: "m" }, undefined],
  ["shutdown, which telemetry does not have", { type: "shutdown", reason: "spindown" }, undefined],
  ["a type that comes later", { type: "somethingNew" }, undefined],
];

describe("telemetryRecordOf", () => {
  it.each(rows)("makes %s", (_, event, record) => {
    const made = recordOf(event);
    expect(made?.record).toEqual(record);
    if (record === undefined) return;
    expect(made).toMatchObject({ category: "platform", type: `platform.${(event as SandboxEvent).type}` });
    // The envelope of 3.3.
    expect(JSON.parse(telemetryTextOf(time, made!))).toEqual({
      time: "2026-11-22T03:00:00.123Z",
      type: `platform.${(event as SandboxEvent).type}`,
      record,
    });
  });

  const line = { type: "log", source: { kind: "function" }, stream: "stdout" };
  const extensionLine = { ...line, source: { kind: "extension", name: "ext" } };

  it("makes function and extension records of lines", () => {
    expect(recordOf({ ...line, line: "hello" })).toEqual({
      category: "function",
      type: "function",
      record: "hello",
    });
    expect(recordOf({ ...extensionLine, line: "hello" })).toMatchObject({ type: "extension" });
  });

  it("keeps the message of a frame as it was written", () => {
    const frame = { format: "text", message: "one\ntwo\n" };
    expect(recordOf({ ...line, line: "one\ntwo", frame })?.record).toBe("one\ntwo\n");
  });

  it.each([
    ["JSON", "2025-01-29", `{"level":"INFO"}`, { level: "INFO" }],
    ["JSON", "2022-12-13", `{"level":"INFO"}`, { level: "INFO" }],
    ["JSON", "2022-07-01", `{"level":"INFO"}`, `{"level":"INFO"}`],
    ["Text", "2025-01-29", `{"level":"INFO"}`, `{"level":"INFO"}`],
    ["JSON", "2025-01-29", `{"level":`, `{"level":`],
    ["JSON", "2025-01-29", `[1]`, `[1]`],
    ["JSON", "2025-01-29", `plain`, `plain`],
  ] as const)("with format %s and schema %s makes %j %j", (logFormat, schema, text, record) => {
    const made = telemetryRecordOf(eventOf({ ...line, line: text }), { ...context, logFormat }, schema);
    expect(made?.record).toEqual(record);
  });

  it("carries any line there and back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const made = telemetryRecordOf(eventOf({ ...line, line: text }), context, "2025-01-29");
        const sent = telemetryTextOf(time, made!);
        expect(sent).not.toContain("\n");
        expect((JSON.parse(sent) as { record: string }).record).toBe(text);
      }),
    );
  });
});

describe("logsRecordOf (environment.md 3.5)", () => {
  const of = (event: object, schema: "2020-08-15" | "2021-03-18" = "2020-08-15") =>
    logsRecordOf(eventOf(event), schema);

  it.each([
    [
      { type: "start", requestId: "r1", version: "1", tracing },
      { requestId: "r1", version: "1" },
    ],
    [{ type: "end", requestId: "r1" }, { requestId: "r1" }],
    [
      {
        type: "report",
        requestId: "r1",
        status: "error",
        errorType: "X",
        durationMs: 1,
        billedDurationMs: 1,
        memorySizeMb: 128,
        maxMemoryUsedMb: 3,
      },
      {
        requestId: "r1",
        metrics: { durationMs: 1, billedDurationMs: 1, memorySizeMB: 128, maxMemoryUsedMB: 3 },
      },
    ],
    [
      { type: "fault", requestId: "r1", errorType: "Runtime.ExitError", message: "Runtime exited" },
      "RequestId: r1 Error: Runtime exited\nRuntime.ExitError",
    ],
    [
      { type: "fault", requestId: "r1", errorType: "Sandbox.Timedout", message: "Task timed out" },
      "2026-11-22T03:00:00.123Z r1 Task timed out",
    ],
    [
      { type: "extension", name: "ext", state: "Ready", events: [] },
      { name: "ext", state: "Ready", events: [] },
    ],
    [
      { type: "logsSubscription", name: "ext", state: "Subscribed", types: ["function"] },
      { name: "ext", state: "Subscribed", types: ["function"] },
    ],
    [
      { type: "logsDropped", subscriber: "ext", reason: "slow", droppedRecords: 1, droppedBytes: 2 },
      { reason: "slow", droppedRecords: 1, droppedBytes: 2 },
    ],
    [{ type: "initStart" }, undefined],
    [{ type: "initReport", phase: "init", status: "success", durationMs: 1 }, undefined],
  ])("makes of %j %j", (event, record) => {
    expect(of(event)?.record).toEqual(record);
  });

  it("tells of runtimeDone from 2021-03-18 on, in three words", () => {
    const done = { type: "runtimeDone", requestId: "r1", durationMs: 1, producedBytes: 0, spans: [] };
    expect(of({ ...done, status: "success" })).toBeUndefined();
    const words = ["success", "error", "failure", "timeout"].map(
      (status) => of({ ...done, status }, "2021-03-18")?.record,
    );
    expect(words).toEqual([
      { requestId: "r1", status: "success" },
      { requestId: "r1", status: "failure" },
      { requestId: "r1", status: "failure" },
      { requestId: "r1", status: "timeout" },
    ]);
  });

  it("has lines as text, whatever they are", () => {
    const line = { type: "log", source: { kind: "function" }, stream: "stdout", line: "{}" };
    expect(of(line)).toEqual({ category: "function", type: "function", record: "{}" });
  });
});
