/** The event of a Lambda authorizer, made of the event that the route's function would get (spec event-formats.md 13.9). */
import type { JsonObject } from "@anylambda/wire";

/** Payload format 2.0 of HTTP APIs: the request without its body. */
export function requestEvent2(
  event: JsonObject,
  routeArn: string,
  identitySource: readonly string[],
): JsonObject {
  const { version, body: _body, isBase64Encoded: _encoded, ...rest } = event;
  return { version, type: "REQUEST", routeArn, identitySource, ...rest };
}

/** Payload format 1.0 of HTTP APIs: its documented members, without lists of values. */
export function requestEvent1(
  event: JsonObject,
  methodArn: string,
  identitySource: readonly string[],
): JsonObject {
  const { resource, path, httpMethod, headers, queryStringParameters, pathParameters, stageVariables } =
    event;
  const identity = identitySource.join(",");
  return {
    version: "1.0",
    type: "REQUEST",
    methodArn,
    identitySource: identity,
    authorizationToken: identity,
    resource,
    path,
    httpMethod,
    headers,
    queryStringParameters,
    pathParameters,
    stageVariables,
    requestContext: event["requestContext"],
  };
}

/** Of REST and WebSocket APIs. */
export function requestEvent(event: JsonObject, methodArn: string): JsonObject {
  const { body: _body, isBase64Encoded: _encoded, ...rest } = event;
  return { type: "REQUEST", methodArn, ...rest };
}

export function tokenEvent(authorizationToken: string, methodArn: string): JsonObject {
  return { type: "TOKEN", authorizationToken, methodArn };
}
