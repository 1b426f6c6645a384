import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { kindOf } from "./recognise.ts";
import { totalProperty } from "./testing/door-properties.ts";
import { appResponse, clientRequest } from "./testing/generators.ts";
import { bytesOf, clientRequestOf, door, joinBytes, responseOf, textOf } from "./testing/subject.ts";
import * as websocket from "./websocket.ts";

const domainName = "abcde12345.execute-api.eu-north-1.amazonaws.com";

function eventOf(context: JsonObject, more: JsonObject = {}): JsonObject {
  const requestContext = { stage: "beta", domainName, connectionId: "Qx7ExampleMAEXAMPLE=", ...context };
  return { requestContext, isBase64Encoded: false, ...more };
}

const message = (body: unknown) => eventOf({ eventType: "MESSAGE", routeKey: "$default" }, { body });
const made = (event: JsonObject, base = "/ws") => websocket.toHttp(event, base, nodeCodec);

const connectionFields: HeaderField[] = [
  ["x-anylambda-connection-id", "Qx7ExampleMAEXAMPLE="],
  ["x-anylambda-connections-url", `https://${domainName}/beta/@connections/Qx7ExampleMAEXAMPLE%3D`],
];

function answerOf(response: HttpResponse): JsonObject {
  const answer: unknown = JSON.parse(textOf(joinBytes(websocket.fromHttp(response, nodeCodec))));
  if (!isObject(answer)) throw new Error("The answer is no object");
  return answer;
}

describe("websocket, any message", () => {
  totalProperty((event) => made(event), nodeCodec);

  it("gives any response's status and body to the door", () => {
    fc.assert(
      fc.property(appResponse, (response) => {
        const answer = answerOf(response);
        expect(Object.keys(answer)).toEqual(["statusCode", "headers", "body", "isBase64Encoded"]);
        expect(answer["statusCode"]).toBe(response.status);
        const encoding = answer["isBase64Encoded"] === true ? "base64" : "utf8";
        const bodiless = [204, 205, 304].includes(response.status);
        expect(Uint8Array.from(Buffer.from(String(answer["body"]), encoding))).toEqual(
          bodiless ? new Uint8Array(0) : Uint8Array.from(response.body),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("websocket toHttp", () => {
  it("posts a handshake with its headers and its query", () => {
    const event = eventOf(
      { eventType: "CONNECT", routeKey: "$connect" },
      {
        headers: { Host: "chat.test", "Sec-WebSocket-Protocol": "b" },
        multiValueHeaders: {
          Host: ["chat.test"],
          "Sec-WebSocket-Protocol": ["a", "b"],
          Connection: ["Upgrade"],
        },
        queryStringParameters: { room: "a b" },
        multiValueQueryStringParameters: { room: ["1", "a b"] },
      },
    );
    expect(kindOf(event)).toBe("websocket");
    expect(made(event)).toEqual({
      request: {
        method: "POST",
        target: "/ws/connect?room=1&room=a%20b",
        headers: [
          ["Host", "chat.test"],
          ["Sec-WebSocket-Protocol", "a"],
          ["Sec-WebSocket-Protocol", "b"],
          ...connectionFields,
          ["x-anylambda-route-key", "$connect"],
        ],
        body: new Uint8Array(0),
      },
      remarks: [],
    });
  });

  it("posts a message's text, which has no headers of its own", () => {
    const event = eventOf({ eventType: "MESSAGE", routeKey: "join" }, { body: '{"action":"join"}' });
    const { request } = made(event);
    expect([request.target, textOf(request.body)]).toEqual(["/ws/message", '{"action":"join"}']);
    expect(request.headers).toEqual([
      ["host", domainName],
      ["content-type", "application/json"],
      ...connectionFields,
      ["x-anylambda-route-key", "join"],
    ]);
  });

  it("posts an end without the headers that say nothing", () => {
    const headers = { Host: "chat.test", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" };
    const { request } = made(eventOf({ eventType: "DISCONNECT", routeKey: "$disconnect" }, { headers }), "");
    expect([request.target, request.body.length]).toEqual(["/disconnect", 0]);
    expect(request.headers).toEqual([
      ["Host", "chat.test"],
      ...connectionFields,
      ["x-anylambda-route-key", "$disconnect"],
    ]);
  });

  it.each([
    ['{"a":1}', "application/json"],
    [" [1]", "application/json"],
    ["{a", "text/plain; charset=utf-8"],
    ["7", "text/plain; charset=utf-8"],
    ["hello", "text/plain; charset=utf-8"],
  ])("calls the message %j %s", (body, type) => {
    expect(made(message(body)).request.headers).toContainEqual(["content-type", type]);
  });

  it("believes no client that calls itself a connection", () => {
    const headers = { "X-AnyLambda-Connection-Id": "another", "x-anylambda-route-key": "admin" };
    const { request } = made(eventOf({ eventType: "CONNECT", routeKey: "$connect" }, { headers }));
    expect(request.headers.filter(([name]) => name.toLowerCase().startsWith("x-anylambda-"))).toEqual([
      ...connectionFields,
      ["x-anylambda-route-key", "$connect"],
    ]);
  });

  it("takes what names no event type for a message", () => {
    for (const eventType of ["toString", "", 7, null])
      expect(made(eventOf({ eventType })).request.target).toBe("/ws/message");
  });
});

describe("websocket connectionFields", () => {
  it("are there for any event, passed through or not", () => {
    expect(websocket.connectionFields(eventOf({ routeKey: "join" })).map(([, value]) => value)).toEqual([
      ...connectionFields.map(([, value]) => value),
      "join",
    ]);
    for (const odd of [null, [], {}, { requestContext: null }])
      expect(websocket.connectionFields(odd)).toHaveLength(3);
  });
});

describe("websocket fromHttp", () => {
  it("keeps the chosen subprotocol of all headers (10.2)", () => {
    const fields: HeaderField[] = [
      ["sec-websocket-protocol", "b"],
      ["x-a", "1"],
      ["set-cookie", "a=1"],
    ];
    expect(answerOf(responseOf(fields, "x", 200))).toEqual({
      statusCode: 200,
      headers: { "Sec-WebSocket-Protocol": "b" },
      body: "x",
      isBase64Encoded: false,
    });
  });

  it("rejects a handshake with the app's status", () => {
    expect(answerOf(responseOf([], "", 403))).toMatchObject({ statusCode: 403, headers: {} });
  });
});

const connection: websocket.Connection = {
  connectionId: "Qx7ExampleMAEXAMPLE=",
  connectedAt: door.timeEpoch - 1000,
  stage: "beta",
  sourceIp: "198.51.100.4",
  userAgent: "ws/8",
};
const occurred = (occurrence: websocket.Occurrence) =>
  websocket.toEvent(occurrence, connection, door, nodeCodec);

describe("websocket toEvent", () => {
  it("E10: gives a message its route and its text, and nothing of HTTP", () => {
    const event = occurred({ type: "MESSAGE", routeKey: "join", messageId: "m=", text: '{"action":"join"}' });
    expect(event).toEqual({
      body: '{"action":"join"}',
      requestContext: {
        routeKey: "join",
        messageId: "m=",
        eventType: "MESSAGE",
        extendedRequestId: door.requestId,
        requestTime: "05/Mar/2026:14:07:09 +0000",
        messageDirection: "IN",
        stage: "beta",
        connectedAt: door.timeEpoch - 1000,
        requestTimeEpoch: door.timeEpoch,
        identity: { userAgent: "ws/8", sourceIp: "198.51.100.4" },
        requestId: door.requestId,
        domainName: door.domainName,
        connectionId: "Qx7ExampleMAEXAMPLE=",
        apiId: door.apiId,
      },
      isBase64Encoded: false,
    });
  });

  it("gives a handshake its headers as received, and its query when it has one (10.1)", () => {
    const headers: HeaderField[] = [
      ["Host", "chat.test"],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Key", "x"],
      ["sec-websocket-protocol", "a, b"],
    ];
    const event = occurred({
      type: "CONNECT",
      request: clientRequestOf({ target: "/beta?a=1&a=2", headers }),
    });
    expect(Object.keys(event)).toEqual([
      "headers",
      "multiValueHeaders",
      "queryStringParameters",
      "multiValueQueryStringParameters",
      "requestContext",
      "isBase64Encoded",
    ]);
    expect(event["headers"]).toEqual({
      Host: "chat.test",
      "Sec-WebSocket-Key": "x",
      "sec-websocket-protocol": "a, b",
      "X-Forwarded-For": "198.51.100.4",
      "X-Forwarded-Port": "443",
      "X-Forwarded-Proto": "https",
      "X-Amzn-Trace-Id": door.traceId,
    });
    expect(event["queryStringParameters"]).toEqual({ a: "2" });
    expect(event["multiValueQueryStringParameters"]).toEqual({ a: ["1", "2"] });
    expect(event["requestContext"]).toMatchObject({ routeKey: "$connect", eventType: "CONNECT" });
    expect(event["requestContext"]).not.toHaveProperty("messageId");
    expect(occurred({ type: "CONNECT", request: clientRequestOf({ target: "/beta" }) })).not.toHaveProperty(
      "queryStringParameters",
    );
  });

  it("gives an end its code, its reason and almost no headers (10.1)", () => {
    const event = occurred({ type: "DISCONNECT", host: "chat.test", statusCode: 1005, reason: "" });
    expect(event["headers"]).toEqual({
      Host: "chat.test",
      "x-api-key": "",
      "X-Forwarded-For": "",
      "x-restapi": "",
    });
    expect(event["requestContext"]).toMatchObject({
      routeKey: "$disconnect",
      disconnectStatusCode: 1005,
      disconnectReason: "",
    });
    expect(event).not.toHaveProperty("body");
  });

  it("brings any text, and any handshake's query and headers, to the app", () => {
    fc.assert(
      fc.property(clientRequest, fc.string({ unit: "grapheme" }), (sent, text) => {
        const request = {
          ...sent,
          headers: [...sent.headers, ["X-Room", "1"], ["x-room", "2"]] as HeaderField[],
        };
        const message = occurred({ type: "MESSAGE", routeKey: "$default", messageId: "m=", text });
        expect(kindOf(message)).toBe("websocket");
        expect(textOf(made(message).request.body)).toBe(text);
        const handshake = occurred({ type: "CONNECT", request });
        expect(kindOf(handshake)).toBe("websocket");
        const { headers, target } = made(handshake).request;
        const first = occurred({ type: "CONNECT", request: { ...request, target, headers } });
        expect(first["multiValueQueryStringParameters"]).toEqual(
          handshake["multiValueQueryStringParameters"],
        );
        expect(headersOf(headers, "x-room")).toEqual(["1", "2"]);
      }),
      { numRuns: 300 },
    );
  });

  it.each(["127.0.0.1:3001", "localhost:3001", "192.0.2.7:3001", "[::1]:3001"])(
    "gives the app the address of the management API of an emulator at %s",
    (domainName) => {
      const local = { ...door, domainName };
      const event = websocket.toEvent(
        { type: "DISCONNECT", host: "h", statusCode: 1000, reason: "" },
        connection,
        local,
        nodeCodec,
      );
      expect(websocket.connectionFields(event)).toContainEqual([
        "x-anylambda-connections-url",
        `http://${domainName}/beta/@connections/Qx7ExampleMAEXAMPLE%3D`,
      ]);
    },
  );
});

describe("websocket fromResult", () => {
  const read = (payload: string, failed = false) =>
    websocket.fromResult({ payload: bytesOf(payload), failed }, nodeCodec);

  it.each([
    ['{"statusCode":200}', { status: 200, protocol: undefined, body: "" }],
    ['{"statusCode":"403","body":"no"}', { status: 403, protocol: undefined, body: "no" }],
    [
      '{"statusCode":200,"headers":{"sec-websocket-protocol":"b"},"other":1}',
      { status: 200, protocol: "b", body: "" },
    ],
    [
      '{"statusCode":200,"multiValueHeaders":{"Sec-WebSocket-Protocol":["c"]}}',
      { status: 200, protocol: "c", body: "" },
    ],
  ])("reads %s", (payload, answer) => {
    expect(read(payload)).toEqual(answer);
  });

  it.each(["", "no json", "null", "7", "[]", "{}", '{"statusCode":99}', '{"statusCode":200,"body":{}}'])(
    "takes %j for no answer",
    (payload) => expect(read(payload)).toBe("malformed"),
  );

  it("takes a failure for no answer, whatever it says", () => {
    expect(read('{"statusCode":200}', true)).toBe("malformed");
  });

  it("is the inverse of fromHttp", () => {
    fc.assert(
      fc.property(appResponse, (response) => {
        const payload = joinBytes(websocket.fromHttp(response, nodeCodec));
        const answer = websocket.fromResult({ payload, failed: false }, nodeCodec);
        expect(answer).toMatchObject({ status: response.status });
      }),
    );
  });
});
