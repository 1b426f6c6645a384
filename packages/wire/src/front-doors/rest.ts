/** API Gateway REST API, Lambda proxy integration (spec event-formats.md 4). */
import type { Codec } from "../codec.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headerOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import type { AnswerShape } from "../quick.ts";
import type { AnswerBytes } from "./answer-body.ts";
import { bytesOfBody, fieldsOfMaps, parseAnswer, sendable, statusOf } from "./answer-response.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { targetOf } from "./event-request.ts";
import { type IamCaller, iamIdentity } from "./iam-caller.ts";
import * as payload1 from "./payload-1.ts";
import { splitTarget } from "./request-event.ts";

export { methodOf, toHttp } from "./payload-1.ts";

/** The door sets these itself and would hand ours on as `x-amzn-Remapped-*`, which no client wants (4.7). */
const own = payload1.answerDifferences("date", "server");

export const answerShape: () => AnswerShape = own.shape;

export function fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes {
  return payload1.fromHttp(response, method, own, codec);
}

/** Where the API is mounted, and which resource took the request. */
export interface RestRoute {
  readonly stage: string;
  /** Matched template, such as `/shop/{proxy+}`. */
  readonly resource: string;
  readonly resourceId: string;
  /** Values of the resource's variables, as sent (4.2). */
  readonly pathParameters?: { readonly [name: string]: string } | undefined;
  readonly stageVariables?: { readonly [name: string]: string } | undefined;
  /** Such as `image/png`, `image/*`; decides base64 in both directions (4.5, 4.8). */
  readonly binaryMediaTypes: readonly string[];
  /** 15 characters and `=`. */
  readonly extendedRequestId: string;
  /** `requestContext.authorizer` of the method's authorizer (4.6). */
  readonly authorizer?: JsonObject | undefined;
  /** Who signed, of a method that asks for a signature. */
  readonly caller?: IamCaller | undefined;
  /** The key that a Lambda authorizer names (`usageIdentifierKey`). */
  readonly apiKey?: string | undefined;
}

const canonical = ["Authorization", "Host", "User-Agent", "X-Amzn-Trace-Id"];

/** 4.4: what does not reach a Lambda integration. */
const dropped: ReadonlySet<string> = new Set([
  "content-md5",
  "max-forwards",
  "proxy-authenticate",
  "server",
  "www-authenticate",
]);

/** A signature is API Gateway's own affair (4.4). */
const droppedOfSigned: ReadonlySet<string> = new Set([...dropped, "authorization"]);

/** `target` begins with the stage, which is not in the event's `path` (4.2). */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  route: RestRoute,
  codec: Codec,
): JsonObject {
  const [sent, query] = splitTarget(request.target);
  const [rooted, path] = restPaths(sent, route.stage);
  const differences = {
    path,
    resource: route.resource,
    pathParameters: route.pathParameters,
    stageVariables: route.stageVariables,
    stage: route.stage,
    canonical,
    dropped: route.caller === undefined ? dropped : droppedOfSigned,
    keepsContentLength: false,
    isText: !matches(route.binaryMediaTypes, headerOf(request.headers, "content-type")),
    context: {
      path: rooted,
      resourceId: route.resourceId,
      resourcePath: route.resource,
      extendedRequestId: route.extendedRequestId,
      ...(route.authorizer !== undefined && { authorizer: route.authorizer }),
    },
    identity: {
      ...(route.caller !== undefined && iamIdentity(route.caller)),
      ...(route.apiKey !== undefined && { apiKey: route.apiKey }),
    },
    noUserAgent: null,
  };
  // A semicolon parts parameters too (4.3).
  const target = targetOf(sent, query.replaceAll(";", "&"));
  return payload1.toEvent({ ...request, target }, door, differences, codec);
}

/**
 * The path as `requestContext` has it, and as the event has it: without the stage. A leading double slash is one before
 * the stage as well as behind it; an inner one stays (4.2).
 */
export function restPaths(sent: string, stage: string): [whole: string, path: string] {
  const whole = sent.replace(/^\/+/, "/");
  return [whole, behindStage(whole, stage).replace(/^\/*/, "/")];
}

/** Behind a domain of the user's own a path has no stage. */
function behindStage(path: string, stage: string): string {
  return path === `/${stage}` || path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;
}

function matches(binaryMediaTypes: readonly string[], contentType: string | undefined): boolean {
  if (binaryMediaTypes.includes("*/*")) return true;
  const media = mediaType(contentType);
  return media !== undefined && binaryMediaTypes.some((entry) => matchesEntry(entry.toLowerCase(), media));
}

/** `image/*` matches `image/png` and itself; an entry with a star on its left matches nothing (4.8). */
function matchesEntry(entry: string, media: string): boolean {
  if (entry.startsWith("*/")) return false;
  return entry === media || (entry.endsWith("/*") && media.startsWith(entry.slice(0, -1)));
}

function mediaType(text: string | undefined): string | undefined {
  return text?.split(";", 1)[0]?.trim().toLowerCase();
}

/** Keys that an answer may have; with any other it is malformed (4.7). */
const keys: ReadonlySet<string> = new Set([
  "statusCode",
  "headers",
  "multiValueHeaders",
  "body",
  "isBase64Encoded",
]);

/** Headers of the answer that are renamed on the way out (4.7). */
const renamed: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "content-length",
  "content-md5",
  "date",
  "max-forwards",
  "server",
  "user-agent",
  "www-authenticate",
]);

const removed: ReadonlySet<string> = new Set([
  "expect",
  "host",
  "proxy-authenticate",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
]);

/** 4.7 and 4.8; an answer without `statusCode` has 200. `accept` is the client's, whose first media type decides whether base64 is decoded. */
export function fromResult(
  result: InvocationResult,
  accept: string | undefined,
  binaryMediaTypes: readonly string[],
  codec: Codec,
): ClientResponse {
  const answer = result.failed ? undefined : parseAnswer(result.payload, codec);
  if (answer === undefined) return failure('{"message":"Internal server error"}', [], codec);
  const malformed = failure(
    '{"message": "Internal server error"}',
    [["x-amzn-ErrorType", "InternalServerErrorException"]],
    codec,
  );
  if (!isObject(answer) || Object.keys(answer).some((key) => !keys.has(key))) return malformed;
  const { statusCode, headers, multiValueHeaders, body: text, isBase64Encoded } = answer;
  const status = statusOf(statusCode ?? 200);
  const fields = fieldsOfMaps(headers, multiValueHeaders, "multi-first", isHeaderValue);
  if (status === undefined || fields === undefined || (text != null && typeof text !== "string"))
    return malformed;
  const decodes = isBase64Encoded === true && matches(binaryMediaTypes, accept?.split(",", 1)[0]);
  const body = bytesOfBody(text, decodes, codec);
  if (body === undefined) return { ...malformed, status: 500 };
  return { status, headers: clientFields(fields), body };
}

/** A number makes the answer malformed, a boolean does not (4.7, D62). */
function isHeaderValue(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || value === null;
}

/** Headers of an answer as they go out: some renamed, some removed, a content type always there (4.7). */
export function clientFields(fields: readonly HeaderField[]): HeaderField[] {
  const kept: HeaderField[] = [];
  for (const [name, value] of sendable(fields)) {
    const lower = name.toLowerCase();
    if (removed.has(lower)) continue;
    kept.push([renamed.has(lower) ? `x-amzn-Remapped-${name}` : name, value]);
  }
  if (headerOf(kept, "content-type") === undefined) kept.push(["Content-Type", "application/json"]);
  return kept;
}

function failure(message: string, headers: HeaderField[], codec: Codec): ClientResponse {
  return {
    status: 502,
    headers: [["Content-Type", "application/json"], ...headers],
    body: codec.utf8Encode(message),
  };
}
