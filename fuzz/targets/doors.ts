import { EventError, isObject, kindOf, writeRequest } from "@anylambda/wire";
import type { JsonObject, RequestForApp } from "@anylambda/wire";
import * as alb from "@anylambda/wire/front-doors/alb";
import * as functionUrl from "@anylambda/wire/front-doors/function-url";
import * as httpApi1 from "@anylambda/wire/front-doors/http-api-1";
import * as httpApi2 from "@anylambda/wire/front-doors/http-api-2";
import * as lattice from "@anylambda/wire/front-doors/lattice";
import * as rest from "@anylambda/wire/front-doors/rest";
import * as webSocket from "@anylambda/wire/front-doors/websocket";
import { nodeCodec } from "@anylambda/wire/node";
import type { Target } from "../target.ts";
import { holds, parsed, same } from "../target.ts";

const toHttp: readonly ((event: JsonObject) => RequestForApp)[] = [
  (event) => functionUrl.toHttp(event, nodeCodec),
  (event) => httpApi2.toHttp(event, nodeCodec),
  (event) => httpApi1.toHttp(event, nodeCodec),
  (event) => rest.toHttp(event, nodeCodec),
  (event) => alb.toHttp(event, nodeCodec),
  (event) => lattice.toHttp(event, nodeCodec),
  (event) => webSocket.toHttp(event, "/ws", nodeCodec),
];

export const doors: Target = {
  name: "doors",
  isJson: true,
  words: [
    "GET",
    "version",
    "2.0",
    "1.0",
    "requestContext",
    "http",
    "elb",
    "httpMethod",
    "method",
    "path",
    "rawPath",
    "raw_path",
    "rawQueryString",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "headers",
    "multiValueHeaders",
    "cookies",
    "cookie",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "x-anylambda-connection-id",
    "body",
    "isBase64Encoded",
    "domainName",
    "connectionId",
    "eventType",
    "MESSAGE",
    "stage",
    "Records",
  ],
  check(input) {
    const event = parsed(nodeCodec.utf8Decode(input));
    holds("no kind", typeof kindOf(event) === "string");
    // Also doors that the event does not belong to: what they all hold, each holds for any object.
    if (isObject(event)) for (const one of toHttp) checkRequest(one, event);
  },
};

/** A request that can be written, and that says on the wire what it says in memory, and nothing else. */
function checkRequest(make: (event: JsonObject) => RequestForApp, event: JsonObject): void {
  let made: RequestForApp;
  try {
    made = make(event);
  } catch (error) {
    if (error instanceof EventError) return;
    throw error;
  }
  const { method, target, headers, body } = made.request;
  const wire = Buffer.concat(writeRequest(made.request, nodeCodec));
  const end = wire.indexOf("\r\n\r\n");
  const [line, ...fields] = wire.toString("utf8", 0, end).split("\r\n");
  same("the request line", line, `${method} ${target} HTTP/1.1`);
  holds("a target without a root", target.startsWith("/"));
  const written = fields.filter((field) => !field.startsWith("content-length: "));
  same(
    "the fields",
    written,
    headers.map(([name, value]) => `${name}: ${asSent(value)}`),
  );
  const named = (name: string): number => headers.filter(([one]) => one.toLowerCase() === name).length;
  holds("not one host", named("host") === 1);
  holds("more than one cookie", named("cookie") <= 1);
  holds("another body", wire.subarray(end + 4).equals(body));
}

/** What UTF-8 has no bytes for becomes U+FFFD. */
function asSent(text: string): string {
  return nodeCodec.utf8Decode(nodeCodec.utf8Encode(text));
}
