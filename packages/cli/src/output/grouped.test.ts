import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { groupedReporter } from "./grouped.ts";
import type { Notice } from "./notice.ts";

const of = (environment: string, type: string, more: object = {}): Notice =>
  ({ type, environment, environmentNumber: 1, time: new Date(0), ...more }) as unknown as Notice;
const log = (environment: string, line: string): Notice => of(environment, "log", { line });
const warning: Notice = { type: "warning", message: "careful" };

function telling() {
  const told: Notice[] = [];
  const reporter = groupedReporter({ tell: (notice) => void told.push(notice) });
  const short = (): string[] =>
    told.map((notice) => {
      const { environment = "", line = "" } = notice as { environment?: string; line?: string };
      return `${environment} ${notice.type} ${line}`.trim();
    });
  return { reporter, told, short };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("groupedReporter", () => {
  it("tells one as it goes on, and the others together at their end", () => {
    const { reporter, short } = telling();
    for (const notice of [
      of("a", "start"),
      of("b", "start"),
      log("a", "1"),
      log("b", "1"),
      log("a", "2"),
      log("b", "2"),
      of("b", "report"),
      log("a", "3"),
      of("a", "report"),
    ])
      reporter.tell(notice);
    expect(short()).toEqual([
      "a start",
      "a log 1",
      "a log 2",
      "b start",
      "b log 1",
      "b log 2",
      "b report",
      "a log 3",
      "a report",
    ]);
  });

  it("goes on with another when the one is over", () => {
    const { reporter, short } = telling();
    for (const notice of [
      of("a", "start"),
      of("b", "start"),
      log("b", "1"),
      of("a", "report"),
      log("b", "2"),
    ])
      reporter.tell(notice);
    expect(short()).toEqual(["a start", "a report", "b start", "b log 1", "b log 2"]);
  });

  it("holds nothing for long, nor much (2), and nothing back from a warning (3)", () => {
    const { reporter, told } = telling();
    reporter.tell(of("a", "start"));
    reporter.tell(of("b", "start"));
    expect(told.length).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(told.length).toBe(2);
    reporter.tell(log("b", "x"));
    reporter.tell(warning);
    expect(told.length).toBe(4);
    for (let n = 0; n < 200; n += 1) reporter.tell(log("b", String(n)));
    expect(told.length).toBe(204);
  });

  it("loses nothing and keeps the order of each environment (1)", () => {
    const step = fc.tuple(
      fc.constantFrom("a", "b", "c"),
      fc.constantFrom("start", "log", "report", "shutdown", "initStart"),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { reporter, told } = telling();
        const sent = steps.map(([environment, type], at) => of(environment, type, { line: String(at) }));
        for (const notice of sent) reporter.tell(notice);
        vi.advanceTimersByTime(1000);
        expect(told.length).toBe(sent.length);
        for (const environment of ["a", "b", "c"]) {
          const own = (list: readonly Notice[]) =>
            list.filter((notice) => "environment" in notice && notice.environment === environment);
          expect(own(told)).toEqual(own(sent));
        }
      }),
    );
  });
});
