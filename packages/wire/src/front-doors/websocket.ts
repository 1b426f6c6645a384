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
import { decodedPairs, encodePairs, encodeQueryText } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson } from "./answer-body.ts";
import { parseAnswer, statusOf } from "./answer-response.ts";
import { commonLogTime } from "./common-log-time.ts";
import type { ClientRequest, DoorContext, InvocationResult } from "./door.ts";
import { bodyOf, domainOf, targetOf, toAppFields, usableFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { lastOfEach, multiMap, pairsOfMaps } from "./maps.ts";
import { splitTarget, tracedFields } from "./request-event.ts";

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
  // Only an emulator has an address for a domain; ours takes plain text there also where it speaks TLS.
  const scheme = /^(localhost|\d+\.\d+\.\d+\.\d+|\[[\da-f:]+\])(:\d+)?$/.test(domain) ? "http" : "https";
  const fields: HeaderField[] = [
    ["x-anylambda-connection-id", id],
    ["x-anylambda-connections-url", `${scheme}://${domain}/${stage}/@connections/${encodeQueryText(id)}`],
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

/** One client's connection, as `requestContext` names it in each of its events. */
export interface Connection {
  /** Such as `Qx7ExampleMAEXAMPLE=`. */
  readonly connectionId: string;
  /** Unix time of the handshake, ms. */
  readonly connectedAt: number;
  readonly stage: string;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
  /** What the authorizer of `$connect` said of it; in all events of the connection. */
  readonly authorizer?: JsonObject | undefined;
}

/** What happened to a connection. */
export type Occurrence =
  /** The handshake, before it is accepted. */
  | { readonly type: "CONNECT"; readonly request: ClientRequest }
  /** `routeKey`: the route chosen for the text. */
  | {
      readonly type: "MESSAGE";
      readonly routeKey: string;
      readonly messageId: string;
      readonly text: string;
    }
  | {
      readonly type: "DISCONNECT";
      readonly host: string;
      /** As in the closing frame: 1005 when it had none, 1006 when there was no frame. */
      readonly statusCode: number;
      readonly reason: string;
    };

/** No method, no path, no query but the handshake's; what does not apply is left out (10.1). */
export function toEvent(
  occurrence: Occurrence,
  connection: Connection,
  door: DoorContext,
  codec: Codec,
): JsonObject {
  const { connectionId, connectedAt, stage, sourceIp, userAgent, authorizer } = connection;
  const { type } = occurrence;
  const requestContext = {
    routeKey: type === "MESSAGE" ? occurrence.routeKey : `$${type.toLowerCase()}`,
    ...(type === "MESSAGE" && { messageId: occurrence.messageId }),
    ...(type === "DISCONNECT" && {
      disconnectStatusCode: occurrence.statusCode,
      disconnectReason: occurrence.reason,
    }),
    eventType: type,
    extendedRequestId: door.requestId,
    requestTime: commonLogTime(door.timeEpoch),
    messageDirection: "IN",
    stage,
    connectedAt,
    requestTimeEpoch: door.timeEpoch,
    identity: { ...(userAgent !== undefined && { userAgent }), sourceIp },
    requestId: door.requestId,
    domainName: door.domainName,
    connectionId,
    apiId: door.apiId,
    ...(authorizer !== undefined && { authorizer }),
  };
  return { ...membersOf(occurrence, door, codec), requestContext, isBase64Encoded: false };
}

function membersOf(occurrence: Occurrence, door: DoorContext, codec: Codec): JsonObject {
  switch (occurrence.type) {
    case "CONNECT":
      return handshakeMembers(occurrence.request, door, codec);
    case "MESSAGE":
      return { body: occurrence.text };
    case "DISCONNECT": {
      const headers = { Host: occurrence.host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" };
      const multiValueHeaders = Object.fromEntries(
        Object.entries(headers).map(([name, one]) => [name, [one]]),
      );
      return { headers, multiValueHeaders };
    }
  }
}

function handshakeMembers(request: ClientRequest, door: DoorContext, codec: Codec): JsonObject {
  const headers = multiMap(tracedFields(request, door), true);
  const pairs = decodedPairs(splitTarget(request.target)[1], codec);
  const parameters = multiMap(pairs, false);
  return {
    headers: lastOfEach(headers),
    multiValueHeaders: headers,
    ...(pairs.length > 0 && {
      queryStringParameters: lastOfEach(parameters),
      multiValueQueryStringParameters: parameters,
    }),
  };
}

/** What the function said to a handshake or a message; `"malformed"` when it is no answer, or none came. */
export interface ConnectionAnswer {
  readonly status: number;
  /** Of the subprotocols offered the one it takes. */
  readonly protocol: string | undefined;
  /** What goes back over the connection where the route has a response, else nothing. */
  readonly body: string;
}

/** As an answer to a REST API, but of it only this is looked at (10.2). */
export function fromResult(result: InvocationResult, codec: Codec): ConnectionAnswer | "malformed" {
  const answer = result.failed ? undefined : parseAnswer(result.payload, codec);
  if (!isObject(answer)) return "malformed";
  const { statusCode, headers, multiValueHeaders, body } = answer;
  const status = statusOf(statusCode);
  if (status === undefined || (body != null && typeof body !== "string")) return "malformed";
  const fields = pairsOfMaps(multiValueHeaders, headers, true);
  return { status, protocol: headersOf(fields, "sec-websocket-protocol").at(-1), body: body ?? "" };
}
