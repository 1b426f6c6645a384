/** API Gateway HTTP API with payload format 1.0 (spec event-formats.md 5). */
import type { Codec } from "../codec.ts";
import { endToEnd, isFieldValue, isToken } from "../fields.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headerOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { decodePath } from "../percent.ts";
import type { AnswerBytes } from "./answer-body.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";
import { canonicalName, serverError } from "./http-api.ts";
import type { HttpApiRoute } from "./http-api.ts";
import * as payload1 from "./payload-1.ts";
import { isTextType, parseAnswer } from "./payload-2.ts";

export { toHttp } from "./payload-1.ts";

const nothing: ReadonlySet<string> = new Set();

export function fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes {
  return payload1.fromHttp(response, method, nothing, codec);
}

const canonical = ["Content-Type", "Cookie", "Host", "User-Agent", "X-Amzn-Trace-Id"];

/** `path` raw and with a named stage, `requestContext.path` decoded; the content length always there. */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  route: HttpApiRoute,
  codec: Codec,
): JsonObject {
  const [path = "/"] = request.target.split(/[?#]/, 1);
  const resource = route.routeKey.includes(" ")
    ? route.routeKey.slice(route.routeKey.indexOf(" ") + 1)
    : route.routeKey;
  const differences = {
    path,
    resource,
    pathParameters: undefined,
    stage: route.stage,
    canonical,
    dropped: nothing,
    keepsContentLength: true,
    isBinary: (contentType: string | undefined) => !isTextType(contentType) || !codec.isUtf8(request.body),
    context: {
      path: decodePath(path, codec),
      resourceId: route.routeKey,
      resourcePath: resource,
      extendedRequestId: door.requestId,
    },
    noUserAgent: "",
  } as const;
  return { version: "1.0", ...payload1.toEvent(request, door, differences, codec) };
}

/** As a REST API's, but lenient: unknown keys pass, `statusCode` must be there, base64 is decoded whenever flagged. */
export function fromResult(result: InvocationResult, codec: Codec): ClientResponse {
  if (result.failed) return serverError(codec);
  const answer = parseAnswer(result.payload, codec);
  if (!isObject(answer)) return serverError(codec);
  const status =
    typeof answer["statusCode"] === "string" ? Number(answer["statusCode"]) : answer["statusCode"];
  const fields = payload1.answerFields(answer["headers"], answer["multiValueHeaders"], "single-first");
  const text = answer["body"] ?? "";
  if (typeof status !== "number" || !Number.isInteger(status) || status < 100 || status > 999)
    return serverError(codec);
  if (fields === undefined || typeof text !== "string") return serverError(codec);
  const body = answer["isBase64Encoded"] === true ? codec.base64Decode(text) : codec.utf8Encode(text);
  if (body === undefined) return serverError(codec);
  const headers: HeaderField[] = endToEnd(fields)
    .filter(([name, value]) => isToken(name) && isFieldValue(value))
    .map(([name, value]) => [canonicalName(name), value]);
  if (headerOf(headers, "content-type") === undefined)
    headers.push(["Content-Type", "text/plain; charset=utf-8"]);
  return { status, headers, body };
}
