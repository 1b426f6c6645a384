import { describe, expect, it } from "vitest";
import type { FleetOptions } from "../fleet.ts";
import { type Rig, fixture, rig } from "../testing/harness.ts";
import { replayEngine } from "./replay-engine.ts";

const adapted = (how: string, options: Partial<FleetOptions> = {}): Promise<Rig> =>
  rig(
    { command: fixture("snapstart-runtime.mjs", how), version: "1" },
    { snapStart: { engine: replayEngine() }, ...options },
  );

describe("a version that is replayed", () => {
  it("goes through publication, restore and invocation, and tells each (environment.md 4.6, 6.2)", async () => {
    await using sandbox = await adapted("hooks");
    const { text } = await sandbox.invoke({});
    expect(JSON.parse(text)).toMatchObject({
      steps: ["started", "before", "restored 200"],
      type: "snap-start",
    });
    expect(JSON.parse(text).key).toBeUndefined();
    expect(JSON.parse(text).stream).toBeUndefined();
    expect(sandbox.events.map(({ type }) => type).filter((type) => type !== "log")).toEqual([
      "initStart",
      "initRuntimeDone",
      "initReport",
      "checkpoint",
      "restoreStart",
      "restoreRuntimeDone",
      "restoreReport",
      "start",
      "runtimeDone",
      "end",
      "report",
    ]);
    const report = sandbox.lines().find((line) => line.startsWith("REPORT"));
    expect(report).toMatch(/\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms\t$/);
    expect(report).not.toContain("Init Duration");
  });

  it("serves a runtime that never asks for restore/next", async () => {
    await using sandbox = await adapted("label");
    const { text } = await sandbox.invoke({});
    expect(JSON.parse(text).steps).toEqual(["started"]);
    expect(sandbox.events.filter(({ type }) => type === "restoreReport")).toHaveLength(1);
  });

  it("makes copies as they are needed, each with variables, credentials and memory of its own", async () => {
    const variablesFor = async (number: number): Promise<Record<string, string>> => ({
      PORT: String(4000 + number),
    });
    await using sandbox = await adapted("hooks", { maxConcurrency: 3, variablesFor });
    const answers = await Promise.all([1, 2, 3].map(() => sandbox.invoke({})));
    const told = answers.map(({ text }) => JSON.parse(text));
    for (const what of ["madeAtStart", "session", "port", "pid"])
      expect(new Set(told.map((one) => one[what])).size, what).toBe(3);
    // Memory was not restored (head of replay-engine.ts): the engine says so wherever a copy is told of.
    const engines = sandbox.events.flatMap((event) => (event.type === "restoreStart" ? [event.engine] : []));
    expect(engines).toEqual(["replay", "replay", "replay"]);
  });
});

describe("what fails", () => {
  it("before the snapshot: there is no version, and callers are told", async () => {
    await using sandbox = await adapted("before-fails");
    const report = await sandbox.fleet.initialized;
    expect(report).toMatchObject({ status: "error", errorType: "Runtime.BeforeSnapshotError" });
    const { answer } = await sandbox.invoke({});
    expect(answer.refused).toBe("SnapStartNotReadyException");
  });

  it.each([
    ["after-fails", "a hook that reports an error", "Runtime.AfterRestoreError"],
    ["dies-after", "a runtime that ends", "Runtime.ExitError"],
  ])(
    "after the restore (%s): %s turns its caller away, and the next one gets a new copy",
    async (how, _, type) => {
      await using sandbox = await adapted(how);
      for (const time of [1, 2]) {
        const { answer } = await sandbox.invoke({});
        expect(answer.refused).toBe("SnapStartException");
        const reports = sandbox.events.filter((event) => event.type === "restoreReport");
        expect(reports).toHaveLength(time);
        expect(reports.at(-1)).toMatchObject({ status: "error", errorType: type });
      }
    },
  );
});
