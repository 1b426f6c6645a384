/** API Gateway HTTP API with payload format 2.0 (spec event-formats.md 6). */
import type { Codec } from "../codec.ts";
import type { JsonObject } from "../json.ts";
import { decodePath, encodeDecodedPath, encodeRawPath } from "../percent.ts";
import { parseAnswer } from "./answer-response.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { domainOf } from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { canonicalName, serverError } from "./http-api.ts";
import type { HttpApiRoute } from "./http-api.ts";
import { iamAuthorizer } from "./iam-caller.ts";
import * as payload2 from "./payload-2.ts";
import { splitTarget } from "./request-event.ts";

export function toHttp(event: JsonObject, codec: Codec): RequestForApp {
  return payload2.toHttp(event, pathEncoding(event), codec);
}

/**
 * `rawPath` is decoded despite its name, so it is encoded again. Emulators that leave it encoded are told by a
 * domain name no DNS would carry (serverless-offline's has an underscore); encoding twice would break their paths.
 */
function pathEncoding(event: JsonObject): (rawPath: string) => string {
  return domainOf(event).includes("_") ? encodeRawPath : encodeDecodedPath;
}

export { answerShape, fromHttp, methodOf } from "./payload-2.ts";

/** Moves cookies out of the headers, decodes the path, always names a content length. */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  route: HttpApiRoute,
  codec: Codec,
): JsonObject {
  const differences = {
    rawPath: decodePath(splitTarget(request.target)[0], codec),
    routeKey: route.routeKey,
    stage: route.stage,
    pathParameters: route.pathParameters,
    stageVariables: route.stageVariables,
    keepsCookieHeader: false,
    alwaysContentLength: true,
    authorizer: route.caller === undefined ? route.authorizer : iamAuthorizer(route.caller),
  };
  return payload2.toEvent(request, door, differences, codec);
}

/** 6.6: default type `text/plain` with `statusCode`, `application/json` without; all failures are 500. */
export function fromResult(result: InvocationResult, codec: Codec): ClientResponse {
  if (result.failed) return serverError(codec);
  const answer = parseAnswer(result.payload, codec);
  if (!payload2.isProxyAnswer(answer)) return payload2.inferredResponse(result.payload, answer, codec);
  // A numeric string passes at a Function URL; here nothing is recorded, and the stricter reading finds more faults.
  const proxy =
    typeof answer["statusCode"] === "number" ? payload2.readProxyAnswer(answer, codec) : "malformed";
  if (proxy === "malformed") return serverError(codec);
  const response = payload2.toClientResponse(proxy, "text/plain; charset=utf-8");
  return { ...response, headers: response.headers.map(([name, value]) => [canonicalName(name), value]) };
}
