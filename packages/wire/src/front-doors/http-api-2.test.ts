import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import type { JsonObject } from "../json.ts";
import { decodePath } from "../percent.ts";
import * as httpApi2 from "./http-api-2.ts";
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

const route = { stage: "$default", routeKey: "$default" };

const subject: Subject = {
  kind: "http-api-2.0",
  codec: nodeCodec,
  domainName: door.domainName,
  toHttp: (event) => httpApi2.toHttp(event, nodeCodec),
  fromHttp: (response, method) => httpApi2.fromHttp(response, method, nodeCodec),
  toEvent: (request) => httpApi2.toEvent(request, door, route, nodeCodec),
  fromResult: (result) => httpApi2.fromResult(result, nodeCodec),
  expectTarget(seen, sent) {
    const [seenPath, ...seenQuery] = seen.split("?");
    const [sentPath, ...sentQuery] = sent.split("?");
    expect(seenQuery).toEqual(sentQuery);
    expect(decodePath(seenPath ?? "", nodeCodec)).toBe(decodePath(sentPath ?? "", nodeCodec));
    // Sent a second time, it arrives as it is.
    const again = this.toEvent(clientRequestOf({ target: seen }));
    expect(this.toHttp(again).request.target).toBe(seen);
  },
  ...payload2Keeps,
  keepsOfRequest(values, name) {
    if (name !== "cookie") return payload2Keeps.keepsOfRequest(values, name);
    const list = values.flatMap((line) => line.split(";").map((one) => one.trim()));
    return [list.filter((one) => one !== "").join("; ")];
  },
  addsToResponse: (status) =>
    status === 204 || status === 304 ? [] : [["content-type", "text/plain; charset=utf-8"]],
  malformed: { status: 500, body: '{"message":"Internal Server Error"}' },
};

const targetOf = (more: JsonObject) => subject.toHttp(eventOf(more)).request.target;

describe("http-api-2, any message", () => {
  doorProperties(subject);
});

describe("http-api-2 toHttp", () => {
  payload2Requests(subject);

  it("A7: encodes a decoded ?, which starts no query", () => {
    expect(targetOf({ rawPath: "/who?role=admin", rawQueryString: "id=7" })).toBe("/who%3Frole=admin?id=7");
  });

  it("A8: encodes a decoded %, which starts no escape", () => {
    expect(targetOf({ rawPath: "/50%/off" })).toBe("/50%25/off");
    expect(targetOf({ rawPath: "/a%2Fb" })).toBe("/a%252Fb");
  });

  it("leaves the path of serverless-offline alone, which did not decode it (14.2)", () => {
    const requestContext = { domainName: "offlineContext_domainName", http: { method: "GET" } };
    expect(targetOf({ rawPath: "/a%2Fb", requestContext })).toBe("/a%2Fb");
  });
});

describe("http-api-2 fromHttp", () => {
  payload2Answers(subject);
});

describe("http-api-2 toEvent", () => {
  it("gives the variables of the route and of the stage", () => {
    const own = {
      stage: "dev",
      routeKey: "GET /a/{id}",
      pathParameters: { id: "x y" },
      stageVariables: { v: "1" },
    };
    const event = httpApi2.toEvent(clientRequestOf({ target: "/dev/a/x%20y" }), door, own, nodeCodec);
    expect(event).toMatchObject({ pathParameters: { id: "x y" }, stageVariables: { v: "1" } });
  });

  it("E4: gives a bare GET no optional members, and content-length 0", () => {
    const event = subject.toEvent(clientRequestOf({}));
    expect(Object.keys(event)).toEqual([
      "version",
      "routeKey",
      "rawPath",
      "rawQueryString",
      "headers",
      "requestContext",
      "isBase64Encoded",
    ]);
    expect(event).toMatchObject({
      rawQueryString: "",
      headers: { "content-length": "0" },
      isBase64Encoded: false,
    });
    expect(event["requestContext"]).toMatchObject({ http: { userAgent: "" }, requestId: door.requestId });
  });

  it("decodes the path", () => {
    const event = subject.toEvent(clientRequestOf({ target: "/a%2Fb%20c+d?x=%20" }));
    expect(event).toMatchObject({
      rawPath: "/a/b c+d",
      rawQueryString: "x=%20",
      queryStringParameters: { x: " " },
    });
    expect(event["requestContext"]).toMatchObject({ http: { path: "/a/b c+d" } });
  });

  it("moves cookies of all lines into the list", () => {
    const headers = [
      ["Cookie", "a=1; b=2"],
      ["cookie", " c=3;;"],
    ] as const;
    const event = subject.toEvent(clientRequestOf({ headers }));
    expect(event["cookies"]).toEqual(["a=1", "b=2", "c=3"]);
    expect(event["headers"]).not.toHaveProperty("cookie");
  });

  it("names stage and route as they were given", () => {
    const event = httpApi2.toEvent(
      clientRequestOf({ target: "/dev/x" }),
      door,
      { stage: "dev", routeKey: "GET /x" },
      nodeCodec,
    );
    expect(event).toMatchObject({ routeKey: "GET /x", rawPath: "/dev/x" });
    expect(event["requestContext"]).toMatchObject({ routeKey: "GET /x", stage: "dev" });
  });

  it.each([
    ["E6: a form", "application/x-www-form-urlencoded", true],
    ["E7: a +json type", "application/vnd.api+json", true],
    ["no type", undefined, true],
    ["multipart", "multipart/form-data; boundary=x", true],
    ["octets", "application/octet-stream", true],
    ["text in Latin-1", "text/plain; charset=iso-8859-1", true],
    ["any text type", "text/csv", false],
    ["text in quoted UTF-8", 'Text/Plain; a=b; Charset="UTF-8"', false],
    ["JSON", "APPLICATION/JSON", false],
    ["XML", "application/xml ;x=y", false],
    ["JavaScript", "application/javascript", false],
  ])("gives the body of %s as base64 or text (6.5)", (_, type, isBase64Encoded) => {
    const headers = type === undefined ? [] : ([["Content-Type", type]] as const);
    const event = subject.toEvent(clientRequestOf({ method: "POST", headers, body: bytesOf("a=1") }));
    expect(event).toMatchObject({ body: isBase64Encoded ? "YT0x" : "a=1", isBase64Encoded });
  });

  it("gives bytes that are no UTF-8 as base64, whatever they call themselves", () => {
    const body = Uint8Array.of(0xff, 0x61);
    const event = subject.toEvent(clientRequestOf({ headers: [["content-type", "text/plain"]], body }));
    expect(event).toMatchObject({ body: "/2E=", isBase64Encoded: true });
  });
});

describe("http-api-2 fromResult", () => {
  payload2Results(subject);

  it("refuses a status written as text", () => {
    expect(resultOf(subject, { statusCode: "201" }).status).toBe(500);
  });

  it("writes names as HTTP/1.1 of this door does", () => {
    const payload = bytesOf('{"statusCode":200,"headers":{"x-my-ID":"1","foo":"2"},"cookies":["a"]}');
    const { headers } = subject.fromResult({ payload, failed: false });
    expect(headers.map(([name]) => name)).toEqual(["Set-Cookie", "X-My-Id", "Foo", "Content-Type"]);
  });

  it("answers JSON when it failed", () => {
    expect(resultOf(subject, { statusCode: 0 }).type).toBe("application/json");
  });
});
