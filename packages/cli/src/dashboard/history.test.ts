import { describe, expect, it } from "vitest";
import { masked } from "@anylambda/dashboard/protocol";
import type { SandboxEvent } from "@anylambda/sandbox";
import { History } from "./history.ts";

const at = { time: new Date(1000), environment: "e1", environmentNumber: 1 };
const bytes = (text: string) => ({ bytes: Buffer.from(text), length: text.length });
const received = (requestId: string, text = "{}") =>
  ({ requestId, time: new Date(1000), traceId: "Root=1", mode: "buffered", event: bytes(text) }) as const;
const answered = (requestId: string, text: string) => ({
  requestId,
  time: new Date(1000),
  answer: bytes(text),
  streamed: false,
});
const log = (line: string): SandboxEvent => ({
  ...at,
  type: "log",
  source: { kind: "function" },
  stream: "stdout",
  line,
});
const start = (requestId: string): SandboxEvent => ({ ...at, type: "start", requestId, version: "$LATEST" });
const report = (requestId: string): SandboxEvent => ({
  ...at,
  type: "report",
  requestId,
  status: "success",
  durationMs: 1,
  billedDurationMs: 1,
  memorySizeMb: 128,
  maxMemoryUsedMb: 1,
});

function history(bounds = {}) {
  return new History(() => undefined, { maxRecords: 100, maxBytes: 10_000, maxLines: 5, ...bounds });
}

describe("History", () => {
  it("numbers records from 1 and hands out those after a number (1)", () => {
    const h = history();
    h.received("shop", received("r1"));
    h.happened("shop", start("r1"));
    expect(h.after(0, 10).map(({ seq, type }) => [seq, type])).toEqual([
      [1, "received"],
      [2, "start"],
    ]);
    expect(h.after(1, 10).map(({ seq }) => seq)).toEqual([2]);
    expect(h.after(0, 1).map(({ seq }) => seq)).toEqual([1]);
    expect(h.after(2, 10)).toEqual([]);
  });

  it("describes event and answer, with secrets hidden, and has Lambda's lines beside what they tell", () => {
    const h = history();
    h.received(
      "shop",
      received(
        "r1",
        `{"version":"2.0","rawPath":"/x","headers":{"cookie":"s"},"requestContext":{"http":{"method":"GET"}}}`,
      ),
    );
    h.answered("shop", answered("r1", `{"statusCode":201,"headers":{"set-cookie":"s"}}`));
    h.happened("shop", report("r1"));
    const [first, second, third] = h.after(0, 10);
    expect(first).toMatchObject({ function: "shop", data: { title: "GET /x" } });
    expect(second?.data).toMatchObject({ statusCode: 201 });
    expect(third?.data["lines"]).toEqual([expect.stringMatching(/^REPORT/)]);
    expect(h.detail("r1")?.event.text).toContain(`"cookie":"${masked}"`);
    expect(h.detail("r1")?.answer?.text).toContain(`"set-cookie":"${masked}"`);
    expect(Buffer.from(h.original("r1")?.event as Uint8Array).toString()).toContain(`"cookie":"s"`);
  });

  it("gives a line to the invocation its environment is at, or was at last (4)", () => {
    const h = history();
    h.happened("shop", { ...at, type: "initStart" });
    h.happened("shop", log("init"));
    for (const id of ["r1", "r2"]) {
      h.happened("shop", start(id));
      h.happened("shop", log("while"));
      h.happened("shop", report(id));
      h.happened("shop", log("late"));
    }
    h.happened("shop", { ...at, type: "initStart" });
    h.happened("shop", log("again"));
    const of = h.after(0, 100).filter(({ type }) => type === "log");
    expect(of.map(({ requestId, data }) => [data["line"], requestId])).toEqual([
      ["init", undefined],
      ["while", "r1"],
      ["late", "r1"],
      ["while", "r2"],
      ["late", "r2"],
      ["again", undefined],
    ]);
  });

  it("keeps few enough records, bytes and lines, and says where lines are missing (2, 3)", () => {
    const h = history({ maxBytes: 100 });
    for (let n = 1; n <= 50; n += 1) h.received("shop", received(`r${n}`, `"${"x".repeat(20)}"`));
    expect(h.detail("r1")).toBeUndefined();
    expect(h.detail("r50")).toBeDefined();
    for (let n = 0; n < 300; n += 1) h.happened("shop", start("r50"));
    expect(h.after(0, 1000).length).toBeLessThanOrEqual(110);
    expect(h.after(0, 1000).at(-1)?.seq).toBe(h.seq);

    const other = history();
    other.received("shop", received("r1"));
    other.happened("shop", start("r1"));
    for (let n = 0; n < 20; n += 1) other.happened("shop", log(`line ${n}`));
    const lines = other.after(0, 100).filter(({ type }) => type === "log");
    expect(lines.length).toBe(6);
    expect(lines.at(-1)?.data["line"]).toContain("not kept");
  });

  it("does not give back an event that is not whole", () => {
    const h = history();
    h.received("shop", { ...received("r1"), event: { bytes: Buffer.from(`{"a`), length: 10 } });
    expect(h.original("r1")).toBeUndefined();
    expect(h.detail("r1")?.event).toEqual({ text: `{"a`, length: 10, whole: false });
  });
});
