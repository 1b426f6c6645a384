/** VPC Lattice with a Lambda target, event structures V1 and V2 (spec event-formats.md 11). */
import type { Codec } from "../codec.ts";
import { endToEnd, joinRepeated } from "../fields.ts";
import { isObject, stringAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { decodedPairs, encodePairs, encodeRawPath, encodeRawQuery } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson } from "./answer-body.ts";
import { bytesOfBody, parseAnswer, sendableEndToEnd, statusOf } from "./answer-response.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { bodyOf, methodOf, targetOf, toAppFields, usableFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { joinedMap, lastOfEach, lowered, multiMap, pairsOfMaps } from "./maps.ts";
import { statusDescription } from "./reasons.ts";
import type { EventBody } from "./request-event.ts";
import { eventBody, forwardedFields, isPlainText, splitTarget } from "./request-event.ts";

/** Either version: the names differ, the meaning does not. The path brings its query along. */
export function toHttp(event: JsonObject, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const sent = stringAt(event, "raw_path") ?? stringAt(event, "path") ?? "/";
  const mark = sent.indexOf("?");
  const path = encodeRawPath(mark < 0 ? sent : sent.slice(0, mark));
  const query = mark < 0 ? queryOfMap(event) : encodeRawQuery(sent.slice(mark + 1));
  const fields = usableFields(pairsOfMaps(undefined, event["headers"], true), remarks);
  const request = {
    method: methodOf(event["method"]),
    target: targetOf(path, query),
    headers: toAppFields(fields, [], "localhost"),
    body: bodyOf(event["body"], event["isBase64Encoded"] ?? event["is_base64_encoded"], codec),
  };
  return { request, remarks };
}

function queryOfMap(event: JsonObject): string {
  const map = event["queryStringParameters"] ?? event["query_string_parameters"];
  return encodePairs(pairsOfMaps(undefined, map, false));
}

/** Strings only, as the answer's shape is documented no further; one `set-cookie`, as for ALB's single map. */
export function fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes {
  const headers = JSON.stringify(joinedMap(endToEnd(response.headers)));
  const description = JSON.stringify(statusDescription(response.status));
  const head = `{"statusCode":${response.status},"statusDescription":${description},"headers":${headers}`;
  return answerJson(head, response, method, "", codec);
}

/** The service's own part of a V2 event. */
export interface LatticeService {
  readonly serviceNetworkArn: string;
  readonly serviceArn: string;
  readonly targetGroupArn: string;
  readonly region: string;
}

export function toEventV2(
  request: ClientRequest,
  door: DoorContext,
  service: LatticeService,
  codec: Codec,
): JsonObject {
  const [path, query] = splitTarget(request.target);
  const parameters = decodedPairs(query, codec);
  return {
    version: "2.0",
    path: targetOf(path, query),
    method: request.method,
    headers: multiMap(eventHeaders(request, door), true),
    ...(parameters.length > 0 && { queryStringParameters: multiMap(parameters, false) }),
    ...bodyOfRequest(request, codec),
    requestContext: { ...service, identity: {}, timeEpoch: `${door.timeEpoch}000` },
  };
}

export function toEventV1(request: ClientRequest, door: DoorContext, codec: Codec): JsonObject {
  const [path, query] = splitTarget(request.target);
  const { body, isBase64Encoded } = bodyOfRequest(request, codec);
  return {
    raw_path: targetOf(path, query),
    method: request.method,
    headers: Object.fromEntries(joinRepeated(eventHeaders(request, door))),
    query_string_parameters: lastOfEach(multiMap(decodedPairs(query, codec), false)),
    body,
    is_base64_encoded: isBase64Encoded,
  };
}

function eventHeaders(request: ClientRequest, door: DoorContext): HeaderField[] {
  return lowered(forwardedFields(request, door));
}

function bodyOfRequest(request: ClientRequest, codec: Codec): EventBody {
  return eventBody(request.body, request.body.length === 0 || isPlainText(request, codec), codec);
}

/** What Lattice does with a malformed answer is not recorded; a bare 500 stands for it here. */
export function fromResult(result: InvocationResult, codec: Codec): ClientResponse {
  const answer = result.failed ? undefined : parseAnswer(result.payload, codec);
  const response = isObject(answer) ? readAnswer(answer, codec) : undefined;
  return response ?? { status: 500, headers: [], body: new Uint8Array(0) };
}

function readAnswer(answer: JsonObject, codec: Codec): ClientResponse | undefined {
  const { statusCode, headers } = answer;
  const status = typeof statusCode === "number" ? statusOf(statusCode) : undefined;
  const body = bytesOfBody(answer["body"], answer["isBase64Encoded"], codec);
  if (status === undefined || body === undefined) return undefined;
  return { status, headers: sendableEndToEnd(pairsOfMaps(undefined, headers, true)), body };
}
