/**
 * Payload format 2.0, spoken by Function URLs and by HTTP APIs (spec event-formats.md 6 and 7). What the two
 * doors do alike stands here; `function-url.ts` and `http-api-2.ts` hold what each does in its own way.
 */
import type { Codec } from "../codec.ts";
import { endToEnd, isFieldValue, isToken, joinRepeated } from "../fields.ts";
import { isObject, objectAt, stringAt, textOf } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headerOf, headersOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { decodeForm, decodePath, encodeQueryText, encodeRawQuery, queryPairs } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson, isBodiless } from "./answer-body.ts";
import { commonLogTime } from "./common-log-time.ts";
import type { ClientRequest, ClientResponse, DoorContext } from "./door.ts";
import { bodyOf, cookiesOf, domainOf, fieldsOf, methodOf, toAppFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";

/** Event to request; `path` encodes what the door calls `rawPath`. */
export function toHttp(event: JsonObject, path: (rawPath: string) => string, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const http = objectAt(objectAt(event, "requestContext") ?? {}, "http") ?? {};
  const rawPath = stringAt(event, "rawPath") ?? stringAt(event, "path") ?? stringAt(http, "path") ?? "/";
  const query = queryOf(event);
  const cookies = cookiesOf(event["cookies"], remarks);
  const sent = fieldsOf(objectAt(event, "headers"), remarks);
  const request = {
    method: methodOf(http["method"]),
    target: query === "" ? path(rawPath) : `${path(rawPath)}?${query}`,
    headers: toAppFields(sent, cookies, domainOf(event)),
    body: bodyOf(event["body"], event["isBase64Encoded"], codec),
  };
  return { request, remarks };
}

/** Verbatim when the event has it; else rebuilt from the map, so that a hand-made event keeps its query (B26). */
function queryOf(event: JsonObject): string {
  const raw = stringAt(event, "rawQueryString");
  if (raw !== undefined) return encodeRawQuery(raw);
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(objectAt(event, "queryStringParameters") ?? {})) {
    const text = textOf(value);
    if (text !== undefined) pairs.push(`${encodeQueryText(key)}=${encodeQueryText(text)}`);
  }
  return pairs.join("&");
}

/**
 * Response to answer. There is no map of lists in this format: repeated fields are joined, cookies have a list of
 * their own. Key order is LWA's.
 */
export function fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes {
  const fields = endToEnd(response.headers);
  const cookies = headersOf(fields, "set-cookie");
  const joined = joinRepeated(fields);
  joined.delete("set-cookie");
  const headers = JSON.stringify(Object.fromEntries(joined));
  const head = `{"statusCode":${response.status},"headers":${headers}`;
  const body = isBodiless(response.status, method) ? new Uint8Array(0) : response.body;
  return answerJson(head, body, `,"cookies":${JSON.stringify(cookies)}`, codec);
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
  const contentType = headers.get("content-type");
  return {
    version: "2.0",
    routeKey: own.routeKey,
    rawPath: own.rawPath,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers: Object.fromEntries(headers),
    ...(parameters !== undefined && { queryStringParameters: parameters }),
    requestContext: {
      accountId: door.accountId,
      apiId: door.apiId,
      domainName: door.domainName,
      domainPrefix: door.domainName.split(".")[0],
      http: {
        method: request.method,
        path: decodePath(path, codec),
        protocol: "HTTP/1.1",
        sourceIp: request.sourceIp,
        userAgent: headers.get("user-agent") ?? "",
      },
      requestId: door.requestId,
      routeKey: own.routeKey,
      stage: own.stage,
      time: commonLogTime(door.timeEpoch),
      timeEpoch: door.timeEpoch,
    },
    ...eventBody(request.body, contentType, codec),
  };
}

/** Path and query of a request target; a fragment, which no client should send, is dropped. */
export function splitTarget(target: string): [path: string, query: string] {
  const hash = target.indexOf("#");
  const sent = hash < 0 ? target : target.slice(0, hash);
  const mark = sent.indexOf("?");
  return mark < 0 ? [sent, ""] : [sent.slice(0, mark), sent.slice(mark + 1)];
}

/** Lower case, repeated fields joined with a comma and no space, the front door's own fields added. */
function eventHeaders(request: ClientRequest, door: DoorContext, own: EventDifferences): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of endToEnd(request.headers)) {
    const lower = name.toLowerCase();
    const before = headers.get(lower);
    const separator = lower === "cookie" ? "; " : ",";
    headers.set(lower, before === undefined ? value : `${before}${separator}${value}`);
  }
  if (!own.keepsCookieHeader) headers.delete("cookie");
  if (request.body.length > 0 || own.alwaysContentLength)
    headers.set("content-length", String(request.body.length));
  const forwardedFor = headers.get("x-forwarded-for");
  headers.set(
    "x-forwarded-for",
    forwardedFor === undefined ? request.sourceIp : `${forwardedFor}, ${request.sourceIp}`,
  );
  headers.set("x-forwarded-proto", door.scheme);
  headers.set("x-forwarded-port", String(door.port));
  if (!headers.has("x-amzn-trace-id")) headers.set("x-amzn-trace-id", door.traceId);
  return headers;
}

function cookieList(request: ClientRequest): string[] {
  const cookies: string[] = [];
  for (const line of headersOf(request.headers, "cookie"))
    for (const cookie of line.split(";")) if (cookie.trim() !== "") cookies.push(cookie.trim());
  return cookies;
}

function queryParameters(query: string, codec: Codec): JsonObject | undefined {
  const joined = new Map<string, string>();
  for (const [key, value] of queryPairs(query)) {
    const name = decodeForm(key, codec);
    const text = decodeForm(value, codec);
    const before = joined.get(name);
    joined.set(name, before === undefined ? text : `${before},${text}`);
  }
  return joined.size === 0 ? undefined : Object.fromEntries(joined);
}

/**
 * Text only for the listed types, all else base64, also a body without a type (6.5). Bytes that are not UTF-8
 * become base64 whatever they call themselves: what AWS does with them is not recorded, and nothing is lost so.
 */
function eventBody(body: Uint8Array, contentType: string | undefined, codec: Codec): JsonObject {
  if (body.length === 0) return { isBase64Encoded: false };
  if (isTextType(contentType) && codec.isUtf8(body))
    return { body: codec.utf8Decode(body), isBase64Encoded: false };
  return { body: codec.latin1Decode(codec.base64Encode(body)), isBase64Encoded: true };
}

/** Types whose bodies arrive as text (6.5): a short list, and no charset but UTF-8. */
export function isTextType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const [type = "", ...parameters] = contentType.toLowerCase().split(";");
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return false;
  const media = type.trim();
  return (
    media.startsWith("text/") ||
    media === "application/json" ||
    media === "application/xml" ||
    media === "application/javascript"
  );
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
  const { statusCode, headers, cookies, body } = answer;
  const status =
    typeof statusCode === "string" && /^\d{3}$/.test(statusCode) ? Number(statusCode) : statusCode;
  // 1xx and above 599 are not recorded (U9). An interim status would leave the client waiting for another answer.
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599)
    return "malformed";
  if (headers != null && !isObject(headers)) return "malformed";
  if (cookies != null && !Array.isArray(cookies)) return "malformed";
  const fields: [string, string][] = [];
  for (const [name, value] of Object.entries(headers ?? {})) {
    const text = textOf(value);
    if (text !== undefined) fields.push([name, text]);
  }
  const bytes = answerBody(body, answer["isBase64Encoded"], codec);
  if (bytes === undefined) return "malformed";
  const lines = (cookies ?? []).map(textOf).filter((one) => one !== undefined);
  return { status, headers: fields, cookies: lines, body: bytes };
}

function answerBody(body: unknown, isBase64: unknown, codec: Codec): Uint8Array | undefined {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (typeof body !== "string") return undefined;
  return isBase64 === true ? codec.base64Decode(body) : codec.utf8Encode(body);
}

/** The answer as a response: cookies first, each a field of its own; unusable fields left out, framing not taken over. */
export function toClientResponse(answer: ProxyAnswer, defaultType: string): ClientResponse {
  const headers: HeaderField[] = answer.cookies.map((cookie) => ["set-cookie", cookie]);
  headers.push(...endToEnd(answer.headers));
  const usable = headers.filter(([name, value]) => isToken(name) && isFieldValue(value));
  const hasContent = answer.status !== 204 && answer.status !== 304;
  if (hasContent && headerOf(usable, "content-type") === undefined)
    usable.push(["Content-Type", defaultType]);
  return { status: answer.status, headers: usable, body: answer.body };
}

/** A payload without `statusCode` is itself the body: a JSON string loses its quotes, all else is printed anew. */
export function readInferredAnswer(payload: Uint8Array, answer: unknown, codec: Codec): Uint8Array {
  if (answer === undefined) return payload;
  return codec.utf8Encode(typeof answer === "string" ? answer : JSON.stringify(answer));
}

/** The payload as JSON; `undefined` when it is none. */
export function parseAnswer(payload: Uint8Array, codec: Codec): unknown {
  try {
    return JSON.parse(codec.utf8Decode(payload)) as unknown;
  } catch {
    return undefined;
  }
}
