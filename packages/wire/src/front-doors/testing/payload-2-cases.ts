/** Cases of spec event-formats.md, section 17, and others that hold at both doors of payload format 2.0. */
import { expect, it } from "vitest";
import { writeRequest } from "../../http1/request.ts";
import type { JsonObject } from "../../json.ts";
import type { HeaderField } from "../../message.ts";
import { EventError } from "../event-request.ts";
import { answerOf, bytesOf, joinBytes, responseOf, resultOf, textOf, door } from "./subject.ts";
import type { Subject } from "./subject.ts";

/** What both doors keep of repeated fields. */
export const payload2Keeps = {
  keepsOfRequest: (values: readonly string[], name: string) => [values.join(name === "cookie" ? "; " : ",")],
  keepsOfResponse: (values: readonly string[], name: string) =>
    name === "set-cookie" ? values : [values.join(", ")],
  addsToRequest: [["x-amzn-trace-id", door.traceId]],
} as const;

/** An event of either door, to be changed by a case. */
export function eventOf(more: JsonObject, http: JsonObject = {}): JsonObject {
  return {
    version: "2.0",
    rawPath: "/",
    rawQueryString: "",
    headers: { host: "shop.test" },
    isBase64Encoded: false,
    requestContext: { domainName: door.domainName, http: { method: "GET", path: "/", ...http } },
    ...more,
  };
}

export function payload2Requests(subject: Subject): void {
  const made = (event: JsonObject) => subject.toHttp(event).request;

  it("A9: rebuilds one cookie line from the list", () => {
    const { headers } = made(eventOf({ cookies: ["sid=9", "lang=de"] }));
    expect(headers).toEqual([
      ["host", "shop.test"],
      ["cookie", "sid=9; lang=de"],
    ]);
  });

  it("A11: keeps // at the start of a path, which names no host", () => {
    const request = made(eventOf({ rawPath: "//evil.test/p" }));
    expect(request.target).toBe("//evil.test/p");
    expect(request.headers).toEqual([["host", "shop.test"]]);
  });

  it("A12: gives a GET without body no content-length, whatever the event says", () => {
    const request = made(eventOf({ headers: { host: "a", "content-length": "0" } }));
    expect(textOf(joinBytes(writeRequest(request, subject.codec)))).toBe("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  });

  it("A13: keeps a named stage in the path", () => {
    expect(made(eventOf({ rawPath: "/beta" })).target).toBe("/beta");
  });

  it("A19: says what is wrong when the body is no base64", () => {
    const event = eventOf({ body: "@@@", isBase64Encoded: true });
    expect(() => made(event)).toThrow(EventError);
    expect(() => made(event)).toThrow(/isBase64Encoded/);
  });

  it("decodes a flagged body, standard or URL-safe, and no other", () => {
    expect(textOf(made(eventOf({ body: "eyJhIjoxfQ==", isBase64Encoded: true })).body)).toBe('{"a":1}');
    expect(textOf(made(eventOf({ body: "eyJhIjoxfQ", isBase64Encoded: true })).body)).toBe('{"a":1}');
    for (const flag of [false, null, undefined, "true", 1])
      expect(textOf(made(eventOf({ body: "YQ==", isBase64Encoded: flag })).body)).toBe("YQ==");
  });

  it("takes null, absent and empty for no body, and prints a body that is no string", () => {
    for (const body of [null, undefined, ""]) expect(made(eventOf({ body })).body).toHaveLength(0);
    expect(textOf(made(eventOf({ body: { a: 1 } })).body)).toBe('{"a":1}');
  });

  it("takes GET for a missing method, and refuses one that is no token", () => {
    expect(made(eventOf({}, { method: "" })).method).toBe("GET");
    expect(made({ requestContext: { http: {} } }).method).toBe("GET");
    for (const method of ["GET /x", 7, {}, "é"])
      expect(() => made(eventOf({}, { method }))).toThrow(/method is .* not a token/);
  });

  it("rebuilds a query from the map only when the event has no raw one", () => {
    const queryStringParameters = { "a b": "1&2", n: 3, no: null };
    expect(made(eventOf({ queryStringParameters })).target).toBe("/");
    expect(made(eventOf({ rawQueryString: null, queryStringParameters })).target).toBe("/?a%20b=1%262&n=3");
  });

  it("takes the path from where a hand-made event has it", () => {
    expect(made(eventOf({ rawPath: null, path: "/b" })).target).toBe("/b");
    expect(made(eventOf({ rawPath: null }, { path: "/c" })).target).toBe("/c");
    expect(made({ requestContext: {} }).target).toBe("/");
  });

  it("adds a host when the event has none", () => {
    const hostOf = (domainName: unknown) =>
      made({ requestContext: { domainName, http: { method: "GET" } } }).headers;
    expect(hostOf("a.test:8080")).toEqual([["host", "a.test:8080"]]);
    for (const odd of [null, "", "a b", "a\r\nb: c"]) expect(hostOf(odd)).toEqual([["host", "localhost"]]);
  });

  it("gives the app one host, the first, when the event names several", () => {
    const headers = { Host: "a", host: "b", HOST: ["c"] };
    expect(made(eventOf({ headers })).headers).toEqual([["Host", "a"]]);
  });

  it("drops hop-by-hop fields", () => {
    const headers = { connection: "x-a", "x-a": "1", te: "x", expect: "100-continue", "X-B": ["1", 2, null] };
    expect(made(eventOf({ headers })).headers).toEqual([
      ["host", door.domainName],
      ["X-B", "1"],
      ["X-B", "2"],
    ]);
  });

  it("leaves out, and remarks on, what no header and no cookie may hold", () => {
    const headers = { host: "a", "x-a": "1\r\nx-b: 2", "x y": "1", ok: "é" };
    const { request, remarks } = subject.toHttp(eventOf({ headers, cookies: ["a=1\r\nx-c: 3", "b=2"] }));
    expect(request.headers).toEqual([
      ["host", "a"],
      ["ok", "é"],
      ["cookie", "b=2"],
    ]);
    expect(remarks).toHaveLength(3);
  });
}

export function payload2Answers(subject: Subject): void {
  it("R3: joins repeated fields with a comma and a space, and gives cookies a list", () => {
    const fields: HeaderField[] = [
      ["x-m", "1"],
      ["Set-Cookie", "a=1, 2"],
      ["X-M", "2"],
      ["set-cookie", "b"],
    ];
    expect(answerOf(subject, responseOf(fields))).toEqual({
      statusCode: 200,
      headers: { "x-m": "1, 2" },
      body: "",
      isBase64Encoded: false,
      cookies: ["a=1, 2", "b"],
    });
  });

  it("R4: gives a picture without type as base64", () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 255);
    const answer = answerOf(subject, responseOf([], png));
    expect(answer).toMatchObject({ body: "iVBORw0KGgoA/w==", isBase64Encoded: true });
  });

  it("R5: gives any UTF-8 as text, whatever its type", () => {
    const response = responseOf([["content-type", "application/problem+json"]], '{"é":1}');
    expect(answerOf(subject, response)).toMatchObject({ body: '{"é":1}', isBase64Encoded: false });
  });

  it("R6: keeps a BOM, four bytes at the client", () => {
    const response = responseOf([], "\ufeffa");
    expect(answerOf(subject, response)["body"]).toBe("\ufeffa");
    const payload = joinBytes(subject.fromHttp(response, "GET"));
    expect(subject.fromResult({ payload, failed: false }).body).toHaveLength(4);
  });

  it("R7: gives no body and no content-length after HEAD, 204, 205 and 304", () => {
    const fields: HeaderField[] = [["content-length", "812"]];
    expect(answerOf(subject, responseOf(fields, "x"), "HEAD")).toMatchObject({ body: "", headers: {} });
    for (const status of [204, 205, 304])
      expect(answerOf(subject, responseOf(fields, "x", status))).toMatchObject({
        body: "",
        isBase64Encoded: false,
      });
  });

  it("R8: passes no hop-by-hop field and no content-length on; date stays, REST alone minds it", () => {
    const fields: HeaderField[] = [
      ["Connection", "close, x-private"],
      ["Keep-Alive", "timeout=5"],
      ["X-Private", "1"],
      ["Transfer-Encoding", "chunked"],
      ["Content-Length", "1"],
      ["Date", "Thu, 05 Mar 2026 14:07:09 GMT"],
    ];
    expect(answerOf(subject, responseOf(fields, "x"))["headers"]).toEqual({
      date: "Thu, 05 Mar 2026 14:07:09 GMT",
    });
  });
}

export function payload2Results(subject: Subject): void {
  const { status, body } = subject.malformed;

  it(`answers ${status} when the function failed, whatever it said`, () => {
    const failed = subject.fromResult({ payload: bytesOf('{"statusCode":200}'), failed: true });
    expect([failed.status, textOf(failed.body)]).toEqual([status, body]);
  });

  it.each([
    ["status 0", { statusCode: 0 }],
    ["a status that is no integer", { statusCode: 200.5 }],
    ["a status in words", { statusCode: "OK" }],
    ["status null", { statusCode: null }],
    ["an interim status (U9)", { statusCode: 103 }],
    ["a status above 599 (U9)", { statusCode: 600 }],
    ["a body that is no string", { statusCode: 200, body: { a: 1 } }],
    ["a body that is no base64", { statusCode: 200, body: "@@@", isBase64Encoded: true }],
    ["headers that are no object", { statusCode: 200, headers: ["a"] }],
    ["cookies that are no list", { statusCode: 200, cookies: "a=1" }],
  ])(`answers ${status} to %s`, (_, payload) => {
    expect(resultOf(subject, payload)).toMatchObject({ status, body });
  });

  it("O5: takes a payload without statusCode for the body", () => {
    expect(resultOf(subject, { a: 1 })).toEqual({ status: 200, type: "application/json", body: '{"a":1}' });
  });

  it.each([
    ["hello", "hello"],
    [3.1, "3.1"],
    [true, "true"],
    [null, "null"],
    [[1, "a"], '[1,"a"]'],
    [{ headers: {} }, '{"headers":{}}'],
  ])("sends %j as the body %s", (payload, body) => {
    expect(resultOf(subject, payload)).toEqual({ status: 200, type: "application/json", body });
  });

  it("prints JSON compactly and sends what is no JSON as it is", () => {
    expect(resultOf(subject, bytesOf('{ "a" : [ 1 ] }')).body).toBe('{"a":[1]}');
    expect(resultOf(subject, bytesOf("no json")).body).toBe("no json");
    expect(resultOf(subject, bytesOf("")).body).toBe("");
  });

  it("O6: adds the door's own type to an answer without one, but none to 204 and 304 (U4)", () => {
    expect(resultOf(subject, { statusCode: 200, body: "x" }).type).toBe(subject.addsToResponse(200)[0]?.[1]);
    expect(resultOf(subject, { statusCode: 200, headers: { "CONTENT-TYPE": "a/b" } }).type).toBe("a/b");
    for (const statusCode of [204, 304]) expect(resultOf(subject, { statusCode }).type).toBe("");
  });

  it("sends each cookie as a field of its own, before headers, and ignores what the format lacks", () => {
    const payload = {
      statusCode: 200,
      headers: {
        "set-cookie": "c",
        "content-type": "a/b",
        n: 1,
        bad: "\r\n",
        "b d": "",
        connection: "close",
      },
      multiValueHeaders: { x: ["1"] },
      cookies: ["a", "b", 7, null, {}],
      unknown: 1,
    };
    const { headers } = subject.fromResult({ payload: bytesOf(JSON.stringify(payload)), failed: false });
    const expected = [
      ["set-cookie", "a"],
      ["set-cookie", "b"],
      ["set-cookie", "7"],
      ["set-cookie", "c"],
      ["content-type", "a/b"],
      ["n", "1"],
    ];
    expect(headers.map(([name, value]) => [name.toLowerCase(), value])).toEqual(expected);
  });
}
