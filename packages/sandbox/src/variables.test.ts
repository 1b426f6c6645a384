import { describe, expect, it } from "vitest";
import { configured } from "./testing/harness.ts";
import { variablesOf } from "./variables.ts";

const place = { runtimeApi: "127.0.0.1:9001", logStream: "2026/11/22/[$LATEST]0", path: "/bin" };
const of = (variables: Record<string, string>) =>
  variablesOf(configured({ taskRoot: "/code", optRoot: "/layers", memorySizeMb: 512, variables }), place);

describe("what the runtime sees", () => {
  it("is Lambda's list and the user's own, complete", () => {
    const { runtime } = of({ MINE: "1" });
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, ...rest } = runtime;
    expect(rest).toEqual({
      _HANDLER: "index.handler",
      AWS_LAMBDA_METADATA_API: "127.0.0.1:9001",
      AWS_LAMBDA_METADATA_TOKEN: expect.stringMatching(/^[0-9a-f]{32}$/),
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_LAMBDA_FUNCTION_NAME: "tested",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/tested",
      AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/22/[$LATEST]0",
      AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001",
      AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
      AWS_XRAY_DAEMON_ADDRESS: "127.0.0.1:2000",
      _AWS_XRAY_DAEMON_ADDRESS: "127.0.0.1",
      _AWS_XRAY_DAEMON_PORT: "2000",
      LAMBDA_TASK_ROOT: "/code",
      LAMBDA_RUNTIME_DIR: "/var/runtime",
      LANG: "en_US.UTF-8",
      TZ: ":UTC",
      PATH: "/bin:/layers/bin",
      LD_LIBRARY_PATH: "/code:/code/lib:/layers/lib",
      MINE: "1",
    });
    expect(AWS_ACCESS_KEY_ID).toMatch(/^ASIA[A-Z0-9]{16}$/);
    expect(AWS_SECRET_ACCESS_KEY).toHaveLength(40);
    expect(AWS_SESSION_TOKEN).toContain("fake");
  });

  it("lets the user override what Lambda lets override, and refuses the rest by name", () => {
    const { runtime, refused } = of({
      TZ: "Europe/Berlin",
      PATH: "/mine",
      AWS_REGION: "mars",
      _HANDLER: "x",
      "a-b": "1",
      A: "1",
    });
    expect([runtime["TZ"], runtime["PATH"], runtime["AWS_REGION"]]).toEqual([
      "Europe/Berlin",
      "/mine",
      "eu-west-1",
    ]);
    expect(refused).toEqual([
      { name: "AWS_REGION", reason: "reserved" },
      { name: "_HANDLER", reason: "reserved" },
      { name: "a-b", reason: "malformed" },
      { name: "A", reason: "malformed" },
    ]);
  });

  it("has real credentials when they were given", () => {
    const credentials = { accessKeyId: "a", secretAccessKey: "b", sessionToken: "c" };
    const { runtime, extension } = variablesOf(configured({ credentials }), place);
    for (const seen of [runtime, extension])
      expect([seen["AWS_ACCESS_KEY_ID"], seen["AWS_SECRET_ACCESS_KEY"], seen["AWS_SESSION_TOKEN"]]).toEqual([
        "a",
        "b",
        "c",
      ]);
  });
});

describe("what extensions see", () => {
  it("is the same without what Lambda hides", () => {
    const { runtime, extension } = of({ MINE: "1" });
    const hidden = Object.keys(runtime).filter((name) => !(name in extension));
    expect(hidden.sort()).toEqual([
      "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_XRAY_CONTEXT_MISSING",
      "AWS_XRAY_DAEMON_ADDRESS",
      "LAMBDA_RUNTIME_DIR",
      "LAMBDA_TASK_ROOT",
      "_AWS_XRAY_DAEMON_ADDRESS",
      "_AWS_XRAY_DAEMON_PORT",
      "_HANDLER",
    ]);
    for (const [name, value] of Object.entries(extension)) expect(runtime[name]).toBe(value);
  });
});
