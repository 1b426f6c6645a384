import { describe, expect, it } from "vitest";
import type { SandboxEvent } from "./events.ts";
import { jsonLogLinesOf } from "./json-log.ts";
import { isLogged, systemLevelOf } from "./log-levels.ts";

const time = new Date("2026-11-22T03:00:00.123Z");
const eventOf = (event: object): SandboxEvent =>
  ({ time, environment: "e1", environmentNumber: 1, ...event }) as SandboxEvent;
const context = {
  functionName: "f",
  functionVersion: "1",
  functionArn: "arn",
  initializationType: "on-demand",
  memorySizeMb: 128,
  instanceId: "e1",
  logFormat: "JSON",
} as const;

describe("isLogged", () => {
  it.each([
    [`{"level":"DEBUG"}`, "INFO", false],
    [`{"level":"debug"}`, "INFO", false],
    [`{"level":"info"}`, "INFO", true],
    [`{"level":"Error"}`, "FATAL", false],
    [`{"level":"FATAL"}`, "FATAL", true],
    [`{"level":"TRACE"}`, "TRACE", true],
    // Missing or invalid is INFO.
    [`{"level":"loud"}`, "INFO", true],
    [`{"level":"loud"}`, "WARN", false],
    [`{"level":3}`, "WARN", false],
    [`{}`, "INFO", true],
    [`plain text`, "INFO", true],
    [`plain text`, "WARN", false],
    [`{broken`, "WARN", false],
  ] as const)("of %s at level %s: %s", (line, least, kept) => {
    expect(isLogged(line, undefined, least)).toBe(kept);
  });

  it("believes the frame before the line", () => {
    const frame = { format: "json", level: "ERROR", message: "" } as const;
    expect(isLogged(`{"level":"DEBUG"}`, frame, "ERROR")).toBe(true);
  });
});

describe("systemLevelOf, the table of environment.md 3.7", () => {
  const runtimeVersion = { name: "n", arn: "a" };
  it.each([
    [{ type: "initStart" }, "DEBUG"],
    [{ type: "initStart", runtimeVersion }, "INFO"],
    [{ type: "restoreStart" }, "DEBUG"],
    [{ type: "restoreStart", runtimeVersion }, "INFO"],
    [{ type: "initRuntimeDone", status: "success" }, "DEBUG"],
    [{ type: "initRuntimeDone", status: "timeout" }, "WARN"],
    [{ type: "restoreRuntimeDone", status: "success" }, "DEBUG"],
    [{ type: "restoreRuntimeDone", status: "error" }, "WARN"],
    [{ type: "runtimeDone", status: "success" }, "DEBUG"],
    [{ type: "runtimeDone", status: "failure" }, "WARN"],
    [{ type: "initReport", status: "success" }, "DEBUG"],
    [{ type: "initReport", status: "error" }, "WARN"],
    [{ type: "start" }, "INFO"],
    [{ type: "report", status: "success" }, "INFO"],
    [{ type: "report", status: "error" }, "WARN"],
    [{ type: "restoreReport", status: "success" }, "INFO"],
    [{ type: "restoreReport", status: "timeout" }, "WARN"],
    [{ type: "extension" }, "INFO"],
    [{ type: "extension", errorType: "Extension.Crash" }, "WARN"],
    [{ type: "telemetrySubscription" }, "INFO"],
    [{ type: "logsSubscription" }, "INFO"],
    [{ type: "logsDropped" }, "WARN"],
    [{ type: "end" }, undefined],
    [{ type: "fault" }, undefined],
    [{ type: "a type that comes later" }, undefined],
  ])("%j is %s", (event, level) => {
    expect(systemLevelOf(eventOf(event), "on-demand")).toBe(level);
  });

  it("tells of inits that are not on demand", () => {
    const event = eventOf({ type: "initReport", status: "success" });
    expect(systemLevelOf(event, "provisioned-concurrency")).toBe("INFO");
  });
});

describe("jsonLogLinesOf", () => {
  const linesAt = (event: object, applicationLogLevel = "INFO", systemLogLevel = "INFO") =>
    jsonLogLinesOf(eventOf(event), { context, applicationLogLevel, systemLogLevel } as Parameters<
      typeof jsonLogLinesOf
    >[1]);
  const start = { type: "start", requestId: "r1", version: "1" };
  const line = { type: "log", source: { kind: "function" }, stream: "stdout" };

  it("has the platform's records in the envelope of telemetry, from a level on", () => {
    expect(linesAt(start)).toEqual([
      `{"time":"2026-11-22T03:00:00.123Z","type":"platform.start","record":{"requestId":"r1","version":"1"}}`,
    ]);
    expect(linesAt(start, "INFO", "WARN")).toEqual([]);
    expect(linesAt({ type: "end", requestId: "r1" })).toEqual([]);
  });

  it("has output as it is, but for what is below the level; an extension's always", () => {
    expect(linesAt({ ...line, line: `{"level":"INFO"}` })).toBeUndefined();
    expect(linesAt({ ...line, line: `{"level":"DEBUG"}` })).toEqual([]);
    const source = { kind: "extension", name: "ext" };
    expect(linesAt({ ...line, source, line: `{"level":"DEBUG"}` })).toBeUndefined();
  });
});
