import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "./lines.ts";

function split(bytes: Buffer, cuts: readonly number[], max?: number): string[] {
  const splitter = new LineSplitter(max);
  const lines: string[] = [];
  const places = [...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  let start = 0;
  for (const place of [...places, bytes.length]) {
    lines.push(...splitter.push(bytes.subarray(start, place)));
    start = place;
  }
  return [...lines, ...splitter.end()];
}

describe("LineSplitter", () => {
  it("gives the same lines, however the bytes are cut", () => {
    const text = fc
      .array(fc.constantFrom("a", "é", "𝄞", "\n", "\r\n", "bc"), { maxLength: 60 })
      .map((p) => p.join(""));
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.integer({ min: 4, max: 20 }),
        (text, cuts, max) => {
          const bytes = Buffer.from(text);
          const lines = split(bytes, cuts, max);
          expect(lines).toEqual(split(bytes, [], max));
          expect(lines.join("")).toBe(text.replaceAll("\n", ""));
          for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(max);
        },
      ),
    );
  });

  it("keeps empty lines and the last one without a newline", () => {
    expect(split(Buffer.from("a\n\nb"), [])).toEqual(["a", "", "b"]);
    expect(split(Buffer.from("a\n"), [])).toEqual(["a"]);
  });

  it("cuts a line longer than 256 KiB into events", () => {
    const lines = split(Buffer.alloc(600 * 1024, "x"), [1000, 300_000]);
    expect(lines.map((line) => line.length)).toEqual([262_144, 262_144, 90_112]);
  });
});
