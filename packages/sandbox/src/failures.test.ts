import { describe, expect, it } from "vitest";
import { type Failure, extensionExit, payloadOf, runtimeExit, statusOf, timedOut } from "./failures.ts";
import { textOf } from "./testing/harness.ts";

const text = (failure: Failure): string => textOf(payloadOf(failure, "ID"));

describe("payloads of environment.md 4.5, byte for byte", () => {
  it.each<[string, Failure, string]>([
    [
      "exit 0",
      runtimeExit({ kind: "status", status: 0 }, "x"),
      `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited without providing a reason"}`,
    ],
    [
      "exit 127",
      runtimeExit({ kind: "status", status: 127 }, "x"),
      `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 127"}`,
    ],
    [
      "SIGKILL",
      runtimeExit({ kind: "signal", signal: "SIGKILL" }, "x"),
      `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: killed"}`,
    ],
    [
      "SIGSEGV",
      runtimeExit({ kind: "signal", signal: "SIGSEGV" }, "x"),
      `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: segmentation fault"}`,
    ],
    [
      "timeout",
      timedOut(1000),
      `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"}`,
    ],
    [
      "extension crash",
      extensionExit({ kind: "status", status: 3 }, "ext", undefined),
      `{"errorType":"Extension.Crash","errorMessage":"RequestId: ID Error: exit status 3"}`,
    ],
    [
      "extension exit 0",
      extensionExit({ kind: "status", status: 0 }, "ext", "ExitError"),
      `{"errorType":"Extension.ExitError","errorMessage":"RequestId: ID Error: exit code 0"}`,
    ],
  ])("%s", (_, failure, expected) => {
    expect(text(failure)).toBe(expected);
  });

  it("let a posted body through unchanged", () => {
    const payload = Buffer.from("as it was");
    expect(text({ errorType: "X", message: "m", sentence: "s", payload })).toBe("as it was");
  });
});

describe("statusOf", () => {
  it("is what telemetry calls it", () => {
    expect(["Sandbox.Timedout", "Sandbox.Failure", "Runtime.ExitError"].map(statusOf)).toEqual([
      "timeout",
      "failure",
      "error",
    ]);
  });
});
