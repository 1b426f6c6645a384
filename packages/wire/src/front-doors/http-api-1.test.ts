import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import type { HeaderField } from "../message.ts";
import { decodedPairs } from "../percent.ts";
import * as httpApi1 from "./http-api-1.ts";
import { doorProperties } from "./testing/door-properties.ts";
import { eventOf, payload1Answers, payload1Events, payload1Requests } from "./testing/payload-1-cases.ts";
import {
  all,
  answerOf,
  bytesOf,
  clientRequestOf,
  expectTargetKept,
  responseOf,
  resultOf,
  textOf,
  door,
} from "./testing/subject.ts";
import type { Subject } from "./testing/subject.ts";

const route = { stage: "dev", routeKey: "POST /a/{id}" };

const decoded = (query: string) => decodedPairs(query, nodeCodec);

const subject: Subject = {
  kind: "http-api-1.0",
  codec: nodeCodec,
  domainName: door.domainName,
  toHttp: (event) => httpApi1.toHttp(event, nodeCodec),
  fromHttp: (response, method) => httpApi1.fromHttp(response, method, nodeCodec),
  toEvent: (request) => httpApi1.toEvent(request, door, route, nodeCodec),
  fromResult: (result) => httpApi1.fromResult(result, nodeCodec),
  expectTarget: (seen, sent) => expectTargetKept(seen, sent, decoded, all),
  keepsOfRequest: all,
  keepsOfResponse: all,
  addsToRequest: [["x-amzn-trace-id", door.traceId]],
  addsToResponse: (status) =>
    status === 204 || status === 304 ? [] : [["content-type", "text/plain; charset=utf-8"]],
  malformed: { status: 500, body: '{"message":"Internal Server Error"}' },
};

describe("http-api-1, any message", () => {
  doorProperties(subject);
});

describe("http-api-1 toHttp", () => {
  payload1Requests(subject);

  it("A6: takes the path that is encoded, with its stage", () => {
    const event = eventOf({
      version: "1.0",
      path: "/dev/a%20b",
      requestContext: { path: "/dev/a b", stage: "dev" },
    });
    expect(subject.toHttp(event).request.target).toBe("/dev/a%20b");
  });
});

describe("http-api-1 fromHttp", () => {
  payload1Answers(subject);

  it("keeps date and server, which only REST renames", () => {
    const answer = answerOf(
      subject,
      responseOf([
        ["Date", "x"],
        ["Server", "y"],
      ]),
    );
    expect(answer["multiValueHeaders"]).toEqual({ date: ["x"], server: ["y"] });
  });
});

describe("http-api-1 toEvent", () => {
  it("gives the variables of the route and of the stage", () => {
    const own = {
      stage: "dev",
      routeKey: "GET /a/{id}",
      pathParameters: { id: "x y" },
      stageVariables: { v: "1" },
    };
    const event = httpApi1.toEvent(clientRequestOf({ target: "/dev/a/x%20y" }), door, own, nodeCodec);
    expect(event).toMatchObject({ pathParameters: { id: "x y" }, stageVariables: { v: "1" } });
  });

  payload1Events(subject);

  it("decodes the path of the context only, and names the route (5)", () => {
    const event = subject.toEvent(clientRequestOf({ target: "/dev/a%20b?x=%2B" }));
    expect(event).toMatchObject({
      version: "1.0",
      resource: "/a/{id}",
      path: "/dev/a%20b",
      queryStringParameters: { x: "+" },
    });
    expect(event["requestContext"]).toMatchObject({
      path: "/dev/a b",
      stage: "dev",
      resourceId: "POST /a/{id}",
      resourcePath: "/a/{id}",
      requestId: door.requestId,
      extendedRequestId: door.requestId,
      identity: { userAgent: "" },
    });
    const byDefault = { stage: "$default", routeKey: "$default" };
    expect(httpApi1.toEvent(clientRequestOf({}), door, byDefault, nodeCodec)).toMatchObject({
      resource: "$default",
    });
  });

  it("names a content length in any case, and spells the usual names itself (5)", () => {
    const headers: HeaderField[] = [
      ["content-type", "text/plain"],
      ["cookie", "a=1"],
      ["host", "h"],
      ["user-agent", "x"],
      ["x-lower", "1"],
    ];
    const event = subject.toEvent(clientRequestOf({ headers }));
    expect(event["headers"]).toMatchObject({
      "Content-Length": "0",
      "Content-Type": "text/plain",
      Cookie: "a=1",
      Host: "h",
      "User-Agent": "x",
      "x-lower": "1",
    });
  });

  it.each([
    ["text/plain", bytesOf("a=1"), "a=1", false],
    ["application/octet-stream", bytesOf("a=1"), "YT0x", true],
    ["text/plain", Uint8Array.of(0xff), "/w==", true],
  ])("gives a body of type %s as payload format 2.0 does", (type, body, text, isBase64Encoded) => {
    const event = subject.toEvent(clientRequestOf({ headers: [["Content-Type", type]], body }));
    expect(event).toMatchObject({ body: text, isBase64Encoded });
  });
});

describe("http-api-1 fromResult", () => {
  it("O3: sends the single value first, then the list", () => {
    const payload = bytesOf('{"statusCode":200,"headers":{"a":"s"},"multiValueHeaders":{"A":["m1","m2"]}}');
    const { headers } = subject.fromResult({ payload, failed: false });
    expect(headers.slice(0, 3)).toEqual([
      ["A", "s"],
      ["A", "m1"],
      ["A", "m2"],
    ]);
  });

  it.each([
    ["O7: an object without statusCode", { a: 1 }],
    ["status 0", { statusCode: 0 }],
    ["a status that is no integer", { statusCode: 200.5 }],
    ["a status in words", { statusCode: "OK" }],
    ["a status in hexadecimal", { statusCode: "0xC8" }],
    ["an interim status (U9)", { statusCode: 103 }],
    ["a status above 599 (U9)", { statusCode: 600 }],
    ["a body that is no string", { statusCode: 200, body: {} }],
    ["base64 that is none", { statusCode: 200, body: "@@@", isBase64Encoded: true }],
    ["a list in headers", { statusCode: 200, headers: { a: ["1"] } }],
    ["text in multiValueHeaders", { statusCode: 200, multiValueHeaders: { a: "1" } }],
    ["text", "hello"],
    ["null", null],
    ["what is no JSON", bytesOf("no json")],
  ])("answers 500 to %s (5)", (_, answer) => {
    expect(resultOf(subject, answer)).toEqual({ ...subject.malformed, type: "application/json" });
  });

  it("answers 500 when the function failed", () => {
    const { status } = subject.fromResult({ payload: bytesOf('{"statusCode":200}'), failed: true });
    expect(status).toBe(500);
  });

  it("takes numbers, unknown keys, a status as text; decodes base64 whenever flagged (5)", () => {
    const answer = {
      statusCode: "201",
      headers: { "x-my-id": 1 },
      body: "YT0x",
      isBase64Encoded: true,
      foo: 1,
    };
    const { status, headers, body } = subject.fromResult({
      payload: bytesOf(JSON.stringify(answer)),
      failed: false,
    });
    expect([status, textOf(body)]).toEqual([201, "a=1"]);
    expect(headers).toEqual([
      ["X-My-Id", "1"],
      ["Content-Type", "text/plain; charset=utf-8"],
    ]);
  });

  it("adds no type to 204 and 304 (U4)", () => {
    for (const statusCode of [204, 304]) expect(resultOf(subject, { statusCode }).type).toBe("");
  });
});
