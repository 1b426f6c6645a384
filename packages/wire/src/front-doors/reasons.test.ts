import { STATUS_CODES } from "node:http";
import { describe, expect, it } from "vitest";
import { statusDescription, statusDescriptions } from "./reasons.ts";

describe("statusDescription", () => {
  it("gives every status a code, one space and a reason (9.3)", () => {
    for (let status = 200; status <= 599; status++)
      expect(statusDescription(status)).toMatch(new RegExp(`^${status} [A-Z][A-Za-z' -]*$`));
  });

  it("knows every status that Node knows", () => {
    const known = Object.keys(STATUS_CODES).map(Number);
    const unknown = known.filter((status) => status >= 200 && statusDescription(status).endsWith(" Unknown"));
    // 509 is Apache's own and in no registry; 510 is in it as obsoleted.
    expect(unknown).toEqual([509, 510]);
  });

  it("stands in a list of those that have one, as JSON carries it", () => {
    const lines = statusDescriptions().split("\n");
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) {
      expect(line).toBe(statusDescription(Number(line.slice(0, 3))));
      expect(JSON.stringify(line)).toBe(`"${line}"`);
    }
  });

  it("calls a status nobody knows unknown", () => {
    expect(statusDescription(299)).toBe("299 Unknown");
  });
});
