import { describe, expect, it } from "vitest";
import { machine } from "../testing/adapter.ts";
import { elapsed, sleep, within } from "./time.ts";

describe("within", () => {
  const tooLate = (): Error => new Error("too late");

  it("gives what the work gives, and takes its timer off", async () => {
    const one = machine({}, { virtualTime: true });
    await expect(within(one.platform, 100, Promise.resolve("done"), tooLate)).resolves.toBe("done");
    await expect(within(one.platform, 100, Promise.reject(new Error("broken")), tooLate)).rejects.toThrow(
      "broken",
    );
    await one.advance(1000);
  });

  it("throws what `onTimeout` makes when the work takes longer, and asks it once", async () => {
    const one = machine({}, { virtualTime: true });
    let asked = 0;
    const outcome = within(one.platform, 100, new Promise(() => {}), () => {
      asked++;
      return tooLate();
    });
    const failed = outcome.catch((error: unknown) => error);
    await one.advance(99);
    expect(asked).toBe(0);
    await one.advance(1);
    expect(await failed).toEqual(tooLate());
    await one.advance(1000);
    expect(asked).toBe(1);
  });

  it("sets no timer without a limit", async () => {
    const one = machine();
    const platform = {
      ...one.platform,
      after: () => {
        throw new Error("a timer was set");
      },
    };
    await expect(within(platform, Number.POSITIVE_INFINITY, Promise.resolve(1), tooLate)).resolves.toBe(1);
  });

  it("leaves no rejection unhandled when the work fails after its time", async () => {
    const one = machine({}, { virtualTime: true });
    let fail: (error: Error) => void = () => {};
    const work = new Promise<never>((_, reject) => (fail = reject));
    const failed = within(one.platform, 10, work, tooLate).catch((error: unknown) => error);
    await one.advance(10);
    expect(await failed).toEqual(tooLate());
    fail(new Error("later"));
    await one.advance(1);
  });
});

describe("sleep", () => {
  it("resolves when the time has come", async () => {
    const one = machine({}, { virtualTime: true });
    let awake = false;
    const sleeping = sleep(one.platform, 50).then(() => (awake = true));
    await one.advance(49);
    expect(awake).toBe(false);
    await one.advance(1);
    await sleeping;
  });
});

describe("elapsed", () => {
  const at = (wall: number, monotonic: number): { wall: number; monotonic: number } => ({ wall, monotonic });

  it.each([
    ["both clocks agree", at(1000, 10), at(1250, 260), 250],
    ["the monotonic clock stood still in a snapshot", at(1000, 10), at(162_000, 550), 161_000],
    ["the wall clock stood still", at(1000, 10), at(1000, 5010), 5000],
    ["the wall clock was set back", at(100_000, 10), at(40_000, 20), 60_000],
  ])("takes the longer one when %s", (_, since, now, ms) => {
    expect(elapsed(since, now)).toBe(ms);
  });
});
