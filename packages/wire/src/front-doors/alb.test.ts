import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField } from "../message.ts";
import { queryPairs } from "../percent.ts";
import * as alb from "./alb.ts";
import { kindOf } from "./recognise.ts";
import { doorProperties } from "./testing/door-properties.ts";
import {
  all,
  answerOf,
  bytesOf,
  clientRequestOf,
  expectTargetKept,
  joinBytes,
  joined,
  last,
  responseOf,
  resultOf,
  textOf,
  door,
} from "./testing/subject.ts";
import type { Subject } from "./testing/subject.ts";

const targetGroupArn =
  "arn:aws:elasticloadbalancing:eu-north-1:123456789012:targetgroup/shop/0123456789abcdef";

function subjectOf(multiValueHeaders: boolean): Subject {
  const target = { targetGroupArn, multiValueHeaders };
  const keeps = multiValueHeaders ? all : last;
  return {
    kind: "alb",
    codec: nodeCodec,
    domainName: "localhost",
    toHttp: (event) => alb.toHttp(event, nodeCodec),
    fromHttp: (response, method) => alb.fromHttp(response, method, multiValueHeaders, nodeCodec),
    toEvent: (request) => alb.toEvent(request, door, target, nodeCodec),
    fromResult: (result) => alb.fromResult(result, multiValueHeaders, nodeCodec),
    expectTarget: (seen, sent) => expectTargetKept(seen, sent, queryPairs, keeps),
    keepsOfRequest: keeps,
    keepsOfResponse: multiValueHeaders ? all : joined,
    addsToRequest: [["x-amzn-trace-id", door.traceId]],
    addsToResponse: () => [["server", "awselb/2.0"]],
    malformed: { status: 502, body: "" },
  };
}

const single = subjectOf(false);
const multi = subjectOf(true);

function eventOf(more: JsonObject): JsonObject {
  const elb = { targetGroupArn };
  return { requestContext: { elb }, httpMethod: "GET", path: "/", body: "", isBase64Encoded: false, ...more };
}

const made = (more: JsonObject) => single.toHttp(eventOf(more)).request;

describe("alb with single values, any message", () => {
  doorProperties(single);
});

describe("alb with multiple values, any message", () => {
  doorProperties(multi);
});

describe("alb toHttp", () => {
  it("A14: puts a query together as it came, malformed escapes included", () => {
    expect(made({ queryStringParameters: { d: "50%" } }).target).toBe("/?d=50%");
    const parameters = { "a%5B0%5D": ["x%26y", "1+1"], e: [""], "a b": ["#é"] };
    expect(made({ multiValueQueryStringParameters: parameters }).target).toBe(
      "/?a%5B0%5D=x%26y&a%5B0%5D=1+1&e=&a%20b=%23%C3%A9",
    );
  });

  it("A15: makes a request of a health check", () => {
    const headers = { "user-agent": "ELB-HealthChecker/2.0" };
    const event = eventOf({ path: "/up", headers, queryStringParameters: {} });
    expect(kindOf(event)).toBe("alb");
    expect(single.toHttp(event)).toEqual({
      request: {
        method: "GET",
        target: "/up",
        headers: [
          ["host", "localhost"],
          ["user-agent", "ELB-HealthChecker/2.0"],
        ],
        body: new Uint8Array(0),
      },
      remarks: [],
    });
  });

  it("A16: takes the map that is there, and tells that the answer must use it", () => {
    const saved = { headers: null, multiValueHeaders: { host: ["a"], "x-a": ["1", "2"] } };
    expect(made(saved).headers).toEqual([
      ["host", "a"],
      ["x-a", "1"],
      ["x-a", "2"],
    ]);
    expect(alb.isMultiValue(eventOf(saved))).toBe(true);
    expect(alb.isMultiValue(eventOf({ headers: {}, multiValueHeaders: null }))).toBe(false);
    expect(alb.isMultiValue(eventOf({}))).toBe(false);
  });

  it("keeps the case of the host, and drops hop-by-hop fields (9.1)", () => {
    const headers = { host: "Shop.TEST", connection: "keep-alive", "x-a": "1" };
    expect(made({ headers }).headers).toEqual([
      ["host", "Shop.TEST"],
      ["x-a", "1"],
    ]);
  });
});

describe("alb fromHttp", () => {
  const cookies: HeaderField[] = [
    ["Set-Cookie", "a=1"],
    ["X-M", "1"],
    ["set-cookie", "b=2"],
    ["x-m", "2"],
  ];

  it("R2: gives cookies as a list in multiValueHeaders, and no headers", () => {
    expect(answerOf(multi, responseOf(cookies, "x"))).toEqual({
      statusCode: 200,
      statusDescription: "200 OK",
      multiValueHeaders: { "set-cookie": ["a=1", "b=2"], "x-m": ["1", "2"] },
      body: "x",
      isBase64Encoded: false,
    });
    expect(alb.lostCookies(responseOf(cookies), true)).toBe(0);
  });

  it("keeps the last cookie in a single map, and counts the others (D31)", () => {
    expect(answerOf(single, responseOf(cookies))["headers"]).toEqual({ "set-cookie": "b=2", "x-m": "1, 2" });
    expect(alb.lostCookies(responseOf(cookies), false)).toBe(1);
    expect(alb.lostCookies(responseOf([]), false)).toBe(0);
  });

  it("gives the map also when it is empty, for without it the answer is none (9.3)", () => {
    expect(answerOf(single, responseOf([]))).toHaveProperty("headers", {});
    expect(answerOf(multi, responseOf([]))).toHaveProperty("multiValueHeaders", {});
  });

  it("R9: describes the status by its code and reason", () => {
    expect(answerOf(multi, responseOf([], "", 418))).toMatchObject({
      statusCode: 418,
      statusDescription: "418 I'm a Teapot",
    });
  });

  it("R10: makes an answer of 1.2 MB larger than the door takes", () => {
    const payload = joinBytes(single.fromHttp(responseOf([], "x".repeat(1_200_000)), "GET"));
    expect(payload.length).toBeGreaterThan(alb.ALB_MAX_ANSWER_BYTES);
    expect(single.fromResult({ payload, failed: false }).status).toBe(502);
  });
});

describe("alb toEvent", () => {
  it("A15: asks whether the function is well with almost nothing, which an app can bear", () => {
    for (const multiValueHeaders of [false, true]) {
      const event = alb.healthCheckEvent("/up", { targetGroupArn, multiValueHeaders });
      expect([kindOf(event), alb.isMultiValue(event)]).toEqual(["alb", multiValueHeaders]);
      expect(single.toHttp(event).request).toEqual({
        method: "GET",
        target: "/up",
        headers: [
          ["host", "localhost"],
          ["user-agent", "ELB-HealthChecker/2.0"],
        ],
        body: new Uint8Array(0),
      });
    }
  });

  const request = clientRequestOf({
    method: "POST",
    target: "/a%20b?k=1+1&k=%2B&flag&a%5B0%5D=x%26y#c?d",
    headers: [
      ["Host", "Shop.TEST"],
      ["X-A", "1"],
      ["x-a", "2"],
      ["X-Forwarded-For", "203.0.113.7"],
      ["Content-Type", "text/plain"],
    ],
    body: bytesOf("hé"),
  });
  const own = {
    "x-forwarded-for": ["203.0.113.7, 198.51.100.4"],
    "x-forwarded-port": ["443"],
    "x-forwarded-proto": ["https"],
    "x-amzn-trace-id": [door.traceId],
    "content-length": ["3"],
  };

  it("gives the whole event with multiple values (9.1)", () => {
    expect(JSON.parse(JSON.stringify(multi.toEvent(request)))).toEqual({
      requestContext: { elb: { targetGroupArn } },
      httpMethod: "POST",
      path: "/a%20b",
      multiValueQueryStringParameters: { k: ["1+1", "%2B"], flag: [""], "a%5B0%5D": ["x%26y"] },
      multiValueHeaders: { host: ["Shop.TEST"], "x-a": ["1", "2"], "content-type": ["text/plain"], ...own },
      body: "hé",
      isBase64Encoded: false,
    });
  });

  it("keeps the last values in single maps, and gives no others (9.1)", () => {
    const event = single.toEvent(request);
    expect(event).toMatchObject({
      queryStringParameters: { k: "%2B", flag: "", "a%5B0%5D": "x%26y" },
      headers: { "x-a": "2", "content-length": "3" },
    });
    expect(event).not.toHaveProperty("multiValueHeaders");
    expect(event).not.toHaveProperty("multiValueQueryStringParameters");
    expect(multi.toEvent(request)).not.toHaveProperty("headers");
  });

  it("gives {} for no query and empty text for no body", () => {
    expect(single.toEvent(clientRequestOf({}))).toMatchObject({ queryStringParameters: {}, body: "" });
  });

  it.each([
    ["E8: JSON with a content coding", "application/json", "gzip", true],
    ["JSON", "application/json", undefined, false],
    ["any text", "text/html", undefined, false],
    ["a form", "application/x-www-form-urlencoded", undefined, true],
    ["no type", undefined, undefined, true],
  ])("gives the body of %s as base64 or text (9.2)", (_, type, coding, isBase64Encoded) => {
    const headers: HeaderField[] = [];
    if (type !== undefined) headers.push(["Content-Type", type]);
    if (coding !== undefined) headers.push(["Content-Encoding", coding]);
    const event = single.toEvent(clientRequestOf({ method: "POST", headers, body: bytesOf("a=1") }));
    expect(event).toMatchObject({ body: isBase64Encoded ? "YT0x" : "a=1", isBase64Encoded });
  });
});

describe("alb fromResult", () => {
  it.each([
    ["404 Gone fishing", "Gone fishing"],
    ["200 OK", "OK"],
    [undefined, undefined],
    ["200", undefined],
    ["OK", undefined],
    ["200 a\r\nb: c", undefined],
    ["200 žlutá", undefined],
  ])("sends of the description %j the reason %j (9.3)", (statusDescription, reason) => {
    const payload = bytesOf(JSON.stringify({ statusCode: 200, statusDescription, headers: {} }));
    expect(single.fromResult({ payload, failed: false }).reason).toBe(reason);
  });

  it.each([
    ["O8: null", null],
    ["an object without statusCode", { body: "x" }],
    ["a status written as text", { statusCode: "200", headers: {} }],
    ["an interim status", { statusCode: 103, headers: {} }],
    ["a status description that is null", { statusCode: 200, statusDescription: null, headers: {} }],
    ["a map that is null", { statusCode: 200, headers: null }],
    ["a map that is a list", { statusCode: 200, headers: [] }],
    ["a number in a header", { statusCode: 200, headers: { a: 1 } }],
    ["null in a header", { statusCode: 200, headers: { a: null } }],
    ["a list in a header", { statusCode: 200, headers: { a: ["1"] } }],
    ["a body that is no string", { statusCode: 200, headers: {}, body: {} }],
    ["base64 that is none", { statusCode: 200, headers: {}, body: "@@@", isBase64Encoded: true }],
    ["what is no JSON", bytesOf("no json")],
  ])("answers its own page to %s (9.3)", (_, answer) => {
    const payload = answer instanceof Uint8Array ? answer : bytesOf(JSON.stringify(answer));
    const { status, headers, body } = single.fromResult({ payload, failed: false });
    expect(status).toBe(502);
    expect(headers).toEqual([
      ["Content-Type", "text/html"],
      ["Server", "awselb/2.0"],
    ]);
    expect(textOf(body)).toContain("<h1>502 Bad Gateway</h1>");
  });

  it.each([
    ["a number in a list", { statusCode: 200, multiValueHeaders: { a: [1] } }],
    ["text for a list", { statusCode: 200, multiValueHeaders: { a: "1" } }],
    ["a map that is null", { statusCode: 200, multiValueHeaders: null }],
  ])("answers 502 to %s with multiple values (9.3)", (_, answer) => {
    expect(resultOf(multi, answer).status).toBe(502);
  });

  it("answers 502 when the function failed", () => {
    const result = { payload: bytesOf('{"statusCode":200,"headers":{}}'), failed: true };
    expect(single.fromResult(result).status).toBe(502);
  });

  it("O9: looks at the map of its own mode only", () => {
    const answer = { statusCode: 200, headers: { a: "1" }, multiValueHeaders: { b: ["2"] } };
    const result = { payload: bytesOf(JSON.stringify(answer)), failed: false };
    expect(single.fromResult(result).headers).toEqual([
      ["a", "1"],
      ["Server", "awselb/2.0"],
    ]);
    expect(multi.fromResult(result).headers).toEqual([
      ["b", "2"],
      ["Server", "awselb/2.0"],
    ]);
  });

  it("takes a bare status, in either mode (9.3)", () => {
    for (const subject of [single, multi])
      expect(resultOf(subject, { statusCode: 204 })).toEqual({ status: 204, type: "", body: "" });
  });

  it("sends cookies whose names differ in case as several (9.3)", () => {
    const payload = bytesOf('{"statusCode":200,"headers":{"set-cookie":"a=1","Set-cookie":"b=2"}}');
    expect(headersOf(single.fromResult({ payload, failed: false }).headers, "set-cookie")).toEqual([
      "a=1",
      "b=2",
    ]);
  });

  it("takes an answer of exactly the size that is allowed (9.4)", () => {
    const head = '{"statusCode":200,"body":"';
    const body = "x".repeat(alb.ALB_MAX_ANSWER_BYTES - head.length - 2);
    expect(single.fromResult({ payload: bytesOf(`${head}${body}"}`), failed: false }).status).toBe(200);
    expect(single.fromResult({ payload: bytesOf(`${head}${body}x"}`), failed: false }).status).toBe(502);
  });

  it("leaves out framing and what no header may hold, keeps the function's server", () => {
    const headers = { connection: "close", "content-length": "7", "b d": "x", a: "\r\n", Server: "mine" };
    const payload = bytesOf(JSON.stringify({ statusCode: 200, headers }));
    expect(single.fromResult({ payload, failed: false }).headers).toEqual([["Server", "mine"]]);
  });
});
