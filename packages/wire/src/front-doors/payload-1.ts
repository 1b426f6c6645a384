/**
 * Payload format 1.0 as REST APIs and HTTP APIs speak it (spec event-formats.md 4 and 5): what both do alike.
 * `rest.ts` and `http-api-1.ts` hold what each does in its own way.
 */
import type { Codec } from "../codec.ts";
import { endToEnd } from "../fields.ts";
import { stringAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headerOf } from "../message.ts";
import type { HeaderField, HttpResponse } from "../message.ts";
import { decodedPairs, encodePairs, encodeRawPath } from "../percent.ts";
import type { AnswerShape } from "../quick.ts";
import type { AnswerBytes, QuickAnswer } from "./answer-body.ts";
import { answerJson, answerRules, quickAnswerOf } from "./answer-body.ts";
import { commonLogTime } from "./common-log-time.ts";
import type { ClientRequest, DoorContext } from "./door.ts";
import {
  bodyOf,
  domainOf,
  methodOf as methodOfValue,
  targetOf,
  toAppFields,
  usableFields,
} from "./event-request.ts";
import type { RequestForApp } from "./event-request.ts";
import { lastOfEach, lowered, multiMap, pairsOfMaps } from "./maps.ts";
import { eventBody, splitTarget, tracedFields } from "./request-event.ts";

/** `path` byte for byte; the query rebuilt in the event's order, for it arrives decoded (B12). */
export function toHttp(event: JsonObject, codec: Codec): RequestForApp {
  const remarks: string[] = [];
  const sent = usableFields(pairsOfMaps(event["multiValueHeaders"], event["headers"], true), remarks);
  const path = encodeRawPath(stringAt(event, "path") ?? "/");
  const pairs = pairsOfMaps(event["multiValueQueryStringParameters"], event["queryStringParameters"], false);
  const request = {
    method: methodOf(event),
    target: targetOf(path, encodePairs(pairs)),
    headers: toAppFields(sent, [], domainOf(event)),
    body: bodyOf(event["body"], event["isBase64Encoded"], codec),
  };
  return { request, remarks };
}

export function methodOf(event: JsonObject): string {
  return methodOfValue(event["httpMethod"]);
}

/** Names, in lower case, that the door would only rename, and the quick ways to an answer without them. */
export interface AnswerDifferences {
  readonly dropped: ReadonlySet<string>;
  readonly quickly: QuickAnswer;
  /** As {@link fromHttp} writes. */
  readonly shape: () => AnswerShape;
}

export function answerDifferences(...dropped: string[]): AnswerDifferences {
  const rules = { lists: true, dropped };
  return {
    dropped: new Set(dropped),
    quickly: quickAnswerOf(rules),
    shape: () => ({
      before: `{"statusCode":`,
      behind: `,"multiValueHeaders":`,
      rules: answerRules(rules),
    }),
  };
}

/**
 * All headers in `multiValueHeaders` and no `headers`: given both, the door merges them and repeats what differs
 * (spec event-formats.md 4.7).
 */
export function fromHttp(
  response: HttpResponse,
  method: string,
  { dropped, quickly }: AnswerDifferences,
  codec: Codec,
): AnswerBytes {
  const quick = quickly(`{"statusCode":${response.status},"multiValueHeaders":`, response, method);
  if (quick !== undefined) return quick;
  const fields = endToEnd(response.headers).filter(([name]) => !dropped.has(name.toLowerCase()));
  const headers = JSON.stringify(multiMap(lowered(fields), true));
  const head = `{"statusCode":${response.status},"multiValueHeaders":${headers}`;
  return answerJson(head, response, method, "", codec);
}

/** What the doors of this format put into an event in different ways. */
export interface EventDifferences {
  readonly path: string;
  readonly resource: string;
  readonly pathParameters: { readonly [name: string]: string } | undefined;
  readonly stageVariables: { readonly [name: string]: string } | undefined;
  readonly stage: string;
  /** Names in their canonical spelling, which arrive so however they were sent. */
  readonly canonical: readonly string[];
  /** Names, in lower case, that do not reach the function. */
  readonly dropped: ReadonlySet<string>;
  readonly keepsContentLength: boolean;
  /** Whether the body arrives as text. */
  readonly isText: boolean;
  /** `requestContext` but the members that both doors have alike. */
  readonly context: JsonObject;
  /** Members of `requestContext.identity` beyond where the request came from. */
  readonly identity?: JsonObject | undefined;
  readonly noUserAgent: "" | null;
}

/** A client's request as the event of this format: members without content are `null`, as AWS has them. */
export function toEvent(
  request: ClientRequest,
  door: DoorContext,
  own: EventDifferences,
  codec: Codec,
): JsonObject {
  const headers = multiMap(eventHeaders(request, door, own), true);
  const pairs = decodedPairs(splitTarget(request.target)[1], codec);
  const parameters = pairs.length === 0 ? null : multiMap(pairs, false);
  return {
    resource: own.resource,
    path: own.path,
    httpMethod: request.method,
    headers: lastOfEach(headers),
    multiValueHeaders: headers,
    queryStringParameters: parameters === null ? null : lastOfEach(parameters),
    multiValueQueryStringParameters: parameters,
    pathParameters: own.pathParameters ?? null,
    stageVariables: own.stageVariables ?? null,
    requestContext: {
      accountId: door.accountId,
      apiId: door.apiId,
      domainName: door.domainName,
      domainPrefix: door.domainName.split(".")[0],
      requestId: door.requestId,
      requestTime: commonLogTime(door.timeEpoch),
      requestTimeEpoch: door.timeEpoch,
      httpMethod: request.method,
      protocol: "HTTP/1.1",
      stage: own.stage,
      identity: identityOf(request, own),
      ...own.context,
    },
    ...(request.body.length === 0
      ? { body: null, isBase64Encoded: false }
      : eventBody(request.body, own.isText, codec)),
  };
}

function eventHeaders(request: ClientRequest, door: DoorContext, own: EventDifferences): HeaderField[] {
  const spelled = (name: string): string =>
    own.canonical.find((canonical) => canonical.toLowerCase() === name.toLowerCase()) ?? name;
  const fields = tracedFields(request, door)
    .filter(([name]) => !own.dropped.has(name.toLowerCase()))
    .map(([name, value]): HeaderField => [spelled(name), value]);
  if (own.keepsContentLength) fields.push(["Content-Length", String(request.body.length)]);
  return fields;
}

function identityOf(request: ClientRequest, own: EventDifferences): JsonObject {
  return {
    accessKey: null,
    accountId: null,
    caller: null,
    cognitoAuthenticationProvider: null,
    cognitoAuthenticationType: null,
    cognitoIdentityId: null,
    cognitoIdentityPoolId: null,
    principalOrgId: null,
    sourceIp: request.sourceIp,
    user: null,
    userAgent: headerOf(request.headers, "user-agent") ?? own.noUserAgent,
    userArn: null,
    ...own.identity,
  };
}
