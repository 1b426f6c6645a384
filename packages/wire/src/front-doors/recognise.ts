import { isObject, objectAt } from "../json.ts";
import type { JsonObject } from "../json.ts";

/** What an event is. Only the kinds that name a front door become an HTTP request of their own. */
export type EventKind =
  | "function-url"
  | "http-api-2.0"
  | "http-api-1.0"
  | "rest"
  | "alb"
  | "websocket"
  | "lattice-2"
  | "lattice-1"
  /** A Lambda authorizer's event: looks like HTTP, is a question about it. */
  | "authorizer"
  /** A batch (SQS, SNS, S3, streams) or Lambda@Edge. */
  | "records"
  | "other";

/**
 * First match wins, in the order of spec event-formats.md, section 2. Total: any JSON value gives a kind.
 * Each test asks for as little as tells the door from the others, so that an HTTP event with an odd member
 * stays an HTTP event.
 */
export function kindOf(event: unknown): EventKind {
  if (!isObject(event)) return "other";
  const { type, version, httpMethod, method } = event;
  if ((type === "TOKEN" || type === "REQUEST") && (isText(event["methodArn"]) || isText(event["routeArn"])))
    return "authorizer";
  if (Array.isArray(event["Records"])) return "records";
  const context = objectAt(event, "requestContext");
  if (context !== undefined) {
    if (isObject(context["elb"])) return "alb";
    if (isWebSocket(context)) return "websocket";
    if (version === "2.0" && isObject(context["http"])) return payload2Kind(event, context);
    if (version === "2.0" && isText(method) && isLattice(context)) return "lattice-2";
  }
  if (isText(event["raw_path"]) && isText(method)) return "lattice-1";
  if (context !== undefined && isText(httpMethod)) {
    if (version === "1.0") return "http-api-1.0";
    if (isText(event["resource"]) || isText(context["resourcePath"])) return "rest";
  }
  return "other";
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isWebSocket(context: JsonObject): boolean {
  const { eventType, connectionId } = context;
  return (
    isText(connectionId) && (eventType === "CONNECT" || eventType === "MESSAGE" || eventType === "DISCONNECT")
  );
}

function isLattice(context: JsonObject): boolean {
  return (
    isText(context["serviceArn"]) || isText(context["serviceNetworkArn"]) || isText(context["targetGroupArn"])
  );
}

/**
 * The two doors of payload 2.0 differ in whether `rawPath` is decoded. The domain tells them apart; behind a
 * custom domain the second signs do: an anonymous caller, TLS headers, or the cookies given twice.
 */
function payload2Kind(event: JsonObject, context: JsonObject): "function-url" | "http-api-2.0" {
  const domain = context["domainName"];
  if (typeof domain === "string") {
    if (domain.includes(".lambda-url.")) return "function-url";
    if (domain.includes(".execute-api.")) return "http-api-2.0";
  }
  const headers = objectAt(event, "headers") ?? {};
  const cookiesTwice = isText(headers["cookie"]) && Array.isArray(event["cookies"]);
  if (context["accountId"] === "anonymous" || isText(headers["x-amzn-tls-version"]) || cookiesTwice)
    return "function-url";
  return "http-api-2.0";
}
