import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probe } from "@anylambda/checkpoint";
import type { Tools } from "@anylambda/checkpoint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cgroup } from "../cgroup.ts";
import type { FleetOptions } from "../fleet.ts";
import { type Rig, fixture, of, rig } from "../testing/harness.ts";
import { criuEngine } from "./criu-engine.ts";

// The function's memory size as a limit of copies in pods. Where the host cannot freeze, skipped by name.
const { ok, tools } = await probe();
const cgroup = Cgroup.open("pod-memory-test", undefined, "memory");
const kernelLimits = cgroup?.limitsMemory === true;
await cgroup?.remove();

const megabyte = 1_048_576;
/** Where `/tmp` is memory, the kernel's limit has room for it beyond the function's: too little for an image. */
const littleStorage = 64;

let directory: string;
beforeAll(
  () => (directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "snapstart-test-"))),
);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function published(
  how = "restore",
  options: Partial<FleetOptions> = {},
  ephemeralStorageMb = 512,
): Promise<Rig> {
  const engine = criuEngine({ tools: tools as Tools, directory });
  const command = fixture("frozen-runtime.mjs", how);
  return rig(
    { command, version: "1", memorySizeMb: 192, ephemeralStorageMb },
    { snapStart: { engine }, limitMemory: true, ...options },
  );
}

describe.skipIf(!ok)("the memory limit of a copy", () => {
  describe.each([
    ["with a control group", true, kernelLimits],
    ["by looking", false, true],
  ])("%s", (_, cgroups, possible) => {
    it.skipIf(!possible)("kills, and is told of as elsewhere; the next copy has its own", async () => {
      await using it = await published("restore", { cgroups });
      let killed = await it.invoke({ hog: 40 * megabyte });
      for (let i = 0; i < 8 && killed.answer.functionError === undefined; i += 1)
        killed = await it.invoke({ hog: 40 * megabyte, wait: 150 });
      expect(JSON.parse(killed.text)).toMatchObject({
        errorType: "Runtime.ExitError",
        errorMessage: expect.stringContaining("signal: killed"),
      });
      expect(of(it.events, "report").at(-1)).toMatchObject({
        status: "error",
        errorType: "Runtime.OutOfMemory",
        memorySizeMb: 192,
        maxMemoryUsedMb: 192,
      });
      expect(
        it.lines().some((line) => line.endsWith("\tStatus: error\tError Type: Runtime.OutOfMemory")),
      ).toBe(true);
      expect(JSON.parse((await it.invoke({})).text)).toMatchObject({ count: 1 });
      expect(of(it.events, "restoreStart")).toHaveLength(2);
      expect(of(it.events, "report").at(-1)?.maxMemoryUsedMb).toBeLessThan(192);
    });

    it.skipIf(!possible)("is told how much a copy used, and lets live who stays below it", async () => {
      await using it = await published("restore", { cgroups });
      await it.invoke({ wait: 150 });
      const little = of(it.events, "report").at(-1)?.maxMemoryUsedMb ?? 0;
      for (let i = 0; i < 3; i += 1) await it.invoke({ hog: 20 * megabyte, wait: 150 });
      const much = of(it.events, "report").at(-1)?.maxMemoryUsedMb ?? 0;
      expect(of(it.events, "report").map(({ status }) => status)).toEqual(Array(4).fill("success"));
      expect(little).toBeGreaterThan(1);
      // 60 MB more, give or take what the collector does meanwhile.
      expect(much - little).toBeGreaterThan(50);
      expect(much).toBeLessThan(192);
    });

    it.skipIf(!possible)("does not count files in /tmp, which is a disk on Lambda", async () => {
      await using it = await published("restore", { cgroups });
      const { answer } = await it.invoke({ tmp: 300 * megabyte, wait: 150 });
      expect([answer.functionError, of(it.events, "report").at(-1)?.errorType]).toEqual([
        undefined,
        undefined,
      ]);
    });
  });

  it.each([true, false])("holds for init too (cgroups: %s)", async (cgroups) => {
    await using it = await published("large", { cgroups });
    expect(await it.fleet.initialized).toMatchObject({ status: "error", errorType: "Runtime.OutOfMemory" });
  });

  it.skipIf(!kernelLimits)(
    "is the kernel's for init, and the image, which is as large again, is no part of it",
    async () => {
      await using it = await published("heavy", {}, littleStorage);
      expect(await it.fleet.initialized).toMatchObject({ status: "success" });
      expect(it.lines().some((line) => line.includes(`/anylambda-${process.pid}-`))).toBe(true);
      expect(JSON.parse((await it.invoke({})).text)).toMatchObject({ kept: 120 * megabyte, count: 1 });
    },
  );

  it("leaves no control group", () => {
    const left = [...groupsBelow("/sys/fs/cgroup")].filter((name) =>
      name.startsWith(`anylambda-${process.pid}-`),
    );
    expect(left).toEqual([]);
  });
});

function* groupsBelow(path: string, depth = 0): Generator<string> {
  if (depth > 4 || !existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) {
      yield entry.name;
      yield* groupsBelow(join(path, entry.name), depth + 1);
    }
}
