import { describe, expect, it, vi } from "vitest";
import { Watch, endOfPromises, endOfTurn } from "./watch.ts";

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

  it("gives each wait its whole time, though the timer is the same", async () => {
    vi.useFakeTimers();
    try {
      const watch = new Watch<string>();
      for (let wait = 0; wait < 3; wait += 1) {
        let holds = false;
        const met = watch.until(() => holds, 60);
        await vi.advanceTimersByTimeAsync(59);
        holds = true;
        watch.changed();
        expect(await met).toBe("met");
      }
      let outcome = "";
      void watch.until(() => false, 60).then((one) => (outcome = one));
      await vi.advanceTimersByTimeAsync(59);
      expect(outcome).toBe("");
      await vi.advanceTimersByTimeAsync(1);
      expect(outcome).toBe("late");
    } finally {
      vi.useRealTimers();
    }
  });

  it("keeps no process alive when nobody waits", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;
    const before = timers();
    const watch = new Watch<string>();
    const wait = watch.until(() => false, 60_000);
    expect(timers()).toBe(before + 1);
    watch.fail("over");
    await wait;
    expect(timers()).toBe(before);
  });
});

describe("endOfPromises", () => {
  it.each([
    ["a callback", (run: () => void) => setImmediate(run)],
    ["a tick", (run: () => void) => process.nextTick(run)],
    ["a promise", (run: () => void) => queueMicrotask(run)],
  ])("comes after a chain of promises of any length, and before timers, from %s", async (_from, start) => {
    const order: string[] = [];
    const chain = async (): Promise<void> => {
      for (let link = 0; link < 100; link += 1) await Promise.resolve();
      order.push("chain");
    };
    await new Promise<void>((resolve) => {
      start(() => {
        setImmediate(() => order.push("turn"));
        void chain();
        const wait = async (): Promise<void> => {
          await endOfPromises();
          order.push("end");
          resolve();
        };
        void wait();
      });
    });
    await endOfTurn();
    expect(order).toEqual(["chain", "end", "turn"]);
  });
});
