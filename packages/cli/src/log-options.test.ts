import { describe, expect, it } from "vitest";
import { logSettingsOf, logWarningsOf } from "./log-options.ts";
import { run } from "./testing/command.ts";

describe("logSettingsOf", () => {
  it("says nothing that was not said", () => {
    expect(logSettingsOf({})).toEqual({});
    expect(logSettingsOf({ logFormat: "text" })).toEqual({});
  });
  it("says what was said", () => {
    expect(
      logSettingsOf({ logFormat: "json", logLevel: "WARN", systemLevel: "DEBUG", framedLogs: true }),
    ).toEqual({
      logFormat: "JSON",
      applicationLogLevel: "WARN",
      systemLogLevel: "DEBUG",
      logChannel: "framed",
    });
  });
});

describe("logWarningsOf", () => {
  it("tells of levels without effect", () => {
    expect(logWarningsOf({ logFormat: "json", logLevel: "WARN" })).toEqual([]);
    expect(logWarningsOf({ logLevel: "WARN" })[0]).toMatch(/^--log-level has no effect/);
    expect(logWarningsOf({ systemLevel: "WARN" })[0]).toMatch(/^--system-level has no effect/);
  });
});

describe("anylambda invoke --log-format json", () => {
  const event = ["--event", "-", "--no-adapter"];
  const app = ["--", "node", "runtime.mjs"];
  it("prints the log as Lambda would write it in JSON", async () => {
    const { code, stderr } = await run(["invoke", ...event, "--log-format", "json", ...app], { input: "{}" });
    expect(code).toBe(0);
    expect(stderr).toMatch(/lambda {2}│ \{"time":"[^"]+","type":"platform\.start","record":\{"requestId":/);
    expect(stderr).not.toContain("REPORT RequestId");
  });
  it("warns of a level in text, and knows the levels", async () => {
    const { stderr } = await run(["invoke", ...event, "--log-level", "WARN", ...app], { input: "{}" });
    expect(stderr).toContain("--log-level has no effect");
    const wrong = await run(["invoke", ...event, "--log-level", "LOUD", ...app]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("TRACE, DEBUG, INFO") });
  });
});
