// Log format, levels and the framed channel, in real environments (environment.md 3.7).
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directory, extension, fixture, notesOf, of, rig, until } from "./testing/harness.ts";

describe("a function that logs JSON", () => {
  it("has the platform's records in its log, and its own lines from its level on", async () => {
    await using r = await rig({ logFormat: "JSON", applicationLogLevel: "WARN" });
    const lines = [`{"level":"WARN","a":1}`, `{"level":"INFO","a":2}`, "no level"];
    const { answer } = await r.invoke({ do: "print", lines });
    await until(() => of(r.events, "log").length === 4);
    const log = r.lines();
    const documents = log.map((line) => JSON.parse(line) as { type?: string; a?: number });
    expect(documents.map(({ type, a }) => type ?? a)).toEqual(["platform.start", 1, "platform.report"]);
    expect(documents[0]).toMatchObject({ record: { requestId: answer.requestId, version: "$LATEST" } });
    expect(log.some((line) => /^(START|END|REPORT)/.test(line))).toBe(false);
    // The log only: the lines are told, and telemetry would have them.
    expect(of(r.events, "log").map(({ line }) => line)).toEqual(
      expect.arrayContaining([...lines, "to stderr"]),
    );
  });

  it("gives a caller the same log's tail", async () => {
    await using r = await rig({ logFormat: "JSON", systemLogLevel: "DEBUG" });
    const tail: string[] = [];
    const invocation = r.fleet.invoke({ payload: Buffer.from("{}"), log: (line) => tail.push(line) });
    await invocation.ended;
    expect(tail.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      "platform.start",
      "platform.runtimeDone",
      "platform.report",
    ]);
  });

  it("is told so by its variables, extensions too", async () => {
    const notes = join(directory(), "notes");
    await using r = await rig({
      logFormat: "JSON",
      applicationLogLevel: "DEBUG",
      variables: { NOTES: notes },
      extensions: [extension("ext", "INVOKE", "env")],
    });
    const runtime = JSON.parse((await r.invoke({ do: "env" })).text) as Record<string, string>;
    const seen = JSON.parse(notesOf(notes)[0]?.slice("ext env ".length) ?? "") as Record<string, string>;
    for (const variables of [runtime, seen])
      expect(variables).toMatchObject({ AWS_LAMBDA_LOG_FORMAT: "JSON", AWS_LAMBDA_LOG_LEVEL: "DEBUG" });
  });
});

describe("the framed log channel", () => {
  const command = fixture("framed-runtime.mjs");
  const say = [
    ["ERROR", "text", "one\ntwo\n"],
    ["DEBUG", "json", `{"level":"DEBUG","a":1}`],
  ];

  it("brings whole messages with their time and level, to the runtime only", async () => {
    const notes = join(directory(), "notes");
    await using r = await rig({
      command,
      logChannel: "framed",
      variables: { NOTES: notes },
      extensions: [extension("ext", "INVOKE", "env")],
    });
    const { text } = await r.invoke({ say });
    expect(JSON.parse(text)).toMatchObject({ fd: 62, env: { _LAMBDA_TELEMETRY_LOG_FD: "62" } });
    const logs = of(r.events, "log");
    expect(logs.map(({ line }) => line)).toEqual(["init", "one\ntwo", `{"level":"DEBUG","a":1}`]);
    expect(logs[1]).toMatchObject({
      time: new Date(1_792_000_000_000),
      frame: { format: "text", level: "ERROR", message: "one\ntwo\n" },
    });
    expect(notesOf(notes)[0]).not.toContain("_LAMBDA_TELEMETRY_LOG_FD");
  });

  it("is filtered by the level of the frame", async () => {
    await using r = await rig({ command, logChannel: "framed", logFormat: "JSON" });
    await r.invoke({ say });
    const own = r.lines().filter((line) => !line.includes("platform."));
    expect(own).toEqual(["init", "one\ntwo"]);
  });

  it("is not there unless asked for", async () => {
    await using r = await rig({ command });
    const { text } = await r.invoke({ say });
    expect(JSON.parse(text)).toMatchObject({ fd: 0 });
    expect(text).not.toContain("_LAMBDA_TELEMETRY_LOG_FD");
    expect(of(r.events, "log").map(({ line }) => line)).toContain("one");
  });

  it("is no matter to a program that takes no notice of it", async () => {
    await using r = await rig({ logChannel: "framed" });
    await r.invoke({ do: "print", lines: ["plain"] });
    await until(() => of(r.events, "log").some(({ line }) => line === "plain"));
  });
});
