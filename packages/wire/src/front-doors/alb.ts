/** Application Load Balancer with a Lambda target group (spec event-formats.md 9). */
import type { Codec } from "../codec.ts";
import { endToEnd, isFieldValue, isToken, joinRepeated } from "../fields.ts";
import { isObject, stringAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { encodeRawPath, encodeRawQuery, queryPairs } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson, isBodiless } from "./answer-body.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { bodyOf, domainOf, methodOf, toAppFields, usableFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { lastOfEach, multiMap, pairsOfMaps } from "./maps.ts";
import { answerFields } from "./payload-1.ts";
import { isTextType, parseAnswer } from "./payload-2.ts";
import { statusDescription } from "./reasons.ts";

/** Largest answer, bytes of JSON; beyond it the client gets a 502 (9.4). */
export const ALB_MAX_ANSWER_BYTES = 1_048_576;

/** Query keys and values arrive undecoded: put together again as they are, never encoded (9.1). */
export function toHttp(event: JsonObject, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const path = encodeRawPath(stringAt(event, "path") ?? "/");
  const pairs = pairsOfMaps(event["multiValueQueryStringParameters"], event["queryStringParameters"], false);
  const query = encodeRawQuery(pairs.map(([key, value]) => `${key}=${value}`).join("&"));
  const sent = usableFields(pairsOfMaps(event["multiValueHeaders"], event["headers"], true), remarks);
  const request = {
    method: methodOf(event["httpMethod"]),
    target: query === "" ? path : `${path}?${query}`,
    headers: toAppFields(sent, [], domainOf(event)),
    body: bodyOf(event["body"], event["isBase64Encoded"], codec),
  };
  return { request, remarks };
}

/** Whether the target group has multi-valued headers: the answer must use the map that the event has (9.3). */
export function isMultiValue(event: JsonObject): boolean {
  return isObject(event["multiValueHeaders"]);
}

/**
 * A single-valued map has room for one `set-cookie`: the last one, as of two cookies of a name the later one counts.
 * {@link lostCookies} tells how many that leaves out.
 */
export function fromHttp(
  response: HttpResponse,
  method: string,
  multiValue: boolean,
  codec: Codec,
): AnswerBytes {
  const fields = endToEnd(response.headers);
  const headers = multiValue
    ? `"multiValueHeaders":${JSON.stringify(multiMap(lowered(fields), true))}`
    : `"headers":${JSON.stringify(singleMap(fields))}`;
  const description = JSON.stringify(statusDescription(response.status));
  const head = `{"statusCode":${response.status},"statusDescription":${description},${headers}`;
  const body = isBodiless(response.status, method) ? new Uint8Array(0) : response.body;
  return answerJson(head, body, "", codec);
}

export function lostCookies(response: HttpResponse, multiValue: boolean): number {
  return multiValue ? 0 : Math.max(0, headersOf(response.headers, "set-cookie").length - 1);
}

function lowered(fields: readonly HeaderField[]): HeaderField[] {
  return fields.map(([name, value]) => [name.toLowerCase(), value]);
}

function singleMap(fields: readonly HeaderField[]): JsonObject {
  const joined = joinRepeated(fields);
  const lastCookie = headersOf(fields, "set-cookie").at(-1);
  if (lastCookie !== undefined) joined.set("set-cookie", lastCookie);
  return Object.fromEntries(joined);
}

/** The load balancer's own part of a request. */
export interface AlbTarget {
  readonly targetGroupArn: string;
  /** The target group's `lambda.multi_value_headers.enabled`. */
  readonly multiValueHeaders: boolean;
}

export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  target: AlbTarget,
  codec: Codec,
): JsonObject {
  const [path = "/"] = request.target.split(/[?#]/, 1);
  const query = request.target.includes("?") ? request.target.slice(request.target.indexOf("?") + 1) : "";
  const headers = multiMap(eventHeaders(request, door), true);
  const parameters = multiMap(queryPairs(query), false);
  const maps = target.multiValueHeaders
    ? { multiValueQueryStringParameters: parameters, multiValueHeaders: headers }
    : { queryStringParameters: lastOfEach(parameters), headers: lastOfEach(headers) };
  return {
    requestContext: { elb: { targetGroupArn: target.targetGroupArn } },
    httpMethod: request.method,
    path,
    ...maps,
    ...eventBody(request, codec),
  };
}

function eventHeaders(request: ClientRequest, door: DoorContext): HeaderField[] {
  const fields = lowered(endToEnd(request.headers));
  const before = headersOf(fields, "x-forwarded-for").join(", ");
  const kept = fields.filter(([name]) => !/^x-forwarded-(for|port|proto)$/.test(name));
  if (request.body.length > 0) kept.push(["content-length", String(request.body.length)]);
  kept.push(
    ["x-forwarded-for", before === "" ? request.sourceIp : `${before}, ${request.sourceIp}`],
    ["x-forwarded-port", String(door.port)],
    ["x-forwarded-proto", door.scheme],
  );
  if (!kept.some(([name]) => name === "x-amzn-trace-id")) kept.push(["x-amzn-trace-id", door.traceId]);
  return kept;
}

/** base64 when the body is encoded (`content-encoding`) or its type is not on the list of text types (9.2). */
function eventBody(request: ClientRequest, codec: Codec): JsonObject {
  if (request.body.length === 0) return { body: "", isBase64Encoded: false };
  const [contentType] = headersOf(request.headers, "content-type");
  const isEncoded = headersOf(request.headers, "content-encoding").length > 0;
  if (!isEncoded && isTextType(contentType) && codec.isUtf8(request.body))
    return { body: codec.utf8Decode(request.body), isBase64Encoded: false };
  return { body: codec.latin1Decode(codec.base64Encode(request.body)), isBase64Encoded: true };
}

const badGatewayPage =
  "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n" +
  "</body>\r\n</html>\r\n";

/** 9.3: whatever is not a whole answer is a 502 page of the load balancer's. */
export function fromResult(result: InvocationResult, multiValue: boolean, codec: Codec): ClientResponse {
  const answer =
    result.failed || result.payload.length > ALB_MAX_ANSWER_BYTES
      ? undefined
      : parseAnswer(result.payload, codec);
  const read = isObject(answer) ? readAnswer(answer, multiValue, codec) : undefined;
  if (read !== undefined) return { ...read, headers: [...read.headers, ["Server", "awselb/2.0"]] };
  const headers: HeaderField[] = [
    ["Server", "awselb/2.0"],
    ["Content-Type", "text/html"],
  ];
  return { status: 502, headers, body: codec.utf8Encode(badGatewayPage) };
}

function readAnswer(answer: JsonObject, multiValue: boolean, codec: Codec): ClientResponse | undefined {
  const {
    statusCode,
    statusDescription: description,
    headers,
    multiValueHeaders,
    body = "",
    isBase64Encoded,
  } = answer;
  const active = multiValue ? multiValueHeaders : headers;
  if (typeof statusCode !== "number" || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 999)
    return undefined;
  if (description === null || active === null) return undefined;
  const fields = multiValue ? answerFields(undefined, active, "multi-first") : stringFields(active);
  if (fields === undefined || (typeof body !== "string" && body !== null)) return undefined;
  const bytes = isBase64Encoded === true ? codec.base64Decode(body ?? "") : codec.utf8Encode(body ?? "");
  if (bytes === undefined) return undefined;
  const usable = endToEnd(fields).filter(([name, value]) => isToken(name) && isFieldValue(value));
  return { status: statusCode, headers: usable, body: bytes };
}

/** A value that is not a string makes the answer invalid. */
function stringFields(map: unknown): HeaderField[] | undefined {
  if (map === undefined) return [];
  if (!isObject(map)) return undefined;
  const fields: HeaderField[] = [];
  for (const [name, value] of Object.entries(map)) {
    if (typeof value !== "string") return undefined;
    fields.push([name, value]);
  }
  return fields;
}
