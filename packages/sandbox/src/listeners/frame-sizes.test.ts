import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameSizes } from "./frame-sizes.ts";

function frame(length: number, masked: boolean): Buffer {
  const mask = masked ? 0x80 : 0;
  const extended = length < 126 ? Buffer.alloc(0) : Buffer.alloc(length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const head = Buffer.from([0x81, mask | short]);
  return Buffer.concat([head, extended, Buffer.alloc((masked ? 4 : 0) + length, 0xff)]);
}

describe("FrameSizes", () => {
  it("reads the same lengths of any split of the bytes (1)", () => {
    const frames = fc.array(
      fc.record({
        length: fc.oneof(fc.nat(200), fc.constantFrom(0, 125, 126, 65_535, 65_536), fc.nat(70_000)),
        masked: fc.boolean(),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 40_000 })), (frames, cuts) => {
        let bytes = Buffer.concat(frames.map(({ length, masked }) => frame(length, masked)));
        const sizes = new FrameSizes();
        const lengths: number[] = [];
        for (const cut of cuts) {
          lengths.push(...sizes.read(bytes.subarray(0, cut)));
          bytes = bytes.subarray(cut);
        }
        lengths.push(...sizes.read(bytes));
        expect(lengths).toEqual(frames.map(({ length }) => length));
      }),
      { numRuns: 200 },
    );
  });

  it("tells a length before its payload has come (2)", () => {
    const sizes = new FrameSizes();
    const bytes = frame(100_000, true);
    expect(sizes.read(bytes.subarray(0, 9))).toEqual([]);
    expect(sizes.read(bytes.subarray(9, 10))).toEqual([100_000]);
  });
});
