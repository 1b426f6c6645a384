import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Seat, callerFor, evictionFor, growthFor, refusalFor, seatFor } from "./placement.ts";

const tenant = fc.constantFrom(undefined, "a", "b", "c");
const named = fc.constantFrom("a", "b", "c");
const seat: fc.Arbitrary<Seat> = fc.record({
  tenantId: tenant,
  provisioned: fc.boolean(),
  warm: fc.boolean(),
  ready: fc.boolean(),
  busy: fc.nat(3),
});
const free = { tenantId: undefined, provisioned: false, warm: true, ready: true, busy: 0 };

describe("seatFor", () => {
  it("never gives a seat of another tenant (9), and gives one whenever there is one (5)", () => {
    fc.assert(
      fc.property(fc.array(seat), named, (seats, tenantId) => {
        const found = seats[seatFor(seats, { tenantId })];
        const usable = seats.filter((one) => one.tenantId === undefined || one.tenantId === tenantId);
        if (usable.length === 0) expect(found).toBeUndefined();
        else expect(usable).toContain(found);
      }),
    );
  });

  it("takes a ready one before others, then a provisioned one, a warm one before cold ones, the last before others (6)", () => {
    fc.assert(
      fc.property(fc.array(seat), (all) => {
        const seats = all.map((one) => ({ ...one, tenantId: undefined }));
        const index = seatFor(seats, { tenantId: undefined });
        const found = seats[index];
        const better = seats.filter(
          (one, i) =>
            Number(one.ready) * 8 + Number(one.provisioned) * 4 + Number(one.warm) * 2 + Number(i > index) >
            Number(found?.ready) * 8 + Number(found?.provisioned) * 4 + Number(found?.warm) * 2,
        );
        expect(better).toEqual([]);
      }),
    );
  });

  it("keeps what belongs to nobody for those who have none", () => {
    expect(seatFor([{ ...free, tenantId: "a" }, free], { tenantId: "a" })).toBe(0);
  });
});

describe("callerFor", () => {
  it("takes the first in line, or the first of the tenant (1)", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ tenantId: named })), tenant, (waiting, tenantId) => {
        const index = callerFor(waiting, tenantId);
        const mine = tenantId === undefined ? waiting : waiting.filter((one) => one.tenantId === tenantId);
        expect(waiting[index]).toBe(mine[0]);
      }),
    );
  });
});

describe("growthFor", () => {
  const room = fc
    .record({
      most: fc.integer({ min: 1, max: 50 }),
      taken: fc.nat(50),
      booting: fc.nat(10),
      leaving: fc.nat(5),
      finishing: fc.nat(10),
      capacity: fc.integer({ min: 1, max: 8 }),
    })
    .map(({ taken, ...more }) => ({ ...more, existing: Math.min(taken, more.most) }));

  it("never starts more than the limit (4), nor more than are waited for (5)", () => {
    fc.assert(
      fc.property(fc.nat(100), room, (callers, given) => {
        const { start, evict } = growthFor(callers, given);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(evict).toBeGreaterThanOrEqual(0);
        expect(given.existing + start).toBeLessThanOrEqual(given.most);
        if (start > 0) expect((start - 1 + given.booting) * given.capacity).toBeLessThan(callers);
        // Somebody waits, nothing is on its way, and there is room: one is started.
        if (callers > 0 && given.booting + given.finishing === 0 && given.existing < given.most)
          expect(start).toBeGreaterThan(0);
      }),
    );
  });
});

describe("evictionFor", () => {
  it("ends nobody's own, nobody's at work, and nobody's who is waited for", () => {
    fc.assert(
      fc.property(fc.array(seat), fc.array(fc.record({ tenantId: named })), (seats, waiting) => {
        const found = seats[evictionFor(seats, waiting)];
        if (found === undefined) return;
        expect(found.busy).toBe(0);
        expect(found.tenantId).toBeDefined();
        expect(waiting.map(({ tenantId }) => tenantId)).not.toContain(found.tenantId);
      }),
    );
  });
});

describe("refusalFor", () => {
  const limits = {
    most: 3,
    capacity: 1,
    reserved: undefined,
    throttles: false,
    scalesLater: false,
    line: 5,
  };
  const given = (unanswered: number, waiting = 0, standing = 3) => ({ unanswered, waiting, standing });
  const reserved = "ReservedFunctionConcurrentInvocationLimitExceeded";
  const concurrent = "ConcurrentInvocationLimitExceeded";

  it("refuses at the function's own limit, at the fleet's if that throttles, and at the end of the line", () => {
    expect(refusalFor(given(0), { ...limits, reserved: 0 })).toBe(reserved);
    expect(refusalFor(given(1), { ...limits, reserved: 2 })).toBeUndefined();
    expect(refusalFor(given(2), { ...limits, throttles: true })).toBeUndefined();
    expect(refusalFor(given(3), { ...limits, throttles: true })).toBe(reserved);
    expect(refusalFor(given(11), { ...limits, throttles: true, capacity: 4 })).toBeUndefined();
    expect(refusalFor(given(8, 4), limits)).toBeUndefined();
    expect(refusalFor(given(9, 5), limits)).toBe(concurrent);
  });

  it("refuses, where environments are started for later callers, who finds all full, unless there is none yet", () => {
    const later = { ...limits, capacity: 2, throttles: true, scalesLater: true };
    expect(refusalFor(given(2, 0, 1), later)).toBe(concurrent);
    expect(refusalFor(given(1, 0, 1), later)).toBeUndefined();
    expect(refusalFor(given(5, 5, 0), { ...later, line: 9 })).toBeUndefined();
    expect(refusalFor(given(6, 6, 0), { ...later, line: 9 })).toBe(reserved);
  });
});
