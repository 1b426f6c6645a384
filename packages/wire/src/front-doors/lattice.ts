/** VPC Lattice with a Lambda target, event structures V1 and V2 (spec event-formats.md 11). */
import type { Codec } from "../codec.ts";
import { endToEnd, isFieldValue, isToken, joinRepeated } from "../fields.ts";
import { isObject, stringAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { decodeForm, encodeQueryText, encodeRawPath, encodeRawQuery, queryPairs } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { answerJson, isBodiless } from "./answer-body.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { bodyOf, methodOf, toAppFields, usableFields } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { lastOfEach, multiMap, pairsOfMaps } from "./maps.ts";
import { isTextType, parseAnswer } from "./payload-2.ts";
import { statusDescription } from "./reasons.ts";

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
    target: query === "" ? path : `${path}?${query}`,
    headers: toAppFields(fields, [], "localhost"),
    body: bodyOf(event["body"], event["isBase64Encoded"] ?? event["is_base64_encoded"], codec),
  };
  return { request, remarks };
}

function queryOfMap(event: JsonObject): string {
  return pairsOfMaps(undefined, event["queryStringParameters"] ?? event["query_string_parameters"], false)
    .map(([key, value]) => `${encodeQueryText(key)}=${encodeQueryText(value)}`)
    .join("&");
}

/** Strings only, as the answer's shape is documented no further; one `set-cookie`, as for ALB's single map. */
export function fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes {
  const fields = endToEnd(response.headers);
  const joined = joinRepeated(fields);
  const lastCookie = headersOf(fields, "set-cookie").at(-1);
  if (lastCookie !== undefined) joined.set("set-cookie", lastCookie);
  const description = JSON.stringify(statusDescription(response.status));
  const headers = JSON.stringify(Object.fromEntries(joined));
  const head = `{"statusCode":${response.status},"statusDescription":${description},"headers":${headers}`;
  const body = isBodiless(response.status, method) ? new Uint8Array(0) : response.body;
  return answerJson(head, body, "", codec);
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
  const query = queryText(request);
  const parameters = queryPairs(query).map(([key, value]): HeaderField => [
    decodeForm(key, codec),
    decodeForm(value, codec),
  ]);
  return {
    version: "2.0",
    path: request.target,
    method: request.method,
    headers: multiMap(eventHeaders(request, door), true),
    ...(parameters.length > 0 && { queryStringParameters: multiMap(parameters, false) }),
    ...eventBody(request, codec, "isBase64Encoded"),
    requestContext: { ...service, identity: {}, timeEpoch: `${door.timeEpoch}000` },
  };
}

export function toEventV1(request: ClientRequest, door: DoorContext, codec: Codec): JsonObject {
  const parameters = queryPairs(queryText(request)).map(([key, value]): HeaderField => [
    decodeForm(key, codec),
    decodeForm(value, codec),
  ]);
  return {
    raw_path: request.target,
    method: request.method,
    headers: Object.fromEntries(joinRepeated(eventHeaders(request, door))),
    query_string_parameters: lastOfEach(multiMap(parameters, false)),
    ...eventBody(request, codec, "is_base64_encoded"),
  };
}

function queryText(request: ClientRequest): string {
  const mark = request.target.indexOf("?");
  return mark < 0 ? "" : request.target.slice(mark + 1);
}

function eventHeaders(request: ClientRequest, door: DoorContext): HeaderField[] {
  const fields = endToEnd(request.headers).map(([name, value]): HeaderField => [name.toLowerCase(), value]);
  const kept = fields.filter(([name]) => !/^x-forwarded-(for|port|proto)$/.test(name));
  const before = headersOf(fields, "x-forwarded-for").join(", ");
  kept.push(
    ["x-forwarded-for", before === "" ? request.sourceIp : `${before}, ${request.sourceIp}`],
    ["x-forwarded-port", String(door.port)],
    ["x-forwarded-proto", door.scheme],
  );
  return kept;
}

function eventBody(request: ClientRequest, codec: Codec, flag: string): JsonObject {
  const [contentType] = headersOf(request.headers, "content-type");
  const isEncoded = headersOf(request.headers, "content-encoding").length > 0;
  const isText =
    request.body.length === 0 || (!isEncoded && isTextType(contentType) && codec.isUtf8(request.body));
  if (isText) return { body: codec.utf8Decode(request.body), [flag]: false };
  return { body: codec.latin1Decode(codec.base64Encode(request.body)), [flag]: true };
}

/** What Lattice does with a malformed answer is not recorded; a bare 500 stands for it here. */
export function fromResult(result: InvocationResult, codec: Codec): ClientResponse {
  const answer = result.failed ? undefined : parseAnswer(result.payload, codec);
  return (
    (isObject(answer) ? readAnswer(answer, codec) : undefined) ?? {
      status: 500,
      headers: [],
      body: new Uint8Array(0),
    }
  );
}

function readAnswer(answer: JsonObject, codec: Codec): ClientResponse | undefined {
  const { statusCode, headers, body = "", isBase64Encoded } = answer;
  if (typeof statusCode !== "number" || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 999)
    return undefined;
  if (typeof body !== "string") return undefined;
  const bytes = isBase64Encoded === true ? codec.base64Decode(body) : codec.utf8Encode(body);
  if (bytes === undefined) return undefined;
  const fields = endToEnd(pairsOfMaps(undefined, headers, true));
  return {
    status: statusCode,
    headers: fields.filter(([name, value]) => isToken(name) && isFieldValue(value)),
    body: bytes,
  };
}
