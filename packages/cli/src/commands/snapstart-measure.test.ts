import { criuHost } from "@anylambda/sandbox";
import { afterAll, describe, expect, it } from "vitest";
import type { Measured } from "../snapstart-check/measure.ts";
import { start, stopAll } from "../testing/command.ts";

const { ok } = await criuHost();

afterAll(stopAll);

async function measured(engine: string): Promise<Measured> {
  const options = ["--json", "--quiet", "--engine", engine, "--rounds", "2", "--copies", "3"];
  const { code, stdout, stderr } = await start(["snapstart", "measure", ...options, "--", "node", "app.mjs"])
    .result;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Measured;
}

describe("anylambda snapstart measure", () => {
  it("has a sample of boot, restore and several copies at once for every round, also replayed", async () => {
    const figures = await measured("replay");
    const { bootMs, restoreMs, secondMs, togetherMs } = figures;
    expect([bootMs, restoreMs, secondMs, togetherMs].map(({ length }) => length)).toEqual([2, 2, 2, 2]);
    for (const sample of [bootMs, restoreMs, secondMs, togetherMs].flat()) expect(sample).toBeGreaterThan(0);
    expect(figures).toMatchObject({ engine: "replay", imageBytes: 0 });
  });

  it.skipIf(!ok)("knows the image and what a copy adds to it, where memory is restored", async () => {
    const { engine, imageBytes, memory, togetherMs } = await measured("criu");
    expect([engine, togetherMs.length]).toEqual(["criu", 2]);
    expect(imageBytes).toBeGreaterThan(1_000_000);
    expect(memory.boot).toBeGreaterThan(memory.eachOfSeveral);
    expect(memory.copy).toBeGreaterThan(0);
  });
});
