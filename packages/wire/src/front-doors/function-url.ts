/** Lambda Function URL, buffered (spec event-formats.md 7). */
import type { Codec } from "../codec.ts";
import type { JsonObject } from "../json.ts";
import { encodeRawPath } from "../percent.ts";
import { parseAnswer } from "./answer-response.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import type { RequestForApp } from "./event-request.ts";
import { type IamCaller, iamAuthorizer } from "./iam-caller.ts";
import * as payload2 from "./payload-2.ts";
import { splitTarget } from "./request-event.ts";

/** `rawPath` is what the client sent, still encoded, malformed escapes included. */
export function toHttp(event: JsonObject, codec: Codec): RequestForApp {
  return payload2.toHttp(event, encodeRawPath, codec);
}

export { answerShape, fromHttp, methodOf } from "./payload-2.ts";

/** Keeps the `cookie` header beside the `cookies` list; route and stage are always `$default`. */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  codec: Codec,
  caller?: IamCaller,
): JsonObject {
  const differences = {
    rawPath: splitTarget(request.target)[0],
    routeKey: "$default",
    stage: "$default",
    keepsCookieHeader: true,
    alwaysContentLength: false,
    tellsTls: true,
    authorizer: caller === undefined ? undefined : iamAuthorizer(caller),
  };
  return payload2.toEvent(request, door, differences, codec);
}

/** 7.2: default type `application/json` with and without `statusCode`; failures and malformed answers are 502. */
export function fromResult(result: InvocationResult, codec: Codec): ClientResponse {
  if (result.failed) return badGateway(codec);
  const answer = parseAnswer(result.payload, codec);
  if (!payload2.isProxyAnswer(answer)) return payload2.inferredResponse(result.payload, answer, codec);
  const proxy = payload2.readProxyAnswer(answer, codec);
  if (proxy === "malformed") return badGateway(codec);
  return payload2.toClientResponse(proxy, "application/json");
}

function badGateway(codec: Codec): ClientResponse {
  return {
    status: 502,
    headers: [["Content-Type", "text/plain"]],
    body: codec.utf8Encode("Internal Server Error"),
  };
}
