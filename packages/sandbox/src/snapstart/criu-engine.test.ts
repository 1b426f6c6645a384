import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probe } from "@anylambda/checkpoint";
import type { Tools } from "@anylambda/checkpoint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetOptions } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";
import { type Rig, extension, fixture, of, rig } from "../testing/harness.ts";
import { criuEngine } from "./criu-engine.ts";

// The SnapStart life cycle with processes that are really frozen. Where the host cannot, skipped by name.
const { ok, tools } = await probe();

let directory: string;
beforeAll(
  () => (directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "snapstart-test-"))),
);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function published(
  how: string,
  more: Partial<FunctionConfiguration> = {},
  options: Partial<FleetOptions> = {},
): Promise<Rig> {
  const engine = criuEngine({ tools: tools as Tools, directory });
  const command = fixture("frozen-runtime.mjs", how);
  return rig({ command, version: "1", ...more }, { snapStart: { engine }, ...options });
}

interface Seen {
  readonly instance: string;
  readonly count: number;
  readonly pid: number;
  readonly note: string;
  readonly uuid: string;
  readonly session: string;
  readonly type: string;
  readonly keys: readonly string[];
}

async function ask(it: Rig, event: object = {}): Promise<Seen> {
  return JSON.parse((await it.invoke(event)).text) as Seen;
}

function podsLeft(): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandOf(pid).includes(directory)).length;
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

describe.skipIf(!ok)("a function with SnapStart, by CRIU", () => {
  it("is published once and restored by the invocation that needs it", async () => {
    await using it = await published("restore");
    const init = await it.fleet.initialized;
    expect(init).toMatchObject({ status: "success", phase: "init", snapStart: true });
    expect(of(it.events, "checkpoint")).toMatchObject([{ engine: "criu" }]);
    expect(of(it.events, "restoreStart")).toEqual([]);
    const seen = await ask(it);
    expect(seen).toMatchObject({ count: 1, note: "before", type: "snap-start" });
    const again = await ask(it);
    expect(again).toMatchObject({ instance: seen.instance, count: 2, note: "of nobody" });
    expect(of(it.events, "initStart")).toHaveLength(1);
    expect(of(it.events, "restoreStart")).toHaveLength(1);
    expect(of(it.events, "restoreReport")).toMatchObject([{ status: "success" }]);
    const [first, second] = of(it.events, "report");
    expect(first?.restoreDurationMs).toBeGreaterThan(0);
    expect(first?.billedRestoreDurationMs).toBeGreaterThan(0);
    expect(first?.initDurationMs).toBeUndefined();
    expect(second?.restoreDurationMs).toBeUndefined();
    const lines = it.lines();
    expect(lines.filter((line) => /^(init|restored|event)/.test(line))).toEqual([
      `init ${seen.pid}`,
      "restored",
      "event 1",
      "event 2",
    ]);
    expect(lines.some((line) => /^INIT_REPORT .*Phase: init\tStatus: success$/.test(line))).toBe(true);
    expect(lines.some((line) => /^RESTORE_REPORT Restore Duration: [\d.]+ ms$/.test(line))).toBe(true);
    expect(lines.find((line) => line.startsWith("REPORT"))).toMatch(
      /\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\t$/,
    );
    // The publication has a log stream of its own, and so has every copy.
    const streams = new Set(it.events.map(({ environment }) => environment));
    expect(streams.size).toBe(2);
  });

  it("gives the processes no variable that cannot be the same in every copy", async () => {
    await using it = await published("restore");
    const { keys } = await ask(it);
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
      expect(keys).not.toContain(name);
    for (const name of ["AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"])
      expect(keys).not.toContain(name);
    expect(keys).toContain("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  });

  it("scales out by restoring: same memory and process ids, own credentials, own /tmp, the same random values", async () => {
    await using it = await published("restore", {}, { maxConcurrency: 4 });
    const seen = await Promise.all([1, 2, 3, 4].map((name) => ask(it, { name, wait: 400 })));
    const distinct = (of: (copy: Seen) => unknown): number => new Set(seen.map(of)).size;
    expect(distinct(({ instance }) => instance)).toBe(1);
    expect(distinct(({ pid }) => pid)).toBe(1);
    expect(distinct(({ session }) => session)).toBe(4);
    expect(seen.map(({ count, note }) => [count, note])).toEqual(seen.map(() => [1, "before"]));
    // What SnapStart breaks on AWS it breaks here: Node's own cache of random bytes is in the snapshot.
    expect(distinct(({ uuid }) => uuid)).toBe(1);
    expect(of(it.events, "restoreStart")).toHaveLength(4);
    expect(of(it.events, "initStart")).toHaveLength(1);
  });

  it("takes runtimes that go straight to /next", async () => {
    await using it = await published("label");
    expect(await ask(it)).toMatchObject({ count: 1, note: "before" });
    expect(await ask(it)).toMatchObject({ count: 2 });
    expect(it.lines()).not.toContain("restored");
  });

  it("freezes extensions with it; they get events and the shutdown afterwards", async () => {
    await using it = await published("restore", {
      extensions: [extension("watcher"), extension("silent", "-")],
    });
    await ask(it);
    await ask(it);
    const { runtime, silent } = {
      runtime: of(it.events, "report"),
      silent: it.events.some((e) => e.type === "fault"),
    };
    expect(runtime.map(({ status }) => status)).toEqual(["success", "success"]);
    expect(silent).toBe(false);
  });

  it("restores anew after a crash", async () => {
    await using it = await published("restore");
    const seen = await ask(it);
    const { text } = await it.invoke({ exit: 5 });
    expect(JSON.parse(text)).toMatchObject({ errorType: "Runtime.ExitError" });
    expect(await ask(it)).toMatchObject({ instance: seen.instance, count: 1 });
    expect(of(it.events, "restoreStart")).toHaveLength(2);
  });

  it("turns callers away with 409 when the hook before the snapshot failed", async () => {
    await using it = await published("before-fails");
    const init = await it.fleet.initialized;
    expect(init).toMatchObject({
      status: "error",
      errorType: "Runtime.BeforeSnapshotError",
      snapStart: true,
    });
    const { answer } = await it.invoke({});
    expect(answer.refused).toBe("SnapStartNotReadyException");
  });

  it("turns callers away with 400 when the hook after the restore failed, and tries again for the next", async () => {
    await using it = await published("after-fails");
    const { answer, text } = await it.invoke({});
    expect(answer.refused).toBe("SnapStartException");
    expect(JSON.parse(text)).toMatchObject({ Type: "User" });
    expect(of(it.events, "restoreReport")).toMatchObject([
      { status: "error", errorType: "Runtime.AfterRestoreError" },
    ]);
    expect(of(it.events, "report")).toEqual([]);
    expect((await it.invoke({})).answer.refused).toBe("SnapStartException");
    expect(of(it.events, "restoreStart")).toHaveLength(2);
  });

  it("turns callers away with 400 when the restored runtime exits", async () => {
    await using it = await published("after-exits");
    expect((await it.invoke({})).answer.refused).toBe("SnapStartException");
    expect(of(it.events, "restoreReport")).toMatchObject([
      { status: "error", errorType: "Runtime.ExitError" },
    ]);
  });

  it("turns callers away with 408 when the hooks after the restore take more than 10 s", async () => {
    await using it = await published("after-hangs");
    expect((await it.invoke({})).answer.refused).toBe("SnapStartTimeoutException");
    expect(of(it.events, "restoreReport")).toMatchObject([{ status: "timeout", durationMs: 10_000 }]);
  });

  it("gives up a publication that is under way", async () => {
    {
      await using it = await published("never-ready");
      void it;
    }
    expect(podsLeft()).toBe(0);
  });

  it("has left no process, no image and no file of a pod", () => {
    expect(podsLeft()).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  });
});
