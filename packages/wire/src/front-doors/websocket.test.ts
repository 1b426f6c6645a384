import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { kindOf } from "./recognise.ts";
import { totalProperty } from "./testing/door-properties.ts";
import { appResponse } from "./testing/generators.ts";
import { joinBytes, responseOf, textOf } from "./testing/subject.ts";
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
