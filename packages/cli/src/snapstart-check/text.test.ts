import { describe, expect, it } from "vitest";
import type { Report } from "./check.ts";
import { reportText } from "./text.ts";

const plain = (_: string, text: string): string => text;
const report: Report = {
  engine: "criu",
  language: "node",
  findings: [],
  bootMs: 90,
  restoreMs: 60,
  bootToAnswerMs: 100,
  restoreToAnswerMs: 70,
  imageBytes: 12_345_678,
};

describe("the report", () => {
  it("says when a snapshot costs more than it gains, and when it gains", () => {
    expect(reportText(report, plain)).toContain(
      "This app boots in 90 ms and restores in 60 ms here (first answer after 100 ms and 70 ms; image 12 MB); " +
        "a restore on AWS takes some 500 ms whatever the app: SnapStart costs more than it gains.",
    );
    expect(reportText({ ...report, bootMs: 12_500 }, plain)).toContain(
      "SnapStart would save about 12.0 s of each cold start",
    );
  });

  it("counts faults apart from what is only to be looked at", () => {
    const finding = { kind: "frozen-time", where: "GET /, body", what: "…", mend: "…" } as const;
    const looked = reportText({ ...report, findings: [{ ...finding, grade: "look" }] }, plain);
    expect(looked).toContain("No fault found, 1 thing to look at.");
    const fault = { ...finding, grade: "fault" } as const;
    expect(reportText({ ...report, findings: [fault, fault] }, plain)).toContain("2 faults.");
  });

  it("does not let a replay pass for a check of memory", () => {
    expect(reportText({ ...report, engine: "replay" }, plain)).toContain(
      "Memory was not restored here (replay)",
    );
  });
});
