import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import { eventBody, forwardedFields, splitTarget, tracedFields } from "./request-event.ts";
import { clientRequestOf, door } from "./testing/subject.ts";

describe("splitTarget", () => {
  it.each([
    ["/a", "/a", ""],
    ["/a?", "/a", ""],
    ["/a?b?c", "/a", "b?c"],
    ["/a#b?c", "/a", ""],
    ["/a?b#c?d", "/a", "b"],
  ])("makes of %s the path %s and the query %s", (target, path, query) => {
    expect(splitTarget(target)).toEqual([path, query]);
  });
});

describe("forwardedFields", () => {
  it("replaces what a client says about itself, keeps the addresses before it", () => {
    const headers = [
      ["x-a", "1"],
      ["X-Forwarded-For", ""],
      ["x-forwarded-for", "203.0.113.7, 203.0.113.8"],
      ["X-FORWARDED-FOR", "203.0.113.9"],
      ["x-forwarded-port", "1"],
      ["x-forwarded-proto", "gopher"],
      ["Connection", "x-b"],
      ["x-b", "1"],
    ] as const;
    expect(forwardedFields(clientRequestOf({ headers }), door)).toEqual([
      ["x-a", "1"],
      ["X-Forwarded-For", "203.0.113.7, 203.0.113.8, 203.0.113.9, 198.51.100.4"],
      ["X-Forwarded-Port", "443"],
      ["X-Forwarded-Proto", "https"],
    ]);
  });
});

describe("tracedFields", () => {
  it("adds a trace where the client sent none", () => {
    const traces = (headers: [string, string][]) =>
      tracedFields(clientRequestOf({ headers }), door).filter(([name]) => /trace/i.test(name));
    expect(traces([])).toEqual([["X-Amzn-Trace-Id", door.traceId]]);
    expect(traces([["x-AMZN-trace-id", "mine"]])).toEqual([["x-AMZN-trace-id", "mine"]]);
  });
});

describe("eventBody", () => {
  it("writes text as it is and all else as base64", () => {
    const bytes = Uint8Array.of(0x61, 0xc3, 0xa9);
    expect(eventBody(bytes, true, nodeCodec)).toEqual({ body: "aé", isBase64Encoded: false });
    expect(eventBody(bytes, false, nodeCodec)).toEqual({ body: "YcOp", isBase64Encoded: true });
  });
});
