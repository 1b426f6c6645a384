import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import type { JsonObject } from "../json.ts";
import * as functionUrl from "./function-url.ts";
import { doorProperties } from "./testing/door-properties.ts";
import {
  eventOf,
  payload2Answers,
  payload2Keeps,
  payload2Requests,
  payload2Results,
} from "./testing/payload-2-cases.ts";
import { bytesOf, clientRequestOf, resultOf, door } from "./testing/subject.ts";
import type { Subject } from "./testing/subject.ts";

const urlId = "abcdefghijklmnopqrstuvwxyz012345";
const urlDoor = {
  ...door,
  accountId: "anonymous",
  apiId: urlId,
  domainName: `${urlId}.lambda-url.eu-north-1.on.aws`,
  requestId: "5f1f3d5a-0000-4000-8000-000000000000",
};

const subject: Subject = {
  kind: "function-url",
  codec: nodeCodec,
  domainName: urlDoor.domainName,
  toHttp: (event) => functionUrl.toHttp(event, nodeCodec),
  fromHttp: (response, method) => functionUrl.fromHttp(response, method, nodeCodec),
  toEvent: (request) => functionUrl.toEvent(request, urlDoor, nodeCodec),
  fromResult: (result) => functionUrl.fromResult(result, nodeCodec),
  expectTarget: (seen, sent) => expect(seen).toBe(sent),
  ...payload2Keeps,
  addsToResponse: (status) =>
    status === 204 || status === 304 ? [] : [["content-type", "application/json"]],
  malformed: { status: 502, body: "Internal Server Error" },
};

describe("function-url, any message", () => {
  doorProperties(subject);
});

describe("function-url toHttp", () => {
  payload2Requests(subject);

  it("A10: passes a raw path on with its malformed escapes", () => {
    const event = eventOf({ rawPath: "/x%Fy%20z" }, { path: "/x%Fy z" });
    expect(subject.toHttp(event).request.target).toBe("/x%Fy%20z");
  });

  it("takes cookies from the header when both are there", () => {
    const event = eventOf({ headers: { host: "a", cookie: "a=1; b=2" }, cookies: ["a=1", "b=2"] });
    expect(subject.toHttp(event).request.headers).toEqual([
      ["host", "a"],
      ["cookie", "a=1; b=2"],
    ]);
  });
});

describe("function-url fromHttp", () => {
  payload2Answers(subject);
});

describe("function-url toEvent", () => {
  it("names the caller that signed, with AuthType AWS_IAM", () => {
    const caller = { accessKey: "AKIA", accountId: "1", callerId: "2", userArn: "arn", userId: "3" };
    const event = functionUrl.toEvent(clientRequestOf({}), door, nodeCodec, caller);
    expect(event["requestContext"]).toMatchObject({
      authorizer: { iam: { ...caller, cognitoIdentity: null, principalOrgId: null } },
    });
    expect(subject.toEvent(clientRequestOf({}))["requestContext"]).not.toHaveProperty("authorizer");
  });

  it("gives the whole event of a request", () => {
    const request = clientRequestOf({
      method: "POST",
      target: "/a%20b/x%Fy?q=1+1&q=%2B&flag",
      headers: [
        ["Host", "shop.test"],
        ["X-A", "1"],
        ["x-a", "2"],
        ["User-Agent", "curl/8"],
        ["Content-Type", "text/plain"],
      ],
      body: bytesOf("hé"),
    });
    expect(subject.toEvent(request)).toEqual({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/a%20b/x%Fy",
      rawQueryString: "q=1+1&q=%2B&flag",
      headers: {
        host: "shop.test",
        "x-a": "1,2",
        "user-agent": "curl/8",
        "content-type": "text/plain",
        "content-length": "3",
        "x-forwarded-for": "198.51.100.4",
        "x-forwarded-proto": "https",
        "x-forwarded-port": "443",
        "x-amzn-trace-id": door.traceId,
      },
      queryStringParameters: { q: "1 1,+", flag: "" },
      requestContext: {
        accountId: "anonymous",
        apiId: urlId,
        domainName: urlDoor.domainName,
        domainPrefix: urlId,
        http: {
          method: "POST",
          path: "/a b/x%Fy",
          protocol: "HTTP/1.1",
          sourceIp: "198.51.100.4",
          userAgent: "curl/8",
        },
        requestId: urlDoor.requestId,
        routeKey: "$default",
        stage: "$default",
        time: "05/Mar/2026:14:07:09 +0000",
        timeEpoch: urlDoor.timeEpoch,
      },
      body: "hé",
      isBase64Encoded: false,
    });
  });

  it("gives no content-length and no optional member without a body (7.1)", () => {
    const event = subject.toEvent(clientRequestOf({}));
    expect(Object.keys(event)).not.toEqual(expect.arrayContaining(["body"]));
    expect(Object.keys(event["headers"] as JsonObject)).not.toContain("content-length");
  });

  it("E5: keeps the cookie header beside the list", () => {
    const event = subject.toEvent(clientRequestOf({ headers: [["Cookie", "a=1; b=2"]] }));
    expect(event["cookies"]).toEqual(["a=1", "b=2"]);
    expect(event["headers"]).toMatchObject({ cookie: "a=1; b=2" });
    expect(event["requestContext"]).toMatchObject({ accountId: "anonymous" });
  });

  it("drops a fragment", () => {
    expect(subject.toEvent(clientRequestOf({ target: "/a?b#c?d" }))).toMatchObject({
      rawPath: "/a",
      rawQueryString: "b",
    });
  });
});

describe("function-url fromResult", () => {
  payload2Results(subject);

  it("takes a status written as text", () => {
    expect(resultOf(subject, { statusCode: "418" }).status).toBe(418);
    expect(resultOf(subject, { statusCode: "20" }).status).toBe(502);
  });

  it("keeps the case of names", () => {
    const payload = bytesOf('{"statusCode":200,"headers":{"x-My-iD":"1"}}');
    expect(subject.fromResult({ payload, failed: false }).headers[0]).toEqual(["x-My-iD", "1"]);
  });

  it("answers text/plain when it failed", () => {
    expect(resultOf(subject, { statusCode: 0 }).type).toBe("text/plain");
  });
});
