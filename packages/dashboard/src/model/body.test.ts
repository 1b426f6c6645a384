import { describe, expect, it } from "vitest";
import { bodyOf } from "./body.ts";
import { clockText, durationText, prettyText, sizeText } from "./format.ts";

describe("bodyOf", () => {
  it("finds the body of a proxy answer, and its type", () => {
    const answer = JSON.stringify({ statusCode: 200, headers: { "Content-Type": "text/x" }, body: "hello" });
    expect(bodyOf(answer, false)).toEqual({ text: "hello", contentType: "text/x" });
  });
  it("decodes base64, and shows an image as one", () => {
    const coded = (type: string): string =>
      JSON.stringify({
        statusCode: 200,
        multiValueHeaders: { "content-type": [type] },
        body: "w6k=",
        isBase64Encoded: true,
      });
    expect(bodyOf(coded("text/plain"), false)?.text).toBe("é");
    expect(bodyOf(coded("image/png; x=1"), false)?.image).toBe("data:image/png;base64,w6k=");
  });
  it("takes what stands behind the prelude of a stream", () => {
    expect(bodyOf(`{"statusCode":200}${"\0".repeat(8)}data: one`, true)?.text).toBe("data: one");
    expect(bodyOf("just bytes", true)).toBeUndefined();
  });
  it("knows what is no HTTP answer", () => {
    for (const text of ["", "null", "[]", `{"a":1}`, "no json"]) expect(bodyOf(text, false)).toBeUndefined();
  });
});

describe("format", () => {
  it("writes numbers as people read them", () => {
    expect([0.25, 3.456, 42.42, 512.3, 1500, 61_000].map(durationText)).toEqual([
      "250 µs",
      "3.46 ms",
      "42.4 ms",
      "512 ms",
      "1.50 s",
      "1 min 1 s",
    ]);
    expect([12, 2048, 3 * 1024 * 1024].map(sizeText)).toEqual(["12 B", "2.0 KB", "3.0 MB"]);
    expect(clockText(new Date(2026, 10, 26, 7, 8, 9, 10).getTime())).toBe("07:08:09.010");
    expect([prettyText(`{"a":1}`), prettyText("no")]).toEqual([`{\n  "a": 1\n}`, "no"]);
  });
});
