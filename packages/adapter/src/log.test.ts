import { describe, expect, it } from "vitest";
import { machine } from "../testing/adapter.ts";
import { createLog, logOptionsOf } from "./log.ts";
import type { LogFields } from "./log.ts";

/** The lines that all five calls print in an environment. */
function linesIn(env: Record<string, string>, message = "hello", fields: LogFields = {}): readonly string[] {
  const { platform, lines } = machine(env);
  const log = createLog(platform, logOptionsOf(env));
  log.debug(message, fields);
  log.info(message, fields);
  log.warn(message, fields);
  log.error(message, fields);
  return lines;
}

const levelsIn = (env: Record<string, string>): string[] =>
  linesIn(env).map((line) => line.split(" ")[0] ?? "");

describe("logOptionsOf", () => {
  it.each([
    [{}, ["INFO", "WARN", "ERROR"]],
    [{ AWS_LAMBDA_LOG_LEVEL: "TRACE" }, ["DEBUG", "INFO", "WARN", "ERROR"]],
    [{ AWS_LAMBDA_LOG_LEVEL: "debug" }, ["DEBUG", "INFO", "WARN", "ERROR"]],
    [{ AWS_LAMBDA_LOG_LEVEL: "WARN" }, ["WARN", "ERROR"]],
    [{ AWS_LAMBDA_LOG_LEVEL: "warning" }, ["WARN", "ERROR"]],
    [{ AWS_LAMBDA_LOG_LEVEL: "ERROR" }, ["ERROR"]],
    [{ AWS_LAMBDA_LOG_LEVEL: "FATAL" }, ["ERROR"]],
    [{ AWS_LAMBDA_LOG_LEVEL: "off" }, []],
    [{ AWS_LAMBDA_LOG_LEVEL: "loud" }, ["INFO", "WARN", "ERROR"]],
    [{ RUST_LOG: "error" }, ["ERROR"]],
    [{ RUST_LOG: "hyper=debug,warn" }, ["WARN", "ERROR"]],
    [{ RUST_LOG: "hyper=debug" }, ["INFO", "WARN", "ERROR"]],
    [{ RUST_LOG: "debug", AWS_LAMBDA_LOG_LEVEL: "ERROR" }, ["ERROR"]],
    [{ RUST_LOG: "error", AWS_LAMBDA_LOG_LEVEL: "loud" }, ["ERROR"]],
  ])("with %j prints %j (B33)", (env, levels) => {
    expect(levelsIn(env as Record<string, string>)).toEqual(levels);
  });

  it.each(["JSON", "json", "Json"])("prints JSON for AWS_LAMBDA_LOG_FORMAT=%s", (format) => {
    expect(() => JSON.parse(linesIn({ AWS_LAMBDA_LOG_FORMAT: format })[0] ?? "") as unknown).not.toThrow();
  });

  it.each(["Text", "", "yaml"])("prints text for AWS_LAMBDA_LOG_FORMAT=%j", (format) => {
    expect(linesIn({ AWS_LAMBDA_LOG_FORMAT: format })[0]).toBe("INFO hello");
  });
});

describe("createLog", () => {
  it("writes a text line with its fields, quoted where they would not read as one", () => {
    const fields = { url: "http://127.0.0.1:8080/", state: "no answer", n: 3, on: true, gone: undefined };
    expect(linesIn({}, "app is not ready", fields)[0]).toBe(
      'INFO app is not ready url=http://127.0.0.1:8080/ state="no answer" n=3 on=true',
    );
  });

  it("keeps a line one line, whatever the message and the fields hold", () => {
    for (const line of linesIn({}, "one\r\n\ntwo", { path: "/a\nb" })) {
      expect(line).toMatch(/^[A-Z]+ one two path="\/a\\nb"$/);
    }
    for (const line of linesIn({ AWS_LAMBDA_LOG_FORMAT: "JSON" }, "one\ntwo", { path: "/a\nb" }))
      expect(line).not.toContain("\n");
  });

  it("writes a JSON line with time, level, message and fields", () => {
    const [line = ""] = linesIn({ AWS_LAMBDA_LOG_FORMAT: "JSON" }, "hello", { requestId: "1", n: 3 });
    const { timestamp, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(new Date(String(timestamp)).toISOString()).toBe(timestamp);
    expect(rest).toEqual({ level: "INFO", message: "hello", requestId: "1", n: 3 });
  });

  it("adds the fields of `with` to every line", () => {
    const { platform, lines } = machine();
    const log = createLog(platform, { level: "info", json: false });
    log.with({ requestId: "1" }).with({ path: "/" }).warn("slow", { ms: 5 });
    log.warn("other");
    expect(lines).toEqual(["WARN slow requestId=1 path=/ ms=5", "WARN other"]);
  });
});
