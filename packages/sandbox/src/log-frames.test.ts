import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Frame, FrameReader, toFrameBytes } from "./log-frames.ts";

const time = new Date("2026-11-22T03:00:00.123Z");

function readIn(bytes: Buffer, cuts: readonly number[], max?: number): Frame[] {
  const reader = new FrameReader(max);
  const frames: Frame[] = [];
  let start = 0;
  for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    frames.push(...reader.push(bytes.subarray(start, end)));
    start = end;
  }
  return [...frames, ...reader.end()];
}

describe("toFrameBytes", () => {
  it.each([
    [{ format: "text", message: "", time }, "a55a0003"],
    [{ format: "json", level: "INFO", message: "", time }, "a55a000e"],
    [{ format: "text", level: "ERROR", message: "", time }, "a55a0017"],
    [{ format: "text", message: "" }, "a55a0001"],
  ] as const)("begins %j with %s (environment.md 3.7)", (frame, type) => {
    expect(toFrameBytes(frame).toString("hex", 0, 4)).toBe(type);
  });

  it("has length, microseconds and message", () => {
    const bytes = toFrameBytes({ format: "text", message: "é\n", time });
    expect(bytes.readUInt32BE(4)).toBe(3);
    expect(bytes.readBigUInt64BE(8)).toBe(BigInt(time.getTime()) * 1000n);
    expect(bytes.toString("utf8", 16)).toBe("é\n");
  });
});

describe("FrameReader", () => {
  const frame: fc.Arbitrary<Frame> = fc.record(
    {
      format: fc.constantFrom("json", "text"),
      level: fc.constantFrom("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
      time: fc.date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true }),
      message: fc.string({ unit: "grapheme", maxLength: 40 }),
    },
    { requiredKeys: ["format", "message"] },
  );
  const cuts = fc.array(fc.nat(), { maxLength: 12 });

  it("reads what was written, however it is cut (1)", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), cuts, (frames, at) => {
        expect(readIn(Buffer.concat(frames.map(toFrameBytes)), at)).toEqual(frames);
      }),
    );
  });

  it("takes any bytes for something, the same however they are cut, and loses none of the text (1, 2)", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), cuts, (some, at) => {
        const bytes = Buffer.from(some);
        expect(readIn(bytes, at)).toEqual(readIn(bytes, []));
      }),
    );
  });

  it("takes text between frames for text (2)", () => {
    const bytes = Buffer.concat([
      toFrameBytes({ format: "json", level: "WARN", message: "{}", time }),
      Buffer.from("stray\n"),
      toFrameBytes({ format: "text", message: "one\ntwo\n", time }),
      Buffer.from("last"),
    ]);
    expect(readIn(bytes, []).map(({ message }) => message)).toEqual(["{}", "stray\n", "one\ntwo\n", "last"]);
  });

  it("gives a message that is too long in pieces (3)", () => {
    const bytes = toFrameBytes({ format: "text", level: "INFO", message: "x".repeat(25), time });
    const frames = readIn(bytes, [], 10);
    expect(frames.map(({ message }) => message.length)).toEqual([10, 10, 5]);
    expect(frames.every(({ level }) => level === "INFO")).toBe(true);
  });

  it("bears a length and a time that nobody means", () => {
    const bytes = toFrameBytes({ format: "text", message: "x", time });
    bytes.writeUInt32BE(0xffffffff, 4);
    bytes.writeBigUInt64BE(0xffffffffffffffffn, 8);
    expect(readIn(bytes, [])).toEqual([{ format: "text", message: "x" }]);
  });
});
