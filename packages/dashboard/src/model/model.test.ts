import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import type { DashboardRecord } from "../protocol.ts";
import { figuresOf, inOrder, isFailed, isWanted } from "./figures.ts";
import { type Model, apply, maxInvocations, newModel } from "./model.ts";

type Told = Partial<Omit<DashboardRecord, "data">> & { readonly type: string; readonly data?: object };

/** Records numbered and timed in turn, of environment `e` unless told otherwise. */
function records(...told: readonly Told[]): DashboardRecord[] {
  return told.map((one, at) => ({
    seq: at + 1,
    time: 1000 + at,
    function: "shop",
    environment: "e",
    environmentNumber: 1,
    ...one,
    data: { ...one.data },
  }));
}

function modelOf(told: readonly DashboardRecord[]): Model {
  const model = newModel();
  for (const record of told) apply(model, record);
  return model;
}

const received = (requestId: string): Told => ({
  type: "received",
  requestId,
  data: { title: "GET /x", kind: "function-url", length: 10, traceId: "Root=1" },
});

const life = records(
  { type: "initStart" },
  { type: "log", data: { source: { kind: "function" }, stream: "stdout", line: "app is up" } },
  { type: "initReport", data: { status: "success", durationMs: 2 } },
  received("r1"),
  { type: "start", requestId: "r1", data: { lines: ["START RequestId: r1"] } },
  {
    type: "log",
    requestId: "r1",
    data: { source: { kind: "extension", name: "lambda-adapter" }, stream: "stderr", line: "hello" },
  },
  { type: "answered", requestId: "r1", data: { length: 5, streamed: false, statusCode: 201 } },
  { type: "end", requestId: "r1" },
  {
    type: "report",
    requestId: "r1",
    data: {
      status: "success",
      durationMs: 3,
      billedDurationMs: 4,
      memorySizeMb: 512,
      maxMemoryUsedMb: 50,
      initDurationMs: 2,
    },
  },
  { type: "frozen" },
  { type: "thawed" },
  { type: "platform.something", data: { of: "tomorrow" } },
  { type: "shutdown", data: { reason: "spindown" } },
);

describe("apply", () => {
  it("ends the lane of an environment with its snapshot", () => {
    const publication = records(
      { type: "initStart" },
      { type: "initReport", data: { status: "success", durationMs: 1 } },
      { type: "checkpoint", data: { engine: "criu", durationMs: 1, imageBytes: 9 } },
    );
    expect(modelOf(publication).lanes.get("e")).toMatchObject({ to: 1002, spans: [{ kind: "init" }] });
  });
  it("makes lanes of environments and keeps what invocations are known for", () => {
    const { lanes, invocations } = modelOf(life);
    const lane = lanes.get("e");
    expect(lane?.spans.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ["init", 1000, 1002],
      ["invoke", 1004, 1008],
      ["frozen", 1009, 1010],
      ["shutdown", 1012, undefined],
    ]);
    expect(lane).toMatchObject({ function: "shop", number: 1, from: 1000, to: 1012 });
    expect(lane?.logs.map(({ text }) => text)).toEqual(["app is up"]);
    expect(lane?.records.map(({ type }) => type)).toEqual(["platform.something"]);
    expect(invocations.get("r1")).toMatchObject({
      title: "GET /x",
      kind: "function-url",
      status: "success",
      statusCode: 201,
      durationMs: 3,
      initDurationMs: 2,
      received: 1003,
      started: 1004,
      answered: 1006,
      ended: 1008,
      environment: "e",
      logs: [{ source: "lambda-adapter", text: "hello" }],
      platform: [{ text: "START RequestId: r1" }],
    });
  });

  it("takes a record once, however often it comes (2)", () => {
    const twice = modelOf([...life, ...life]);
    expect(twice).toEqual(modelOf(life));
  });

  it("makes do with any part of what was told, from any record on (1)", () => {
    fc.assert(
      fc.property(fc.subarray(life), (some) => {
        const { lanes } = modelOf(some);
        for (const { spans, from } of lanes.values())
          for (const span of spans)
            expect(span.to ?? Infinity).toBeGreaterThanOrEqual(Math.min(span.from, from));
      }),
    );
  });

  it("says of a refused one that it is over", () => {
    const { invocations } = modelOf(
      records(received("r1"), {
        type: "answered",
        requestId: "r1",
        data: { length: 2, streamed: false, refused: "TooManyRequestsException" },
      }),
    );
    expect(invocations.get("r1")).toMatchObject({ status: "refused", errorType: "TooManyRequestsException" });
  });

  it("forgets the oldest (3)", () => {
    const many = records(...Array.from({ length: maxInvocations + 5 }, (_, at) => received(`r${at}`)));
    const { invocations } = modelOf(many);
    expect(invocations.size).toBe(maxInvocations);
    expect(invocations.has("r4")).toBe(false);
    expect(invocations.has("r5")).toBe(true);
  });
});

describe("figures and the filter", () => {
  const { invocations, lanes } = modelOf(life);
  const [one] = [...invocations.values()];
  if (one === undefined) throw new Error("there is none");

  it("counts", () => {
    expect(figuresOf(invocations.values())).toEqual({ invocations: 1, failed: 0, cold: 1, p50: 3, p95: 3 });
    expect(figuresOf([])).toEqual({ invocations: 0, failed: 0, cold: 0 });
  });

  it("finds all the words in path, status, id and logs", () => {
    const wanted = (text: string): boolean => isWanted(one, { text, failedOnly: false, function: "" });
    for (const text of ["", "get", "/x 201", "HELLO", "r1 function-url"]) expect(wanted(text)).toBe(true);
    for (const text of ["nowhere", "get nowhere"]) expect(wanted(text)).toBe(false);
    expect(isWanted(one, { text: "", failedOnly: true, function: "" })).toBe(false);
    expect(isWanted(one, { text: "", failedOnly: false, function: "other" })).toBe(false);
  });

  it("takes a 5xx of the app for failed", () => {
    expect(isFailed({ ...one, statusCode: 503 })).toBe(true);
    expect(isFailed({ ...one, status: "timeout" })).toBe(true);
    expect(isFailed({ ...one, status: "running" })).toBe(false);
  });

  it("puts lanes in order", () => {
    const [lane] = [...lanes.values()];
    if (lane === undefined) throw new Error("there is none");
    const some = [
      { ...lane, function: "b", number: 1 },
      { ...lane, number: 2 },
      { ...lane, number: 1 },
    ];
    expect(inOrder(some).map(({ function: name, number }) => `${name}${number}`)).toEqual([
      "b1",
      "shop1",
      "shop2",
    ]);
  });
});
