import { describe, expect, it } from "vitest";
import { Cgroup } from "./cgroup.ts";
import { hasProcessTable } from "./process-table.ts";
import { of, rig } from "./testing/harness.ts";

const megabyte = 1_048_576;
const limited = { memorySizeMb: 192 };
const cgroup = Cgroup.open("memory-test", undefined);
const kernelLimits = cgroup?.limitsMemory === true;
await cgroup?.remove();

describe("the memory limit", () => {
  describe.each([
    ["of the kernel, in a cgroup", true, kernelLimits],
    ["by looking", false, hasProcessTable],
  ])("%s", (_, cgroups, possible) => {
    const options = { limitMemory: true, cgroups };

    it.skipIf(!possible)("kills, and is told of as on Lambda: in REPORT, not to the caller", async () => {
      await using r = await rig(limited, options);
      // Piece by piece: what fills memory in no time falls through between two looks.
      let killed = await r.invoke({ do: "hog", bytes: 40 * megabyte });
      for (let i = 0; i < 8 && killed.answer.functionError === undefined; i += 1)
        killed = await r.invoke({ do: "hog", bytes: 40 * megabyte, linger: 150 });
      expect(killed.text).toBe(
        `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ${killed.answer.requestId} Error: Runtime exited with error: signal: killed"}`,
      );
      expect(of(r.events, "report").at(-1)).toMatchObject({
        status: "error",
        errorType: "Runtime.OutOfMemory",
        memorySizeMb: 192,
        maxMemoryUsedMb: 192,
      });
      expect(r.lines().at(-1)).toMatch(/\tStatus: error\tError Type: Runtime.OutOfMemory$/);
      expect((await r.invoke({ do: "count" })).text).toContain(`"count":1`);
      expect(of(r.events, "report").at(-1)?.maxMemoryUsedMb).toBeLessThan(192);
    });

    it.skipIf(!possible)("lets live who stays below it", async () => {
      await using r = await rig(limited, options);
      for (let i = 0; i < 3; i += 1)
        expect((await r.invoke({ do: "hog", bytes: 20 * megabyte, linger: 150 })).text).toBe(`"held"`);
      expect(of(r.events, "report").at(-1)?.maxMemoryUsedMb).toBeGreaterThan(60);
    });
  });

  it.skipIf(!hasProcessTable)("is not enforced unless asked for", async () => {
    await using r = await rig(limited);
    expect((await r.invoke({ do: "hog", bytes: 300 * megabyte, linger: 150 })).text).toBe(`"held"`);
    expect(of(r.events, "report").at(-1)?.maxMemoryUsedMb).toBeGreaterThan(300);
  });
});

describe("Max Memory Used", () => {
  it.skipIf(!kernelLimits)(
    "counts the files of programs, whoever of this machine read them first",
    async () => {
      const used = async (cgroups: boolean): Promise<number> => {
        await using r = await rig(limited, { limitMemory: true, cgroups });
        await r.invoke({ do: "count" });
        return of(r.events, "report").at(-1)?.maxMemoryUsedMb ?? 0;
      };
      // One process: what it has of its own and of files is all there is.
      const [looked, counted] = [await used(false), await used(true)];
      expect(counted).toBeGreaterThan(looked * 0.8);
      expect(counted).toBeLessThanOrEqual(looked * 1.1);
    },
  );
});
