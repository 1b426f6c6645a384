/** Application Load Balancer with a Lambda target group (spec event-formats.md 9). */
import type { Codec } from "../codec.ts";
import { endToEnd } from "../fields.ts";
import { isObject, stringAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headerOf, headersOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { encodeRawPath, encodeRawQuery, queryPairs } from "../percent.ts";
import type { AnswerShape } from "../quick.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson, answerRules, quickAnswerOf } from "./answer-body.ts";
import { bytesOfBody, fieldsOfMaps, parseAnswer, sendableEndToEnd, statusOf } from "./answer-response.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { bodyOf, domainOf, targetOf, toAppFields, usableFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { joinedMap, lastOfEach, lowered, multiMap, pairsOfMaps } from "./maps.ts";
import { methodOf } from "./payload-1.ts";
import { statusDescription, statusDescriptions } from "./reasons.ts";
import { eventBody, isPlainText, splitTarget, tracedFields } from "./request-event.ts";

/** Largest answer, bytes of JSON; beyond it the client gets a 502 (9.4). */
export const ALB_MAX_ANSWER_BYTES = 1_048_576;

/** Query keys and values arrive undecoded: put together again as they are, never encoded (9.1). */
export function toHttp(event: JsonObject, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const sent = usableFields(pairsOfMaps(event["multiValueHeaders"], event["headers"], true), remarks);
  const path = encodeRawPath(stringAt(event, "path") ?? "/");
  const pairs = pairsOfMaps(event["multiValueQueryStringParameters"], event["queryStringParameters"], false);
  const query = encodeRawQuery(pairs.map(([key, value]) => `${key}=${value}`).join("&"));
  const request = {
    method: methodOf(event),
    target: targetOf(path, query),
    headers: toAppFields(sent, [], domainOf(event)),
    body: bodyOf(event["body"], event["isBase64Encoded"], codec),
  };
  return { request, remarks };
}

export { methodOf } from "./payload-1.ts";

/** Whether the target group has multi-valued headers: the answer must use the map that the event has (9.3). */
export function isMultiValue(event: JsonObject): boolean {
  return isObject(event["multiValueHeaders"]);
}

/** A single-valued map has room for one `set-cookie`; {@link lostCookies} tells how many that leaves out. */
export function fromHttp(
  response: HttpResponse,
  method: string,
  multiValue: boolean,
  codec: Codec,
): AnswerBytes {
  const { status } = response;
  const before = `${STATUS}${status}${DESCRIPTION}${statusDescription(status)}${behindDescription(multiValue)}`;
  const quick = (multiValue ? quicklyInLists : quickly)(before, response, method);
  if (quick !== undefined) return quick;
  const fields = endToEnd(response.headers);
  const headers = multiValue ? multiMap(lowered(fields), true) : joinedMap(fields);
  return answerJson(before + JSON.stringify(headers), response, method, "", codec);
}

const quickly = quickAnswerOf({ lists: false });
const quicklyInLists = quickAnswerOf({ lists: true });

const STATUS = `{"statusCode":`;
/** No reason phrase holds what JSON would write in another way. */
const DESCRIPTION = `,"statusDescription":"`;

function behindDescription(multiValue: boolean): string {
  return multiValue ? `","multiValueHeaders":` : `","headers":`;
}

/** As {@link fromHttp} writes it. */
export function answerShape(multiValue: boolean): AnswerShape {
  return {
    before: STATUS,
    descriptions: { before: DESCRIPTION, lines: statusDescriptions() },
    behind: behindDescription(multiValue),
    rules: answerRules({ lists: multiValue }),
  };
}

export function lostCookies(response: HttpResponse, multiValue: boolean): number {
  return multiValue ? 0 : Math.max(0, headersOf(response.headers, "set-cookie").length - 1);
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
  const [path, query] = splitTarget(request.target);
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
    ...eventBody(request.body, request.body.length === 0 || isPlainText(request, codec), codec),
  };
}

/** What the load balancer asks to see whether the function is well: almost nothing of an event (9.1). */
export function healthCheckEvent(path: string, target: AlbTarget): JsonObject {
  const agent = "ELB-HealthChecker/2.0";
  return {
    requestContext: { elb: { targetGroupArn: target.targetGroupArn } },
    httpMethod: "GET",
    path,
    ...(target.multiValueHeaders
      ? { multiValueQueryStringParameters: {}, multiValueHeaders: { "user-agent": [agent] } }
      : { queryStringParameters: {}, headers: { "user-agent": agent } }),
    body: "",
    isBase64Encoded: false,
  };
}

function eventHeaders(request: ClientRequest, door: DoorContext): HeaderField[] {
  const fields = lowered(tracedFields(request, door));
  if (request.body.length > 0) fields.push(["content-length", String(request.body.length)]);
  return fields;
}

const badGatewayPage =
  "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n" +
  "</body>\r\n</html>\r\n";

/** 9.3: whatever is not a whole answer is a 502 page of the load balancer's. */
export function fromResult(result: InvocationResult, multiValue: boolean, codec: Codec): ClientResponse {
  const tooLarge = result.payload.length > ALB_MAX_ANSWER_BYTES;
  const answer = result.failed || tooLarge ? undefined : parseAnswer(result.payload, codec);
  const response = isObject(answer) ? readAnswer(answer, multiValue, codec) : undefined;
  const { headers, ...rest } = response ?? badGateway(codec);
  const named = headerOf(headers, "server") !== undefined;
  return { ...rest, headers: named ? headers : [...headers, ["Server", "awselb/2.0"]] };
}

function badGateway(codec: Codec): ClientResponse {
  return { status: 502, headers: [["Content-Type", "text/html"]], body: codec.utf8Encode(badGatewayPage) };
}

/** The map that the target group does not use is not looked at; `null` for the other one is no answer (9.3). */
function readAnswer(answer: JsonObject, multiValue: boolean, codec: Codec): ClientResponse | undefined {
  const { statusCode, statusDescription: description, headers, multiValueHeaders } = answer;
  const status = typeof statusCode === "number" ? statusOf(statusCode) : undefined;
  const fields = multiValue
    ? fieldsOfMaps(undefined, multiValueHeaders, "multi-first", isString)
    : fieldsOfMaps(headers, undefined, "single-first", isString);
  const body = bytesOfBody(answer["body"], answer["isBase64Encoded"], codec);
  const isNull = description === null || (multiValue ? multiValueHeaders : headers) === null;
  if (isNull || status === undefined || fields === undefined || body === undefined) return undefined;
  const reason = reasonOf(description);
  return { status, ...(reason !== undefined && { reason }), headers: sendableEndToEnd(fields), body };
}

/** `404 Gone fishing` sends these words behind the status on HTTP/1.1 (9.3). */
function reasonOf(description: unknown): string | undefined {
  return typeof description === "string" ? /^\d{3} ([\x20-\x7e]+)$/.exec(description)?.[1] : undefined;
}

function isString(value: unknown): boolean {
  return typeof value === "string";
}
