import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invokeComplete, payloadChunk } from "./event-stream.ts";

// Encoded elsewhere, and read by botocore's parser (environment.md 5.3).
const hello =
  "0000006f0000005af5fe871f0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000c5061796c6f6164" +
  "4368756e6b0d3a636f6e74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d68656c6c6f4fe061f2";
const complete =
  "00000066000000541f56c8690d3a6d6573736167652d747970650700056576656e740b3a6576656e742d7479706507000e496e766f6b6543" +
  "6f6d706c6574650d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b7dface259a";

describe("the event stream", () => {
  it("has the recorded bytes", () => {
    expect(payloadChunk(Buffer.from("hello")).toString("hex")).toBe(hello);
    expect(invokeComplete({}).toString("hex")).toBe(complete);
  });

  it("tells its length and keeps any payload", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
        const frame = payloadChunk(payload);
        expect(frame.readUInt32BE(0)).toBe(frame.length);
        const start = 12 + frame.readUInt32BE(4);
        expect(new Uint8Array(frame.subarray(start, -4))).toEqual(payload);
      }),
    );
  });
});
