import { describe, expect, it } from "vitest";
import type { CheckFinding, CheckReport } from "../protocol.ts";
import { countText, gainOf, gravestFirst } from "./report.ts";

const report: CheckReport = {
  engine: "criu",
  language: "node",
  findings: [],
  bootMs: 90,
  restoreMs: 60,
  bootToAnswerMs: 100,
  restoreToAnswerMs: 70,
  imageBytes: 12_345_678,
};

describe("gainOf", () => {
  it("says when a snapshot costs more than it gains, and else how much it saves", () => {
    expect(gainOf(report)).toBe("This app boots in 90.0 ms: SnapStart costs more than it gains.");
    expect(gainOf({ ...report, bootMs: 12_500 })).toBe(
      "SnapStart would save about 12.00 s of each cold start.",
    );
  });
});

describe("gravestFirst", () => {
  it("puts faults first and keeps the order of each grade", () => {
    const one = (what: string, grade: CheckFinding["grade"]): CheckFinding => ({
      kind: "secret",
      where: "the image",
      mend: "…",
      what,
      grade,
    });
    const found = [one("a", "look"), one("b", "fault"), one("c", "look"), one("d", "fault")];
    expect(gravestFirst(found).map(({ what }) => what)).toEqual(["b", "d", "a", "c"]);
  });
});

describe("countText", () => {
  it("has one of a thing, and several", () => {
    expect([countText(1, "fault"), countText(2, "fault")]).toEqual(["1 fault", "2 faults"]);
  });
});
