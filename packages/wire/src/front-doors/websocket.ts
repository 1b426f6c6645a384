/**
 * API Gateway WebSocket API (spec event-formats.md 10). Its events have no method and no path; this mapping is ours:
 *
 *     $connect      POST <base>/connect      the handshake's headers and query, no body; the status accepts or rejects
 *     a message     POST <base>/message      the frame's text as the body; an answer's body goes back on a route response
 *     $disconnect   POST <base>/disconnect   no body
 *
 * Each carries `x-anylambda-connection-id`, `x-anylambda-route-key`, and in `x-anylambda-connections-url` the address
 * of the connection in the management API, to which the app posts what it has to say (10.3).
 */
import type { Codec } from "../codec.ts";
import { endToEnd } from "../fields.ts";
import { isObject, objectAt, stringAt, textOf } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { encodePairs, encodeQueryText } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson } from "./answer-body.ts";
import { bodyOf, domainOf, targetOf, toAppFields, usableFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { pairsOfMaps } from "./maps.ts";

const paths: ReadonlyMap<unknown, string> = new Map([
  ["CONNECT", "/connect"],
  ["MESSAGE", "/message"],
  ["DISCONNECT", "/disconnect"],
]);

/** `base` is a path without a slash at its end. */
export function toHttp(event: JsonObject, base: string, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const context = objectAt(event, "requestContext") ?? {};
  const path = `${base}${paths.get(context["eventType"]) ?? "/message"}`;
  const pairs = pairsOfMaps(event["multiValueQueryStringParameters"], event["queryStringParameters"], false);
  const handshake = usableFields(pairsOfMaps(event["multiValueHeaders"], event["headers"], true), remarks);
  // Empty ones are $disconnect's, where they say nothing.
  const sent = handshake.filter(([, value]) => value !== "");
  const body = bodyOf(event["body"], event["isBase64Encoded"], codec);
  if (body.length > 0 && headersOf(sent, "content-type").length === 0)
    sent.push(["content-type", isJson(event["body"]) ? "application/json" : "text/plain; charset=utf-8"]);
  const headers = [...toAppFields(sent, [], domainOf(event)), ...connectionFields(event)];
  return {
    request: { method: "POST", target: targetOf(path, encodePairs(pairs)), headers, body },
    remarks,
  };
}

/** What an app needs to know to answer: also given with events that are passed through. */
export function connectionFields(event: unknown): HeaderField[] {
  const context = (isObject(event) ? objectAt(event, "requestContext") : undefined) ?? {};
  const id = stringAt(context, "connectionId") ?? "";
  const stage = textOf(context["stage"]) ?? "";
  const domain = stringAt(context, "domainName") ?? "";
  const fields: HeaderField[] = [
    ["x-anylambda-connection-id", id],
    ["x-anylambda-connections-url", `https://${domain}/${stage}/@connections/${encodeQueryText(id)}`],
    ["x-anylambda-route-key", textOf(context["routeKey"]) ?? ""],
  ];
  return usableFields(fields, []);
}

function isJson(body: unknown): boolean {
  try {
    return typeof body === "string" && /^\s*[[{]/.test(body) && JSON.parse(body) !== undefined;
  } catch {
    return false;
  }
}

/** Of the headers only the chosen subprotocol means anything, and only to `$connect` (10.2). */
export function fromHttp(response: HttpResponse, codec: Codec): AnswerBytes {
  const protocol = headersOf(endToEnd(response.headers), "sec-websocket-protocol").at(-1);
  const headers = protocol === undefined ? "{}" : JSON.stringify({ "Sec-WebSocket-Protocol": protocol });
  return answerJson(`{"statusCode":${response.status},"headers":${headers}`, response, "POST", "", codec);
}
