import { describe, expect, it } from "vitest";
import { Watch } from "./watch.ts";

describe("Watch", () => {
  it("ends with what comes first: the condition, the deadline, a failure", async () => {
    const watch = new Watch<string>();
    let holds = false;
    const met = watch.until(() => holds, 60_000);
    watch.changed();
    holds = true;
    watch.changed();
    expect(await met).toBe("met");
    expect(await watch.until(() => true, 60_000)).toBe("met");
    expect(await watch.until(() => false, 0)).toBe("late");
    const failed = watch.until(() => false, 60_000);
    watch.fail("first");
    expect(await failed).toBe("failed");
  });

  it("keeps the first failure (2), and tells every later waiter", async () => {
    const watch = new Watch<string>();
    watch.fail("first");
    watch.fail("second");
    expect(watch.failure).toBe("first");
    expect(await watch.until(() => true, 60_000)).toBe("failed");
  });

  it("has one waiter (1)", async () => {
    const watch = new Watch<string>();
    const first = watch.until(() => false, 60_000);
    expect(() => watch.until(() => false, 1)).toThrow(/watch\.ts \(1\)/);
    watch.fail("over");
    await first;
  });
});
