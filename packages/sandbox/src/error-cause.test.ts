import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkedErrorCause } from "./error-cause.ts";

const limit = 65_536;

describe("checkedErrorCause", () => {
  it("keeps a cause that is small enough, in AWS's shape", () => {
    const cause = { working_directory: "/var/task", exceptions: [{ message: "m" }], paths: ["a.js"] };
    expect(JSON.parse(checkedErrorCause(JSON.stringify(cause)) ?? "")).toEqual(cause);
    expect(checkedErrorCause(`{"message":"only"}`)).toBe(
      `{"exceptions":null,"working_directory":"","paths":null,"message":"only"}`,
    );
  });

  it.each(["", "{", "[]", "null", "3", "{}", `{"else":1}`, `{"paths":[],"message":""}`])(
    "takes %j for none",
    (text) => {
      expect(checkedErrorCause(text)).toBeUndefined();
    },
  );

  it.each([
    [0.8, 1150],
    [0.6, 1500],
    [0.4, 2000],
    [0.2, 4000],
  ])("crops the lists to %d of what they were", (factor, count) => {
    const paths = Array.from({ length: count }, () => "x".repeat(60));
    const cropped = JSON.parse(checkedErrorCause(JSON.stringify({ paths })) ?? "") as { paths: string[] };
    expect(cropped.paths).toHaveLength(Math.floor(count * factor));
  });

  it("drops the lists and crops the texts when that is not enough", () => {
    const cause = { message: "m".repeat(90_000), working_directory: "é".repeat(90_000), paths: ["x"] };
    const cropped = JSON.parse(checkedErrorCause(JSON.stringify(cause)) ?? "") as Record<string, string>;
    expect(cropped["paths"]).toBeNull();
    expect(cropped["message"]).toBe(`${"m".repeat(30_717)}...`);
    expect(cropped["working_directory"]).toMatch(/^é+\.\.\.$/);
  });

  it("is never larger than X-Ray takes, and always JSON", () => {
    const text = fc.string({ maxLength: 40_000, unit: "grapheme" });
    const cause = fc.record(
      { message: text, working_directory: text, paths: fc.array(text, { maxLength: 20 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(cause, (value) => {
        const checked = checkedErrorCause(JSON.stringify(value));
        if (checked === undefined) return;
        expect(Buffer.byteLength(checked)).toBeLessThanOrEqual(limit * 1.2);
        JSON.parse(checked);
      }),
      { numRuns: 50 },
    );
  });
});
