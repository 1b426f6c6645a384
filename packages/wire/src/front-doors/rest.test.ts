import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField } from "../message.ts";
import { decodedPairs } from "../percent.ts";
import { kindOf } from "./recognise.ts";
import * as rest from "./rest.ts";
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

const route: rest.RestRoute = {
  stage: "live",
  resource: "/{proxy+}",
  resourceId: "q1w2e3",
  binaryMediaTypes: ["*/*"],
  extendedRequestId: "Kq3ExampleAEXAMPLE=",
};

const decoded = (query: string) => decodedPairs(query, nodeCodec);

const subject: Subject = {
  kind: "rest",
  codec: nodeCodec,
  domainName: door.domainName,
  toHttp: (event) => rest.toHttp(event, nodeCodec),
  fromHttp: (response, method) => rest.fromHttp(response, method, nodeCodec),
  toEvent: (request) => rest.toEvent(request, door, route, nodeCodec),
  fromResult: (result) => rest.fromResult(result, undefined, ["*/*"], nodeCodec),
  expectTarget: (seen, sent) => {
    const [path = "", ...query] = sent.replace(/^\/+/, "/").split("?");
    const parted = query.length === 0 ? path : `${path}?${query.join("?").replaceAll(";", "&")}`;
    expectTargetKept(seen, parted, decoded, all);
  },
  keepsOfRequest: all,
  keepsOfResponse: all,
  addsToRequest: [["x-amzn-trace-id", door.traceId]],
  addsToResponse: () => [["content-type", "application/json"]],
  malformed: { status: 502, body: '{"message": "Internal server error"}' },
};

function fromAnswer(answer: JsonObject, accept?: string, binaryMediaTypes: readonly string[] = []) {
  const payload = bytesOf(JSON.stringify(answer));
  return rest.fromResult({ payload, failed: false }, accept, binaryMediaTypes, nodeCodec);
}

describe("rest, any message", () => {
  doorProperties(subject);
});

describe("rest toHttp", () => {
  payload1Requests(subject);

  it("A4: is not led astray by a rawPath", () => {
    const event = eventOf({ rawPath: "/v3/pay", multiValueQueryStringParameters: { a: ["1", "2"] } });
    expect(kindOf(event)).toBe("rest");
    expect(subject.toHttp(event).request.target).toBe("/?a=1&a=2");
  });
});

describe("rest fromHttp", () => {
  payload1Answers(subject);

  it("R8: passes nothing on that the door would rename or drop", () => {
    const fields: HeaderField[] = [
      ["Connection", "close, x-private"],
      ["X-Private", "1"],
      ["Keep-Alive", "timeout=5"],
      ["Date", "Thu, 05 Mar 2026 14:07:09 GMT"],
      ["Server", "nginx"],
      ["Content-Length", "1"],
      ["Transfer-Encoding", "chunked"],
      ["X-Kept", "1"],
    ];
    expect(answerOf(subject, responseOf(fields, "x"))["multiValueHeaders"]).toEqual({ "x-kept": ["1"] });
  });
});

describe("rest toEvent", () => {
  payload1Events(subject);

  it("E1: takes the stage off the path, decodes the query, keeps the last value in the single map", () => {
    const event = subject.toEvent(clientRequestOf({ target: "/live//x?b=2&a=1+2&a=%2B" }));
    expect(event).toMatchObject({
      path: "/x",
      multiValueQueryStringParameters: { b: ["2"], a: ["1 2", "+"] },
      queryStringParameters: { b: "2", a: "+" },
    });
    expect(event["requestContext"]).toMatchObject({ path: "/live//x" });
  });

  it.each([
    ["/live/caf%C3%A9/a%2Fb%20c", "/caf%C3%A9/a%2Fb%20c", "/live/caf%C3%A9/a%2Fb%20c"],
    ["//live/x", "/x", "/live/x"],
    ["/live/a//b/", "/a//b/", "/live/a//b/"],
    ["/live", "/", "/live"],
    ["/live/", "/", "/live/"],
    ["/livestock/x", "/livestock/x", "/livestock/x"],
    ["/v9/pay", "/v9/pay", "/v9/pay"],
  ])("makes of the target %s the path %s and the context's path %s (4.2)", (target, path, contextPath) => {
    const event = subject.toEvent(clientRequestOf({ target }));
    expect([event["path"], (event["requestContext"] as JsonObject)["path"]]).toEqual([path, contextPath]);
  });

  it("parts parameters at semicolons too (4.3)", () => {
    const event = subject.toEvent(clientRequestOf({ target: "/live/a;b?x=1;y=2&x=%3B;" }));
    expect(event).toMatchObject({
      path: "/a;b",
      multiValueQueryStringParameters: { x: ["1", ";"], y: ["2"] },
    });
  });

  it("E2: invents neither user-agent nor accept", () => {
    const event = subject.toEvent(clientRequestOf({}));
    expect(event["headers"]).toEqual({
      "X-Forwarded-For": "198.51.100.4",
      "X-Forwarded-Port": "443",
      "X-Forwarded-Proto": "https",
      "X-Amzn-Trace-Id": door.traceId,
    });
    expect(event["requestContext"]).toMatchObject({
      identity: { userAgent: null, sourceIp: "198.51.100.4" },
    });
  });

  it("E3: puts two spellings of a name under the first one", () => {
    const headers: HeaderField[] = [
      ["x-q", "1"],
      ["X-Q", "2"],
    ];
    const event = subject.toEvent(clientRequestOf({ headers }));
    expect(event["multiValueHeaders"]).toMatchObject({ "x-q": ["1", "2"] });
    expect(event["headers"]).toMatchObject({ "x-q": "2" });
    expect(event["headers"]).not.toHaveProperty("X-Q");
  });

  it("spells a few names itself, and drops what reaches no integration (4.4)", () => {
    const headers: HeaderField[] = [
      ["host", "a"],
      ["user-agent", "curl/8"],
      ["authorization", "x"],
      ["x-lower", "1"],
      ["Content-Length", "1"],
      ["Content-MD5", "x"],
      ["Max-Forwards", "1"],
      ["Server", "x"],
      ["WWW-Authenticate", "x"],
      ["Proxy-Authenticate", "x"],
      ["Expect", "100-continue"],
      ["TE", "trailers"],
    ];
    const event = subject.toEvent(clientRequestOf({ headers }));
    expect(Object.keys(event["multiValueHeaders"] as JsonObject).slice(0, 4)).toEqual([
      "Host",
      "User-Agent",
      "Authorization",
      "x-lower",
    ]);
    expect(Object.keys(event["multiValueHeaders"] as JsonObject)).toHaveLength(8);
    expect(event["requestContext"]).toMatchObject({ identity: { userAgent: "curl/8" } });
  });

  it("gives the whole context", () => {
    const pathParameters = { proxy: "x" };
    const event = rest.toEvent(
      clientRequestOf({ target: "/live/x" }),
      door,
      { ...route, pathParameters },
      nodeCodec,
    );
    expect(event).toMatchObject({ resource: "/{proxy+}", pathParameters });
    expect(event).not.toHaveProperty("version");
    const { identity, ...context } = event["requestContext"] as JsonObject;
    expect(Object.keys(identity as JsonObject)).toHaveLength(12);
    expect(context).toEqual({
      accountId: door.accountId,
      apiId: "abcde12345",
      domainName: door.domainName,
      domainPrefix: "abcde12345",
      requestId: door.requestId,
      requestTime: "05/Mar/2026:14:07:09 +0000",
      requestTimeEpoch: door.timeEpoch,
      httpMethod: "GET",
      protocol: "HTTP/1.1",
      stage: "live",
      path: "/live/x",
      resourceId: "q1w2e3",
      resourcePath: "/{proxy+}",
      extendedRequestId: "Kq3ExampleAEXAMPLE=",
    });
  });

  it.each([
    ["image/png", ["image/png"], true],
    ["Image/PNG; x=y", ["image/png"], true],
    ["image/png", ["image/*"], true],
    ["image/png", ["*/png"], false],
    ["application/json", ["image/png"], false],
    ["application/json", ["*/*"], true],
    [undefined, ["image/png"], false],
    [undefined, ["*/*"], true],
  ])(
    "gives a body of type %s with binary types %j as base64: %s (4.5)",
    (type, binaryMediaTypes, isBase64Encoded) => {
      const headers: HeaderField[] = type === undefined ? [] : [["content-type", type]];
      const request = clientRequestOf({ method: "POST", headers, body: bytesOf("a=1") });
      const event = rest.toEvent(request, door, { ...route, binaryMediaTypes }, nodeCodec);
      expect(event).toMatchObject({ body: isBase64Encoded ? "YT0x" : "a=1", isBase64Encoded });
    },
  );

  it("loses bytes that are no UTF-8 when their type is not binary (4.5)", () => {
    const request = clientRequestOf({ method: "POST", body: Uint8Array.of(0x61, 0xff) });
    const event = rest.toEvent(request, door, { ...route, binaryMediaTypes: [] }, nodeCodec);
    expect(event).toMatchObject({ body: "a\ufffd", isBase64Encoded: false });
  });
});

describe("rest fromResult", () => {
  it("O1: takes an empty object for 200", () => {
    expect(resultOf(subject, {})).toEqual({ status: 200, type: "application/json", body: "" });
  });

  it("O2: takes a status written as text", () => {
    expect(resultOf(subject, { statusCode: "201", body: "x" })).toMatchObject({ status: 201, body: "x" });
  });

  it("takes headers without a status, null for none, and a boolean for text (4.7)", () => {
    expect(fromAnswer({ headers: { "x-a": "1" } })).toMatchObject({ status: 200 });
    expect(fromAnswer({ statusCode: 200, headers: null, multiValueHeaders: null, body: null })).toMatchObject(
      {
        status: 200,
        headers: [["Content-Type", "application/json"]],
      },
    );
    expect(fromAnswer({ headers: { "x-a": true } }).headers[0]).toEqual(["x-a", "true"]);
  });

  it.each([
    ["a status in words", { statusCode: "nope" }],
    ["status 0", { statusCode: 0 }],
    ["an interim status (U9)", { statusCode: 103 }],
    ["a status above 599 (U9)", { statusCode: 600 }],
    ["a number in a header (D62)", { headers: { "x-a": 1 } }],
    ["a list in headers", { headers: { "x-a": ["1"] } }],
    ["headers that are a list", { headers: [] }],
    ["text in multiValueHeaders", { multiValueHeaders: { x: "notarray" } }],
    ["a number in multiValueHeaders", { multiValueHeaders: { x: [1] } }],
    ["a body that is an object", { body: { a: 1 } }],
    ["cookies", { statusCode: 200, cookies: [] }],
    ["statusDescription", { statusCode: 200, statusDescription: "200 OK" }],
    ["any other key", { foo: 1 }],
    ["text", "hello"],
    ["a list", [1]],
    ["a number", 3],
    ["a boolean", true],
    ["null", null],
  ])("answers 502 to %s (4.7)", (_, answer) => {
    expect(resultOf(subject, answer)).toEqual({ ...subject.malformed, type: "application/json" });
    const payload = bytesOf(JSON.stringify(answer));
    const { headers, body } = subject.fromResult({ payload, failed: false });
    expect(headersOf(headers, "x-amzn-errortype")).toEqual(["InternalServerErrorException"]);
    expect(body).toHaveLength(36);
  });

  it.each([
    ["a failed function", bytesOf('{"statusCode":200}'), true],
    ["what is no JSON", bytesOf("no json"), false],
    ["nothing", bytesOf(""), false],
  ])("answers 502 without an error type to %s (4.7)", (_, payload, failed) => {
    const { status, headers, body } = subject.fromResult({ payload, failed });
    expect([status, textOf(body)]).toEqual([502, '{"message":"Internal server error"}']);
    expect(headers).toEqual([["Content-Type", "application/json"]]);
  });

  it("merges both maps: many first, their spelling, what both have once (4.7)", () => {
    const { headers } = fromAnswer({
      headers: { "x-a": "3", "x-b": "1", "X-C": "same" },
      multiValueHeaders: { "X-A": ["1", "2"], "x-c": ["same", "same"], "content-type": ["a/b"] },
    });
    expect(headers).toEqual([
      ["X-A", "1"],
      ["X-A", "2"],
      ["x-c", "same"],
      ["x-c", "same"],
      ["content-type", "a/b"],
      ["X-A", "3"],
      ["x-b", "1"],
    ]);
  });

  it("O10: renames what the door sets itself", () => {
    const names =
      "Authorization Connection Content-Length Content-MD5 Date Max-Forwards Server User-Agent WWW-Authenticate";
    const sent = Object.fromEntries(names.split(" ").map((name) => [name, "x"]));
    const { headers } = fromAnswer({ headers: { ...sent, "content-type": "a/b" } });
    expect(headers.map(([name]) => name)).toEqual([
      ...names.split(" ").map((name) => `x-amzn-Remapped-${name}`),
      "content-type",
    ]);
  });

  it("drops what no function may set, and what no header may hold (4.7)", () => {
    const names = "Host Expect TE Trailer Transfer-Encoding Upgrade Proxy-Authenticate Via";
    const sent = Object.fromEntries(names.split(" ").map((name) => [name, "x"]));
    const { headers } = fromAnswer({ headers: { ...sent, "b d": "x", "x-a": "1\r\nx-b: 2" } });
    expect(headers).toEqual([["Content-Type", "application/json"]]);
  });

  it.each([
    ["O4: the first type that is accepted", "image/png,*/*", ["image/png"], true],
    ["the first type with parameters", "image/png;q=0.8, text/html", ["image/png"], true],
    ["a type that is accepted second", "image/webp,image/png", ["image/png"], false],
    ["any image", "image/*", ["image/png"], false],
    ["anything", "*/*", ["image/png"], false],
    ["a type of a family", "application/anything", ["application/*"], true],
    ["a family", "application/*", ["application/*"], true],
    ["a type after a star", "a/test", ["*/test"], false],
    ["a star before a type", "*/test", ["*/test"], false],
    ["anything, when all is binary", "text/html", ["*/*"], true],
    ["nothing, when all is binary", undefined, ["*/*"], true],
    ["nothing", undefined, ["image/png"], false],
    ["a type, when nothing is binary", "image/png", [], false],
  ])("decodes base64 or not for a client that accepts %s (4.8)", (_, accept, binaryMediaTypes, decodes) => {
    const answer = { headers: { "content-type": "image/png" }, body: "YT0x", isBase64Encoded: true };
    const { body } = fromAnswer(answer, accept, binaryMediaTypes);
    expect(textOf(body)).toBe(decodes ? "a=1" : "YT0x");
  });

  it("answers 500 to base64 that is none, when it would be decoded (4.8)", () => {
    const answer = { body: "@@@", isBase64Encoded: true };
    expect(fromAnswer(answer, "a/b", ["*/*"]).status).toBe(500);
    expect(fromAnswer(answer, "a/b", []).status).toBe(200);
  });
});
