import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Gap, Outbox } from "./outbox.ts";

const told = ({ droppedRecords, droppedBytes }: Gap): string => `gap ${droppedRecords} ${droppedBytes}`;
const outboxOf = (maxItems: number, maxBytes: number): Outbox =>
  new Outbox({ maxItems, maxBytes, timeoutMs: 1000 }, told);

describe("Outbox", () => {
  it("fills batches by number and by size (2)", () => {
    const box = outboxOf(3, 10);
    for (const text of ["a", "b", "c", "d"]) box.push(text);
    expect(box.isFull).toBe(true);
    expect(box.take()).toEqual(["a", "b", "c"]);
    box.arrived();
    expect(box.isFull).toBe(false);
    for (const text of ["123456", "78"]) box.push(text);
    // d, 123456 and 78 are nine bytes: they fit.
    expect(box.take()).toEqual(["d", "123456", "78"]);
    box.arrived();
    for (const text of ["123456", "7890123"]) box.push(text);
    expect(box.take()).toEqual(["123456"]);
    expect(box.take()).toEqual(["7890123"]);
    expect(box.take()).toBeUndefined();
  });

  it("takes a single record of any size (3)", () => {
    const box = outboxOf(3, 10);
    box.push("x".repeat(100));
    expect(box.isFull).toBe(true);
    expect(box.take()).toEqual(["x".repeat(100)]);
  });

  it("tells of a gap in its place, also when nothing comes after it (4)", () => {
    const box = outboxOf(2, 10);
    for (const text of ["a", "b", "c", "d", "lost", "é"]) box.push(text);
    expect(box.take()).toEqual(["a", "b"]);
    expect(box.take()).toEqual(["c", "d"]);
    expect(box.isEmpty).toBe(false);
    expect(box.take()).toEqual(["gap 2 6"]);
    expect(box.isEmpty).toBe(true);
  });

  const action = fc.oneof(
    { weight: 6, arbitrary: fc.string({ maxLength: 12, unit: "grapheme" }).map((text) => ({ push: text })) },
    { weight: 2, arbitrary: fc.constant("take" as const) },
    { weight: 2, arbitrary: fc.constant("arrived" as const) },
  );

  it("loses and turns nothing, but for what it tells of, whatever the limits (1, 2, 3, 4)", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(action, { maxLength: 80 }),
        (maxItems, maxBytes, actions) => {
          const box = outboxOf(maxItems, maxBytes);
          const pushed: string[] = [];
          const delivered: string[] = [];
          let way = 0;
          const take = (): boolean => {
            const batch = box.take();
            if (batch === undefined) return false;
            const size = batch.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
            expect(batch.length).toBeLessThanOrEqual(maxItems);
            expect(size <= maxBytes || batch.length === 1).toBe(true);
            way = batch.length;
            delivered.push(...batch);
            return true;
          };
          for (const one of actions) {
            if (one === "take") {
              if (way === 0) take();
            } else if (one === "arrived") {
              box.arrived();
              way = 0;
            } else {
              // Numbered, so that the order can be seen.
              const text = `${pushed.length}:${one.push}`;
              pushed.push(text);
              box.push(text);
            }
          }
          box.arrived();
          while (take()) box.arrived();
          expect(box.isEmpty).toBe(true);
          // Walk along what was pushed: a record is the next one, a gap says how many are skipped.
          let at = 0;
          for (const text of delivered) {
            const gap = /^gap (\d+) (\d+)$/.exec(text);
            if (gap === null) {
              expect(text).toBe(pushed[at]);
              at += 1;
              continue;
            }
            const missing = pushed.slice(at, at + Number(gap[1]));
            expect(Number(gap[2])).toBe(missing.reduce((sum, one) => sum + Buffer.byteLength(one), 0));
            at += missing.length;
          }
          expect(at).toBe(pushed.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("holds no more than twice a batch, whatever comes (3)", () => {
    const box = outboxOf(1000, 1000);
    let told = 0;
    for (let i = 0; i < 10_000; i++) box.push("x".repeat(50));
    let held = 0;
    for (let batch = box.take(); batch !== undefined; batch = box.take()) {
      box.arrived();
      for (const text of batch) {
        if (text.startsWith("gap")) told += Number(text.split(" ")[1]);
        else held += text.length;
      }
    }
    expect(held).toBeLessThanOrEqual(2000);
    expect(told + held / 50).toBe(10_000);
  });
});
