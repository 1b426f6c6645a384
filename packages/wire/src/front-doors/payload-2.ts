/**
 * Payload format 2.0, spoken by Function URLs and by HTTP APIs (spec event-formats.md 6 and 7). What the two
 * doors do alike stands here; `function-url.ts` and `http-api-2.ts` hold what each does in its own way.
 */
import type { Codec } from "../codec.ts";
import { endToEnd, joinRepeated } from "../fields.ts";
import { isObject, objectAt, stringAt, textOf } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { decodePath, decodedPairs, encodePairs, encodeRawQuery } from "../percent.ts";
import type { AnswerShape } from "../quick.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson, answerRules, quickAnswerOf } from "./answer-body.ts";
import { bytesOfBody, sendableEndToEnd, statusOf, withDefaultType } from "./answer-response.ts";
import { commonLogTime } from "./common-log-time.ts";
import type { ClientRequest, ClientResponse, DoorContext } from "./door.ts";
import {
  bodyOf,
  cookiesOf,
  domainOf,
  fieldsOf,
  methodOf as methodOfValue,
  targetOf,
  toAppFields,
} from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { pairsOfMaps } from "./maps.ts";
import { eventBody, isText, splitTarget, tracedFields } from "./request-event.ts";

/** Event to request; `path` encodes what the door calls `rawPath`. */
export function toHttp(event: JsonObject, path: (rawPath: string) => string, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const http = objectAt(objectAt(event, "requestContext") ?? {}, "http") ?? {};
  const rawPath = stringAt(event, "rawPath") ?? stringAt(event, "path") ?? stringAt(http, "path") ?? "/";
  const cookies = cookiesOf(event["cookies"], remarks);
  const sent = fieldsOf(objectAt(event, "headers"), remarks);
  const request = {
    method: methodOf(event),
    target: targetOf(path(rawPath), queryOf(event)),
    headers: toAppFields(sent, cookies, domainOf(event)),
    body: bodyOf(event["body"], event["isBase64Encoded"], codec),
  };
  return { request, remarks };
}

export function methodOf(event: JsonObject): string {
  return methodOfValue((objectAt(objectAt(event, "requestContext") ?? {}, "http") ?? {})["method"]);
}

/** Verbatim when the event has it; else rebuilt from the map, so that a hand-made event keeps its query (B26). */
function queryOf(event: JsonObject): string {
  const raw = stringAt(event, "rawQueryString");
  if (raw !== undefined) return encodeRawQuery(raw);
  return encodePairs(pairsOfMaps(undefined, event["queryStringParameters"], false));
}

/**
 * Response to answer. There is no map of lists in this format: repeated fields are joined, cookies have a list of
 * their own. Key order is LWA's.
 */
export function fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes {
  const quick = quickly(`{"statusCode":${response.status},"headers":`, response, method);
  if (quick !== undefined) return quick;
  const fields = endToEnd(response.headers);
  const cookies = headersOf(fields, "set-cookie");
  const joined = joinRepeated(fields);
  joined.delete("set-cookie");
  const headers = JSON.stringify(Object.fromEntries(joined));
  const head = `{"statusCode":${response.status},"headers":${headers}`;
  return answerJson(head, response, method, `,"cookies":${JSON.stringify(cookies)}`, codec);
}

const ownRules = { lists: false, apart: `,"cookies":` };
const quickly = quickAnswerOf(ownRules);

/** As {@link fromHttp} writes it. */
export function answerShape(): AnswerShape {
  return { before: `{"statusCode":`, behind: `,"headers":`, rules: answerRules(ownRules) };
}

/** What the doors of this format put into an event in different ways. */
export interface EventDifferences {
  readonly rawPath: string;
  readonly routeKey: string;
  readonly stage: string;
  /** Whether `headers` keeps `cookie` beside the `cookies` list. */
  readonly keepsCookieHeader: boolean;
  /** Whether `content-length` stands in `headers` also when there is no body. */
  readonly alwaysContentLength: boolean;
  readonly pathParameters?: { readonly [name: string]: string } | undefined;
  readonly stageVariables?: { readonly [name: string]: string } | undefined;
  /** Whether `headers` tells how the connection was secured. */
  readonly tellsTls?: boolean;
  /** Who the caller proved to be. */
  readonly authorizer?: JsonObject | undefined;
}

/** A client's request as the event of this format. Members without content are left out, never `null`. */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  own: EventDifferences,
  codec: Codec,
): JsonObject {
  const [path, query] = splitTarget(request.target);
  const headers = eventHeaders(request, door, own);
  const cookies = cookieList(request);
  const parameters = queryParameters(query, codec);
  // Member by member: V8 makes a spread in the middle of an object at twenty times the cost.
  const context: { [name: string]: unknown } = { accountId: door.accountId, apiId: door.apiId };
  if (own.authorizer !== undefined) context["authorizer"] = own.authorizer;
  context["domainName"] = door.domainName;
  context["domainPrefix"] = door.domainName.split(".", 1)[0];
  context["http"] = {
    method: request.method,
    path: decodePath(path, codec),
    protocol: "HTTP/1.1",
    sourceIp: request.sourceIp,
    userAgent: headers.get("user-agent") ?? "",
  };
  context["requestId"] = door.requestId;
  context["routeKey"] = own.routeKey;
  context["stage"] = own.stage;
  context["time"] = commonLogTime(door.timeEpoch);
  context["timeEpoch"] = door.timeEpoch;
  const event: { [name: string]: unknown } = {
    version: "2.0",
    routeKey: own.routeKey,
    rawPath: own.rawPath,
    rawQueryString: query,
  };
  if (cookies.length > 0) event["cookies"] = cookies;
  event["headers"] = Object.fromEntries(headers);
  if (parameters !== undefined) event["queryStringParameters"] = parameters;
  event["requestContext"] = context;
  if (own.pathParameters !== undefined) event["pathParameters"] = own.pathParameters;
  if (own.stageVariables !== undefined) event["stageVariables"] = own.stageVariables;
  if (request.body.length === 0) event["isBase64Encoded"] = false;
  else Object.assign(event, eventBody(request.body, isText(request, codec), codec));
  return event;
}

/** Lower case, repeated fields joined with a comma and no space, the front door's own fields added. */
function eventHeaders(request: ClientRequest, door: DoorContext, own: EventDifferences): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of tracedFields(request, door)) {
    const lower = name.toLowerCase();
    const before = headers.get(lower);
    const separator = lower === "cookie" ? "; " : ",";
    headers.set(lower, before === undefined ? value : `${before}${separator}${value}`);
  }
  if (own.tellsTls === true && request.tls !== undefined) {
    headers.set("x-amzn-tls-version", request.tls.version);
    headers.set("x-amzn-tls-cipher-suite", request.tls.cipherSuite);
  }
  if (!own.keepsCookieHeader) headers.delete("cookie");
  if (request.body.length > 0 || own.alwaysContentLength)
    headers.set("content-length", String(request.body.length));
  return headers;
}

function cookieList(request: ClientRequest): string[] {
  const cookies: string[] = [];
  for (const line of headersOf(request.headers, "cookie"))
    for (const cookie of line.split(";")) if (cookie.trim() !== "") cookies.push(cookie.trim());
  return cookies;
}

function queryParameters(query: string, codec: Codec): JsonObject | undefined {
  if (query === "") return undefined;
  const joined = new Map<string, string>();
  for (const [name, text] of decodedPairs(query, codec)) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? text : `${before},${text}`);
  }
  return joined.size === 0 ? undefined : Object.fromEntries(joined);
}

/** Whether an answer is one, and not itself the body: it has `statusCode`. */
export function isProxyAnswer(answer: unknown): answer is JsonObject {
  return isObject(answer) && answer["statusCode"] !== undefined;
}

/** A function's answer with `statusCode`, read; `"malformed"` when a member has a type that the doors refuse. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: [string, string][];
  readonly cookies: readonly string[];
  readonly body: Uint8Array;
}

/** Reads `{"statusCode": ...}`; the caller has seen that the key is there. */
export function readProxyAnswer(answer: JsonObject, codec: Codec): ProxyAnswer | "malformed" {
  const { statusCode, headers, cookies, body, isBase64Encoded } = answer;
  const status = statusOf(statusCode);
  if (status === undefined) return "malformed";
  if (headers != null && !isObject(headers)) return "malformed";
  if (cookies != null && !Array.isArray(cookies)) return "malformed";
  const fields: [string, string][] = [];
  for (const [name, value] of Object.entries(headers ?? {})) {
    const text = textOf(value);
    if (text !== undefined) fields.push([name, text]);
  }
  const bytes = bytesOfBody(body, isBase64Encoded, codec);
  if (bytes === undefined) return "malformed";
  const lines = (cookies ?? []).map(textOf).filter((one) => one !== undefined);
  return { status, headers: fields, cookies: lines, body: bytes };
}

/** The answer as a response: cookies first, each a field of its own; unusable fields left out, framing not taken over. */
export function toClientResponse(answer: ProxyAnswer, defaultType: string): ClientResponse {
  const { status, cookies, body } = answer;
  const fields = cookies.map((one): HeaderField => ["set-cookie", one]).concat(answer.headers);
  return { status, headers: withDefaultType(status, sendableEndToEnd(fields), defaultType), body };
}

/** A payload without `statusCode` is itself the body: a JSON string loses its quotes, all else is printed anew. */
export function inferredResponse(payload: Uint8Array, answer: unknown, codec: Codec): ClientResponse {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  const body = answer === undefined ? payload : codec.utf8Encode(text);
  return { status: 200, headers: [["Content-Type", "application/json"]], body };
}
