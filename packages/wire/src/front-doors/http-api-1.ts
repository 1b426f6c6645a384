/** API Gateway HTTP API with payload format 1.0 (spec event-formats.md 5). */
import type { Codec } from "../codec.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { HttpResponse } from "../message.ts";
import { decodePath } from "../percent.ts";
import type { AnswerShape } from "../quick.ts";
import type { AnswerBytes } from "./answer-body.ts";
import {
  bytesOfBody,
  fieldsOfMaps,
  parseAnswer,
  sendableEndToEnd,
  statusOf,
  withDefaultType,
} from "./answer-response.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { canonicalName, serverError } from "./http-api.ts";
import type { HttpApiRoute } from "./http-api.ts";
import { iamIdentity } from "./iam-caller.ts";
import * as payload1 from "./payload-1.ts";
import { isText, splitTarget } from "./request-event.ts";

export { methodOf, toHttp } from "./payload-1.ts";

const own = payload1.answerDifferences();

export const answerShape: () => AnswerShape = own.shape;

export function fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes {
  return payload1.fromHttp(response, method, own, codec);
}

const canonical = ["Content-Type", "Cookie", "Host", "User-Agent", "X-Amzn-Trace-Id"];

/** `path` raw and with a named stage, `requestContext.path` decoded; the content length always there. */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  route: HttpApiRoute,
  codec: Codec,
): JsonObject {
  const [path] = splitTarget(request.target);
  const resource = route.routeKey.includes(" ")
    ? route.routeKey.slice(route.routeKey.indexOf(" ") + 1)
    : route.routeKey;
  const differences = {
    path,
    resource,
    pathParameters: route.pathParameters,
    stageVariables: route.stageVariables,
    stage: route.stage,
    canonical,
    dropped: own.dropped,
    keepsContentLength: true,
    isText: isText(request, codec),
    context: {
      path: decodePath(path, codec),
      resourceId: route.routeKey,
      resourcePath: resource,
      extendedRequestId: door.requestId,
      ...(route.authorizer !== undefined && { authorizer: route.authorizer }),
    },
    identity: route.caller && iamIdentity(route.caller),
    noUserAgent: "",
  } as const;
  return { version: "1.0", ...payload1.toEvent(request, door, differences, codec) };
}

/** As a REST API's, but lenient: unknown keys pass, `statusCode` must be there, base64 is decoded whenever flagged. */
export function fromResult(result: InvocationResult, codec: Codec): ClientResponse {
  if (result.failed) return serverError(codec);
  const answer = parseAnswer(result.payload, codec);
  if (!isObject(answer)) return serverError(codec);
  const { statusCode, headers, multiValueHeaders, body: text, isBase64Encoded } = answer;
  const status = statusOf(statusCode);
  const fields = fieldsOfMaps(headers, multiValueHeaders, "single-first", isHeaderValue);
  const body = bytesOfBody(text, isBase64Encoded, codec);
  if (status === undefined || fields === undefined || body === undefined) return serverError(codec);
  const sent = withDefaultType(status, sendableEndToEnd(fields), "text/plain; charset=utf-8");
  return { status, headers: sent.map(([name, value]) => [canonicalName(name), value]), body };
}

function isHeaderValue(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}
