import { isObject, kindOf, type JsonObject } from "@anylambda/wire";
import { describe, expect, it } from "vitest";
import { freshness } from "./fresh.ts";
import { sampleOf, samples } from "./samples.ts";

const now = new Date("2026-11-22T10:00:05.250Z");

function made(name: string): JsonObject {
  const event: unknown = JSON.parse(JSON.stringify(sampleOf(name, freshness(now))));
  if (!isObject(event)) throw new Error(`${name} is no object`);
  return event;
}

describe("samples", () => {
  it("are in order and have different names", () => {
    const names = samples.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
  });
  it.for(samples.map(({ name }) => name))("%s loses nothing as JSON", (name) => {
    const event = sampleOf(name, freshness(now));
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  });
  it.for(samples.map(({ name }) => name).filter((name) => name !== "scheduled"))(
    "%s is new each time",
    (name) => {
      expect(made(name)).not.toEqual(made(name));
    },
  );
  it.for([
    ["alb", "alb"],
    ["function-url", "function-url"],
    ["http-api", "http-api-2.0"],
    ["rest-api", "rest"],
    ["sqs", "records"],
    ["cognito", "other"],
  ] as const)("%s is recognised as %s", ([name, kind]) => {
    expect(kindOf(made(name))).toBe(kind);
  });
  it.for([
    ["sqs", "eventSource", "aws:sqs"],
    ["sns", "EventSource", "aws:sns"],
    ["s3", "eventSource", "aws:s3"],
    ["dynamodb", "eventSource", "aws:dynamodb"],
    ["kinesis", "eventSource", "aws:kinesis"],
  ] as const)("%s has its mark in each record", ([name, member, mark]) => {
    expect(made(name)).toMatchObject({ Records: [{ [member]: mark }] });
  });
  it("have the shapes that are easy to get wrong", () => {
    expect(made("s3")).toMatchObject({
      Records: [{ eventName: "ObjectCreated:Put", s3: { object: { key: "in/dusk+and+hills.png" } } }],
    });
    expect(made("kafka")).toMatchObject({
      eventSource: "aws:kafka",
      records: { "orders-0": [{ partition: 0 }] },
    });
    expect(made("firehose")).toMatchObject({ records: [{ data: expect.any(String) }] });
    expect(made("scheduled")).toMatchObject({
      source: "aws.events",
      time: "2026-11-22T10:00:05Z",
      detail: {},
    });
    expect(made("sqs")).toMatchObject({
      Records: [{ attributes: { SentTimestamp: String(now.getTime() - 12) } }],
    });
    expect(made("rest-api")).toMatchObject({ requestContext: { requestTime: "22/Nov/2026:10:00:05 +0000" } });
  });
});
