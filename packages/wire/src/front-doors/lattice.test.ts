import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import type { JsonObject } from "../json.ts";
import type { HeaderField } from "../message.ts";
import * as lattice from "./lattice.ts";
import { kindOf } from "./recognise.ts";
import { doorProperties } from "./testing/door-properties.ts";
import {
  all,
  answerOf,
  bytesOf,
  clientRequestOf,
  joined,
  responseOf,
  resultOf,
  textOf,
  door,
} from "./testing/subject.ts";
import type { Subject } from "./testing/subject.ts";

const arn = "arn:aws:vpc-lattice:eu-north-1:123456789012";
const service = {
  serviceNetworkArn: `${arn}:servicenetwork/sn-0123456789abcdef0`,
  serviceArn: `${arn}:service/svc-0123456789abcdef0`,
  targetGroupArn: `${arn}:targetgroup/tg-0123456789abcdef0`,
  region: "eu-north-1",
};

const v2: Subject = {
  kind: "lattice-2",
  codec: nodeCodec,
  domainName: "localhost",
  toHttp: (event) => lattice.toHttp(event, nodeCodec),
  fromHttp: (response, method) => lattice.fromHttp(response, method, nodeCodec),
  toEvent: (request) => lattice.toEventV2(request, door, service, nodeCodec),
  fromResult: (result) => lattice.fromResult(result, nodeCodec),
  expectTarget: (seen, sent) => expect(seen).toBe(sent),
  keepsOfRequest: all,
  keepsOfResponse: joined,
  addsToRequest: [],
  addsToResponse: () => [],
  malformed: { status: 500, body: "" },
};

const v1: Subject = {
  ...v2,
  kind: "lattice-1",
  toEvent: (request) => lattice.toEventV1(request, door, nodeCodec),
  keepsOfRequest: (values) => [values.join(", ")],
};

describe("lattice V2, any message", () => {
  doorProperties(v2);
});

describe("lattice V1, any message", () => {
  doorProperties(v1);
});

describe("lattice toHttp", () => {
  const made = (event: JsonObject) => v2.toHttp(event).request;

  it("A17: splits the path of a V2 event at its query, gives every value", () => {
    const headers = { host: ["svc.test"], "x-a": ["1", "2"] };
    const event = { version: "2.0", method: "GET", path: "/p%20q?x=1&x=2", headers, requestContext: service };
    expect(kindOf(event)).toBe("lattice-2");
    expect(made(event)).toEqual({
      method: "GET",
      target: "/p%20q?x=1&x=2",
      headers: [
        ["host", "svc.test"],
        ["x-a", "1"],
        ["x-a", "2"],
      ],
      body: new Uint8Array(0),
    });
  });

  it("takes plain strings for header values as well, as events in the wild have them (11)", () => {
    expect(made({ method: "GET", path: "/", headers: { host: "a" } }).headers).toEqual([["host", "a"]]);
  });

  it("A18: reads a V1 event by its own names", () => {
    const event = {
      raw_path: "/p?x=1",
      method: "POST",
      headers: { host: "a" },
      query_string_parameters: { x: "1" },
      body: "eyJhIjoxfQ==",
      is_base64_encoded: true,
    };
    expect(kindOf(event)).toBe("lattice-1");
    const request = made(event);
    expect([request.method, request.target, textOf(request.body)]).toEqual(["POST", "/p?x=1", '{"a":1}']);
  });

  it("rebuilds the query from the map only when the path has none (14.1)", () => {
    expect(made({ path: "/p", queryStringParameters: { "a b": ["1", "&"] } }).target).toBe(
      "/p?a%20b=1&a%20b=%26",
    );
    expect(made({ raw_path: "/p", query_string_parameters: { a: "1" } }).target).toBe("/p?a=1");
    expect(made({ path: "/p?", queryStringParameters: { a: "1" } }).target).toBe("/p");
  });
});

describe("lattice fromHttp", () => {
  it("joins repeated fields, keeps the last cookie, emits strings only (14.4)", () => {
    const fields: HeaderField[] = [
      ["X-M", "1"],
      ["Set-Cookie", "a=1"],
      ["x-m", "2"],
      ["set-cookie", "b=2"],
      ["Connection", "close"],
    ];
    expect(answerOf(v2, responseOf(fields, "x", 404))).toEqual({
      statusCode: 404,
      statusDescription: "404 Not Found",
      headers: { "x-m": "1, 2", "set-cookie": "b=2" },
      body: "x",
      isBase64Encoded: false,
    });
  });
});

describe("lattice toEvent", () => {
  const request = clientRequestOf({
    method: "POST",
    target: "/p%20q?x=1+1&x=%26#c",
    headers: [
      ["Host", "svc.test"],
      ["X-A", "1"],
      ["x-a", "2"],
      ["Content-Type", "image/png"],
    ],
    body: bytesOf("a=1"),
  });

  it("gives the whole V2 event", () => {
    expect(JSON.parse(JSON.stringify(v2.toEvent(request)))).toEqual({
      version: "2.0",
      path: "/p%20q?x=1+1&x=%26",
      method: "POST",
      headers: {
        host: ["svc.test"],
        "x-a": ["1", "2"],
        "content-type": ["image/png"],
        "x-forwarded-for": ["198.51.100.4"],
        "x-forwarded-port": ["443"],
        "x-forwarded-proto": ["https"],
      },
      queryStringParameters: { x: ["1 1", "&"] },
      body: "YT0x",
      isBase64Encoded: true,
      requestContext: { ...service, identity: {}, timeEpoch: `${door.timeEpoch}000` },
    });
  });

  it("gives the whole V1 event", () => {
    expect(v1.toEvent(request)).toEqual({
      raw_path: "/p%20q?x=1+1&x=%26",
      method: "POST",
      headers: {
        host: "svc.test",
        "x-a": "1, 2",
        "content-type": "image/png",
        "x-forwarded-for": "198.51.100.4",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
      },
      query_string_parameters: { x: "&" },
      body: "YT0x",
      is_base64_encoded: true,
    });
  });

  it("leaves the parameters of a V2 event out when there are none", () => {
    expect(v2.toEvent(clientRequestOf({}))).not.toHaveProperty("queryStringParameters");
    expect(v1.toEvent(clientRequestOf({}))).toMatchObject({ query_string_parameters: {}, body: "" });
  });
});

describe("lattice fromResult", () => {
  it.each([
    ["null", null],
    ["an object without statusCode", { body: "x" }],
    ["a status written as text", { statusCode: "200" }],
    ["a status above 599", { statusCode: 600 }],
    ["a body that is no string", { statusCode: 200, body: {} }],
    ["base64 that is none", { statusCode: 200, body: "@@@", isBase64Encoded: true }],
    ["what is no JSON", bytesOf("no json")],
  ])("answers 500 to %s", (_, answer) => {
    expect(resultOf(v2, answer)).toEqual({ ...v2.malformed, type: "" });
  });

  it("answers 500 when the function failed", () => {
    expect(v2.fromResult({ payload: bytesOf('{"statusCode":200}'), failed: true }).status).toBe(500);
  });

  it("takes strings and lists for values, leaves out framing and what no header may hold", () => {
    const headers = { a: ["1", "2"], b: "3", connection: "close", c: "\n", "content-length": "9" };
    const payload = bytesOf(
      JSON.stringify({ statusCode: 200, headers, body: "YT0x", isBase64Encoded: true }),
    );
    expect(v2.fromResult({ payload, failed: false })).toMatchObject({
      status: 200,
      headers: [
        ["a", "1"],
        ["a", "2"],
        ["b", "3"],
      ],
    });
  });
});
