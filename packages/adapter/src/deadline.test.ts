import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { machine } from "../testing/adapter.ts";
import { startDeadline, timeForApp } from "./deadline.ts";

describe("timeForApp", () => {
  it.each([
    ["leaves the margin before the deadline", 1000, 31_000, 500, 29_500],
    ["is half of what is left when the margin would take more", 1000, 1600, 500, 300],
    ["is half of what is left when the margin is all of it", 1000, 1500, 500, 250],
    ["is all of it without a margin", 1000, 4000, 0, 3000],
    ["is no limit for a deadline that has passed", 1000, 999, 500, Number.POSITIVE_INFINITY],
    ["is no limit for a deadline that is now", 1000, 1000, 500, Number.POSITIVE_INFINITY],
    ["is no limit without a deadline", 1000, Number.NaN, 500, Number.POSITIVE_INFINITY],
    ["is no limit for an endless deadline", 1000, Number.POSITIVE_INFINITY, 500, Number.POSITIVE_INFINITY],
  ])("%s", (_, wall, deadline, margin, expected) => {
    expect(timeForApp(wall, deadline, margin)).toBe(expected);
  });

  it("is always before the deadline and never nothing", () => {
    const ms = fc.integer({ min: 1, max: 900_000 });
    fc.assert(
      fc.property(ms, ms, (left, margin) => {
        const time = timeForApp(1e12, 1e12 + left, margin);
        expect(time).toBeGreaterThan(0);
        expect(time).toBeLessThan(left);
      }),
    );
  });
});

describe("startDeadline", () => {
  const started = (
    limitMs: number,
  ): { deadline: ReturnType<typeof startDeadline>; advance: (ms: number) => Promise<void> } => {
    const { platform, advance } = machine({}, { virtualTime: true });
    return { deadline: startDeadline(platform, limitMs), advance };
  };

  it("cuts what is watched when the time is up, once, and not before", async () => {
    const { deadline, advance } = started(100);
    let cuts = 0;
    deadline.watch(() => cuts++);
    await advance(99);
    expect([cuts, deadline.expired]).toEqual([0, false]);
    await advance(1000);
    expect([cuts, deadline.expired]).toEqual([1, true]);
  });

  it("cuts the later of two, which took the earlier one's place", async () => {
    const { deadline, advance } = started(100);
    const cut: string[] = [];
    deadline.watch(() => cut.push("earlier"));
    deadline.watch(() => cut.push("later"));
    await advance(100);
    expect(cut).toEqual(["later"]);
  });

  it("cuts at once what comes to be watched too late", async () => {
    const { deadline, advance } = started(100);
    await advance(100);
    let cuts = 0;
    deadline.watch(() => cuts++);
    expect(cuts).toBe(1);
  });

  it("cuts when told to, which is no expiry", () => {
    const { deadline } = started(100);
    expect(() => deadline.cut()).not.toThrow();
    let cuts = 0;
    deadline.watch(() => cuts++);
    deadline.cut();
    expect([cuts, deadline.expired]).toEqual([1, false]);
  });

  it("does nothing after the invocation is over", async () => {
    const { deadline, advance } = started(100);
    let cuts = 0;
    deadline.watch(() => cuts++);
    deadline.stop();
    deadline.stop();
    await advance(1000);
    expect([cuts, deadline.expired]).toEqual([0, false]);
  });

  it("sets no timer without a limit", () => {
    const { platform } = machine();
    const after = (): never => {
      throw new Error("a timer");
    };
    const deadline = startDeadline({ ...platform, after }, Number.POSITIVE_INFINITY);
    expect(deadline.limitMs).toBe(Number.POSITIVE_INFINITY);
    deadline.stop();
  });
});
