import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directory, fixture, of, rig } from "./testing/harness.ts";

describe("an init on Lambda's own limit", () => {
  it("is abandoned after 10 s, repeated inside the first invocation, and in its Duration, not in Init Duration", async () => {
    const mark = join(directory(), "mark");
    await using r = await rig({ command: fixture("bad-runtime.mjs", "slow-once", mark) });
    const { answer, text } = await r.invoke({ a: 1 });
    expect(text).toBe(`{"a":1}`);
    const [first, second] = of(r.events, "initReport");
    expect(first).toMatchObject({ phase: "init", status: "timeout" });
    expect(first?.durationMs).toBeGreaterThanOrEqual(9_995);
    expect(second).toMatchObject({ phase: "invoke", status: "success" });
    const report = of(r.events, "report")[0];
    expect(report?.durationMs).toBeGreaterThanOrEqual(second?.durationMs ?? Infinity);
    expect(report).not.toHaveProperty("initDurationMs", expect.anything());
    const lines = r
      .lines()
      .map((line) => line.replaceAll(answer.requestId, "ID").replaceAll(/\d+\.\d\d/g, "N"));
    expect(lines[0]).toBe("INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: timeout");
    expect(lines.at(-1)).toMatch(
      /^REPORT RequestId: ID\tDuration: N ms\tBilled Duration: \d+ ms\tMemory Size/,
    );
    expect(lines.at(-1)).not.toContain("Init Duration");
  });
});
