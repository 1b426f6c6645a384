/** Cases of spec event-formats.md, section 17, and others that hold at both doors of payload format 1.0. */
import { expect, it } from "vitest";
import type { JsonObject } from "../../json.ts";
import type { HeaderField } from "../../message.ts";
import { decodedPairs } from "../../percent.ts";
import { EventError } from "../event-request.ts";
import { answerOf, clientRequestOf, responseOf, textOf, door } from "./subject.ts";
import type { Subject } from "./subject.ts";

/** An event of either door, to be changed by a case. */
export function eventOf(more: JsonObject): JsonObject {
  return {
    resource: "/{proxy+}",
    path: "/",
    httpMethod: "GET",
    headers: { Host: "shop.test" },
    multiValueHeaders: { Host: ["shop.test"] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: { domainName: door.domainName, stage: "live", path: "/live/" },
    body: null,
    isBase64Encoded: false,
    ...more,
  };
}

export function payload1Requests(subject: Subject): void {
  const made = (more: JsonObject) => subject.toHttp(eventOf(more)).request;

  it("A1: takes the path byte for byte, and no ? without a query", () => {
    expect(made({ path: "/men%C3%BC/a%2Fb%20c" }).target).toBe("/men%C3%BC/a%2Fb%20c");
  });

  it("A2: encodes a query that arrives decoded", () => {
    const parameters = { q: ["red fish", "1+1"], "k[]": ["a&b"], e: [""] };
    const { target } = made({
      multiValueQueryStringParameters: parameters,
      queryStringParameters: { q: "1+1" },
    });
    expect(target).toBe("/?q=red%20fish&q=1%2B1&k%5B%5D=a%26b&e=");
    expect(decodedPairs(target.slice(2), subject.codec)).toEqual([
      ["q", "red fish"],
      ["q", "1+1"],
      ["k[]", "a&b"],
      ["e", ""],
    ]);
  });

  it("A3: gives every value of a repeated header in order, once (D28)", () => {
    const headers = { "X-Tag": "two" };
    const request = made({ headers, multiValueHeaders: { "X-Tag": ["one", "two"] } });
    expect(request.headers).toEqual([
      ["host", door.domainName],
      ["X-Tag", "one"],
      ["X-Tag", "two"],
    ]);
  });

  it("A5: decodes a flagged body", () => {
    const { body } = made({ body: "eyJhIjoxfQ==", isBase64Encoded: true });
    expect(textOf(body)).toBe('{"a":1}');
    expect(() => made({ body: "@@@", isBase64Encoded: true })).toThrow(EventError);
  });

  it("uses what there is of the two maps, as in the console's test events", () => {
    const maps = { multiValueHeaders: null, headers: { "x-a": "1" }, queryStringParameters: { k: "v w" } };
    const request = made({ ...maps, multiValueQueryStringParameters: null });
    expect(request).toMatchObject({ target: "/?k=v%20w", method: "GET" });
    expect(request.headers).toEqual([
      ["host", door.domainName],
      ["x-a", "1"],
    ]);
    expect(made({ headers: null, multiValueHeaders: null }).headers).toEqual([["host", door.domainName]]);
  });

  it("gives the app one host, the first", () => {
    const request = made({ headers: null, multiValueHeaders: { Host: ["a", "b"], host: ["c"] } });
    expect(request.headers).toEqual([["Host", "a"]]);
  });

  it("joins cookie lines, and drops hop-by-hop fields", () => {
    const multiValueHeaders = { Cookie: ["a=1", "b=2"], Connection: ["x-a"], "X-A": ["1"], host: ["h"] };
    expect(made({ headers: null, multiValueHeaders }).headers).toEqual([
      ["host", "h"],
      ["cookie", "a=1; b=2"],
    ]);
  });

  it("leaves out, and remarks on, what no header may hold", () => {
    const event = eventOf({ headers: null, multiValueHeaders: { "x-a": ["1\r\nx-b: 2", "ok"] } });
    const { request, remarks } = subject.toHttp(event);
    expect(request.headers.slice(1)).toEqual([["x-a", "ok"]]);
    expect(remarks).toHaveLength(1);
  });
}

export function payload1Answers(subject: Subject): void {
  it("R1: gives cookies as a list in multiValueHeaders, and no member that the door refuses", () => {
    const fields: HeaderField[] = [
      ["Set-Cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["X-M", "1"],
    ];
    expect(answerOf(subject, responseOf(fields, "x"))).toEqual({
      statusCode: 200,
      multiValueHeaders: { "set-cookie": ["a=1", "b=2"], "x-m": ["1"] },
      body: "x",
      isBase64Encoded: false,
    });
  });

  it("R4: gives bytes that are no text as base64", () => {
    const answer = answerOf(subject, responseOf([], Uint8Array.of(0x89, 0x50, 0xff)));
    expect(answer).toMatchObject({ body: "iVD/", isBase64Encoded: true });
  });

  it("R5: gives any UTF-8 as text, whatever its type", () => {
    const response = responseOf([["content-type", "application/problem+json"]], '{"é":1}');
    expect(answerOf(subject, response)).toMatchObject({ body: '{"é":1}', isBase64Encoded: false });
  });

  it("R7: gives no body after HEAD, 204, 205 and 304", () => {
    expect(answerOf(subject, responseOf([], "x"), "HEAD")).toMatchObject({ body: "" });
    for (const status of [204, 205, 304])
      expect(answerOf(subject, responseOf([], "x", status))).toMatchObject({ body: "", statusCode: status });
  });
}

export function payload1Events(subject: Subject): void {
  it("gives null for what a request has not", () => {
    expect(subject.toEvent(clientRequestOf({}))).toMatchObject({
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: null,
      stageVariables: null,
      body: null,
      isBase64Encoded: false,
    });
  });

  it("appends the peer's address to every x-forwarded-for, and names port and scheme itself", () => {
    const headers: HeaderField[] = [
      ["x-forwarded-for", "203.0.113.7"],
      ["X-Forwarded-For", "203.0.113.8"],
      ["x-forwarded-proto", "gopher"],
    ];
    const { multiValueHeaders } = subject.toEvent(clientRequestOf({ headers }));
    expect(multiValueHeaders).toMatchObject({
      "X-Forwarded-For": ["203.0.113.7, 203.0.113.8, 198.51.100.4"],
      "X-Forwarded-Port": ["443"],
      "X-Forwarded-Proto": ["https"],
    });
  });

  it("drops a fragment, also one with a ? in it", () => {
    expect(subject.toEvent(clientRequestOf({ target: "/live/a#b?c=1" }))).toMatchObject({
      queryStringParameters: null,
    });
  });

  it("keeps a client's trace and adds one where there is none", () => {
    const traced = subject.toEvent(clientRequestOf({ headers: [["x-amzn-trace-id", "Root=1-2-3"]] }));
    expect(traced["headers"]).toMatchObject({ "X-Amzn-Trace-Id": "Root=1-2-3" });
    expect(subject.toEvent(clientRequestOf({}))["headers"]).toMatchObject({
      "X-Amzn-Trace-Id": door.traceId,
    });
  });
}
