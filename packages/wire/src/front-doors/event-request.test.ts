import { describe, expect, it } from "vitest";
import { targetOf, toAppFields } from "./event-request.ts";

describe("toAppFields", () => {
  it("gives exactly one host, first: the first one sent, else the door's", () => {
    const sent: [string, string][] = [
      ["x-a", "1"],
      ["Host", "a"],
      ["host", "b"],
    ];
    expect(toAppFields(sent, [], "d")).toEqual([
      ["Host", "a"],
      ["x-a", "1"],
    ]);
    expect(toAppFields([], [], "d")).toEqual([["host", "d"]]);
  });

  it("gives one cookie line, of the list only when no header has one", () => {
    const lines: [string, string][] = [
      ["Cookie", "a=1"],
      ["cookie", "b=2"],
    ];
    expect(toAppFields(lines, ["c=3"], "d").slice(1)).toEqual([["cookie", "a=1; b=2"]]);
    expect(toAppFields([], ["c=3", "d=4"], "d").slice(1)).toEqual([["cookie", "c=3; d=4"]]);
  });

  it("drops the names that only the adapter gives out, in any case", () => {
    const sent: [string, string][] = [
      ["X-AnyLambda-Connection-Id", "x"],
      ["x-anylambda", "kept"],
    ];
    expect(toAppFields(sent, [], "d").slice(1)).toEqual([["x-anylambda", "kept"]]);
  });
});

describe("targetOf", () => {
  it("has no ? without a query", () => {
    expect([targetOf("/a", ""), targetOf("/a", "?")]).toEqual(["/a", "/a??"]);
  });
});
