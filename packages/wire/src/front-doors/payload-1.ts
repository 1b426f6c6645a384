/**
 * Payload format 1.0 as REST APIs and HTTP APIs speak it (spec event-formats.md 4 and 5): what both do alike.
 * `rest.ts` and `http-api-1.ts` hold what each does in its own way.
 */
import type { Codec } from "../codec.ts";
import { endToEnd } from "../fields.ts";
import { stringAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headerOf } from "../message.ts";
import type { HeaderField, HeaderList, HttpResponse } from "../message.ts";
import { decodeForm, encodeQueryText, encodeRawPath, queryPairs } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson, isBodiless } from "./answer-body.ts";
import { commonLogTime } from "./common-log-time.ts";
import type { ClientRequest, DoorContext } from "./door.ts";
import { bodyOf, domainOf, methodOf, toAppFields, usableFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { lastOfEach, multiMap, pairsOfMaps } from "./maps.ts";

/** `path` byte for byte; the query rebuilt in the event's order, for it arrives decoded (B12). */
export function toHttp(event: JsonObject, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const path = encodeRawPath(stringAt(event, "path") ?? "/");
  const query = pairsOfMaps(event["multiValueQueryStringParameters"], event["queryStringParameters"], false)
    .map(([key, value]) => `${encodeQueryText(key)}=${encodeQueryText(value)}`)
    .join("&");
  const sent = usableFields(pairsOfMaps(event["multiValueHeaders"], event["headers"], true), remarks);
  const request = {
    method: methodOf(event["httpMethod"]),
    target: query === "" ? path : `${path}?${query}`,
    headers: toAppFields(sent, [], domainOf(event)),
    body: bodyOf(event["body"], event["isBase64Encoded"], codec),
  };
  return { request, remarks };
}

/**
 * All headers in `multiValueHeaders` and no `headers`: given both, the door merges them and repeats what differs
 * (spec event-formats.md 4.7). `dropped` are names, in lower case, that the door would only rename.
 */
export function fromHttp(
  response: HttpResponse,
  method: string,
  dropped: ReadonlySet<string>,
  codec: Codec,
): AnswerBytes {
  const fields = endToEnd(response.headers).filter(([name]) => !dropped.has(name.toLowerCase()));
  const lowered = fields.map(([name, value]): HeaderField => [name.toLowerCase(), value]);
  const head = `{"statusCode":${response.status},"multiValueHeaders":${JSON.stringify(multiMap(lowered, true))}`;
  const body = isBodiless(response.status, method) ? new Uint8Array(0) : response.body;
  return answerJson(head, body, "", codec);
}

/** What the doors of this format put into an event in different ways. */
export interface EventDifferences {
  readonly path: string;
  readonly resource: string;
  readonly pathParameters: { readonly [name: string]: string } | undefined;
  readonly stage: string;
  /** Names in their canonical spelling, which arrive so however they were sent. */
  readonly canonical: readonly string[];
  /** Names, in lower case, that do not reach the function. */
  readonly dropped: ReadonlySet<string>;
  readonly keepsContentLength: boolean;
  /** Whether a body with this content type arrives as base64. */
  readonly isBinary: (contentType: string | undefined) => boolean;
  /** `requestContext` but the members that both doors have alike. */
  readonly context: JsonObject;
  readonly noUserAgent: "" | null;
}

/** A client's request as the event of this format: members without content are `null`, as AWS has them. */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  own: EventDifferences,
  codec: Codec,
): JsonObject {
  const headers = multiMap(eventHeaders(request, door, own), true);
  const query = request.target.includes("?") ? request.target.slice(request.target.indexOf("?") + 1) : "";
  const pairs = queryPairs(query).map(([key, value]): HeaderField => [
    decodeForm(key, codec),
    decodeForm(value, codec),
  ]);
  const parameters = pairs.length === 0 ? null : multiMap(pairs, false);
  return {
    resource: own.resource,
    path: own.path,
    httpMethod: request.method,
    headers: lastOfEach(headers),
    multiValueHeaders: headers,
    queryStringParameters: parameters === null ? null : lastOfEach(parameters),
    multiValueQueryStringParameters: parameters,
    pathParameters: own.pathParameters ?? null,
    stageVariables: null,
    requestContext: {
      accountId: door.accountId,
      apiId: door.apiId,
      domainName: door.domainName,
      domainPrefix: door.domainName.split(".")[0],
      requestId: door.requestId,
      requestTime: commonLogTime(door.timeEpoch),
      requestTimeEpoch: door.timeEpoch,
      httpMethod: request.method,
      protocol: "HTTP/1.1",
      stage: own.stage,
      identity: identityOf(request, own),
      ...own.context,
    },
    ...eventBody(request, own, codec),
  };
}

function eventHeaders(request: ClientRequest, door: DoorContext, own: EventDifferences): HeaderField[] {
  const spelled = (name: string): string =>
    own.canonical.find((canonical) => canonical.toLowerCase() === name.toLowerCase()) ?? name;
  const fields = endToEnd(request.headers)
    .filter(([name]) => !own.dropped.has(name.toLowerCase()))
    .map(([name, value]): HeaderField => [spelled(name), value]);
  const before = headerOf(fields, "x-forwarded-for");
  const kept = fields.filter(([name]) => !/^x-forwarded-(for|port|proto)$/i.test(name));
  kept.push(
    ["X-Forwarded-For", before === undefined ? request.sourceIp : `${before}, ${request.sourceIp}`],
    ["X-Forwarded-Port", String(door.port)],
    ["X-Forwarded-Proto", door.scheme],
  );
  if (headerOf(kept, "x-amzn-trace-id") === undefined) kept.push(["X-Amzn-Trace-Id", door.traceId]);
  if (own.keepsContentLength) kept.push(["Content-Length", String(request.body.length)]);
  return kept;
}

function identityOf(request: ClientRequest, own: EventDifferences): JsonObject {
  return {
    accessKey: null,
    accountId: null,
    caller: null,
    cognitoAuthenticationProvider: null,
    cognitoAuthenticationType: null,
    cognitoIdentityId: null,
    cognitoIdentityPoolId: null,
    principalOrgId: null,
    sourceIp: request.sourceIp,
    user: null,
    userAgent: headerOf(request.headers, "user-agent") ?? own.noUserAgent,
    userArn: null,
  };
}

function eventBody(request: ClientRequest, own: EventDifferences, codec: Codec): JsonObject {
  if (request.body.length === 0) return { body: null, isBase64Encoded: false };
  if (own.isBinary(headerOf(request.headers, "content-type")))
    return { body: codec.latin1Decode(codec.base64Encode(request.body)), isBase64Encoded: true };
  return { body: codec.utf8Decode(request.body), isBase64Encoded: false };
}

/** Header values of an answer for one of its two maps; `undefined` when a member has a type the door refuses. */
export function answerFields(
  single: unknown,
  multi: unknown,
  order: "single-first" | "multi-first",
): HeaderField[] | undefined {
  if (!isMapOrNothing(single) || !isMapOrNothing(multi)) return undefined;
  if (Object.values(multi ?? {}).some((values) => !Array.isArray(values))) return undefined;
  if (Object.values(single ?? {}).some((value) => typeof value === "object" && value !== null))
    return undefined;
  const ones = pairsOfMaps(undefined, single, true);
  const many = pairsOfMaps(multi, undefined, true);
  return withoutRepeats(order === "single-first" ? [...ones, ...many] : [...many, ...ones]);
}

function isMapOrNothing(value: unknown): value is JsonObject | null | undefined {
  return value == null || (typeof value === "object" && !Array.isArray(value));
}

/** An identical pair goes out once, and of two spellings the first stays (spec event-formats.md 4.7). */
function withoutRepeats(fields: HeaderList): HeaderField[] {
  const spelling = new Map<string, string>();
  const kept: HeaderField[] = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (!spelling.has(lower)) spelling.set(lower, name);
    if (!kept.some((other) => other[0].toLowerCase() === lower && other[1] === value))
      kept.push([spelling.get(lower) ?? name, value]);
  }
  return kept;
}
