/** An API Gateway REST API with Lambda proxy integration as a real HTTP server (spec event-formats.md 4 and 15). */
import { type ClientRequest, MAX_PAYLOAD_BYTES, type Prelude, headerOf } from "@anylambda/wire";
import * as rest from "@anylambda/wire/front-doors/rest";
import { type Match, type Route, selectRoute } from "@anylambda/wire/front-doors/routes";
import { nodeCodec } from "@anylambda/wire/node";
import type { AuthorizerMeans } from "../authorizers/authorizers.ts";
import { authorizationOf } from "../authorizers/options.ts";
import type { Fleet } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";
import { apiIdOf, resourceIdOf } from "../identifiers.ts";
import { jsonAnswer, missingAuthenticationToken, typedError } from "./door-answers.ts";
import type { RestApiOptions } from "./door-options.ts";
import {
  type Faults,
  type FrontDoor,
  type Place,
  type Question,
  contextOf,
  listenFrontDoor,
} from "./front-door.ts";
import { type HttpListener, schemeOf } from "./http-listener.ts";
import { restGuard } from "./rest-access.ts";
import { RouteTable } from "./route-table.ts";
import { behindStage } from "./routing.ts";
import type { StreamForm } from "./streamed-answer.ts";

/** Opens it. Rejects for a resource that is none, and when the port is taken or the address is not this machine's. */
export async function listenRestApi(
  fleet: Fleet,
  options: Omit<RestApiOptions, "type"> = {},
  means: AuthorizerMeans = {},
): Promise<HttpListener> {
  const routes = options.resources ?? ["ANY /", "ANY /{proxy+}"];
  const streams = options.responseTransferMode === "STREAM";
  const table = new RouteTable("rest", { fleet, routes, streams, access: options });
  return listenRestApiOf(fleet, fleet.configuration, options, table, means);
}

/** The same with the resources of several functions; `fleet` is the first of them. */
export async function listenRestApiOf(
  fleet: Fleet,
  configuration: FunctionConfiguration,
  options: Omit<RestApiOptions, "type" | "resources" | "responseTransferMode">,
  table: RouteTable,
  means: AuthorizerMeans,
): Promise<HttpListener> {
  const { stage = defaultStage } = options;
  const listener = await listenFrontDoor(fleet, options, (port) =>
    doorOf(configuration, port, options, table, means),
  );
  return { ...listener, url: `${listener.url}${stage}/` };
}

const defaultStage = "prod";

function doorOf(
  configuration: FunctionConfiguration,
  port: number,
  options: Omit<RestApiOptions, "type">,
  table: RouteTable,
  means: AuthorizerMeans,
): FrontDoor {
  const { stage = defaultStage, stageVariables, binaryMediaTypes = [], timeoutMs = 29_000 } = options;
  const apiId = apiIdOf(configuration, "rest");
  const { accountId, region } = configuration;
  const scheme = schemeOf(options);
  const place: Place = {
    accountId,
    apiId,
    domainName: `${apiId}.execute-api.${region}.amazonaws.com`,
    port,
    scheme,
  };
  const guard = restGuard(means, configuration, place);
  return {
    limits: { body: 10_485_760, head: 10_240 },
    maxEventBytes: MAX_PAYLOAD_BYTES,
    patienceMs: timeoutMs,
    faults,
    get streams() {
      return table.streams;
    },
    added: ({ uuid, extendedId, traceId }) => [
      ["x-amzn-RequestId", uuid],
      ["x-amz-apigw-id", extendedId],
      ["X-Amzn-Trace-Id", traceId],
    ],
    ask(sent, arrival) {
      if (/[|{}]/.test(sent.target)) return badRequest;
      const request = overridden(sent);
      const match = matchOf(request, stage, table.routes);
      if (match === "unknownStage") return forbidden;
      if (match === undefined) return missingAuthenticationToken;
      const { path: resource } = match.route;
      const route: rest.RestRoute = {
        stage,
        stageVariables,
        resource,
        resourceId: resourceIdOf(place.apiId, resource),
        pathParameters: match.pathParameters,
        binaryMediaTypes,
        extendedRequestId: arrival.extendedId,
      };
      const accept = headerOf(request.headers, "accept");
      const { fleet, streams, access = {} } = table.memberOf(match.route);
      const question = (asked: rest.RestRoute): Question => ({
        fleet,
        event: rest.toEvent(request, contextOf(place, arrival, arrival.uuid), asked, nodeCodec),
        fromResult: (result) => rest.fromResult(result, accept, binaryMediaTypes, nodeCodec),
        ...(streams === true && { stream: streamForm }),
      });
      const authorization = authorizationOf(access, match.route.key);
      if (authorization === undefined) return question(route);
      return guard(request, arrival, route, authorization).then((given) =>
        "status" in given ? given : question({ ...route, ...given }),
      );
    },
  };
}

/** The client may name another method than the one it sends (4.4). */
function overridden(request: ClientRequest): ClientRequest {
  const method = headerOf(request.headers, "x-http-method-override")?.toUpperCase();
  return method !== undefined && /^[A-Z]+$/.test(method) ? { ...request, method } : request;
}

/** A slash at the end of a path makes no other resource, and of a greedy variable it is no part (4.2). */
function matchOf(
  { method, target }: ClientRequest,
  stage: string,
  routes: readonly Route[],
): Match | "unknownStage" | undefined {
  const [sent = "/"] = target.split(/[?#]/, 1);
  const [whole, path] = rest.restPaths(sent, stage);
  if (behindStage(whole, stage) === undefined) return "unknownStage";
  return selectRoute(routes, method, path === "/" ? path : path.replace(/\/$/, ""));
}

const malformed = typedError(502, `{"message": "Internal server error"}`, "InternalServerErrorException");

/** 4.10. Where nothing is recorded a stream is taken as the answer in one piece is. */
const streamForm: StreamForm = {
  head: ({ status, headers }: Prelude): Prelude => ({ status, headers: rest.clientFields(headers) }),
  failed: jsonAnswer(502, `{"message":"Internal server error"}`),
  malformed: { ...malformed, status: 500 },
};

const forbidden = typedError(403, `{"message":"Forbidden"}`, "ForbiddenException");
/** Of a target with `|`, `{` or `}` that is not escaped (4.3), and of one that is no path. */
const badRequest = jsonAnswer(400, `{"message":"Bad Request"}`);
const tooLong = typedError(413, `{"message":"Request Too Long"}`, "RequestTooLargeException");

/** A function that Lambda throttles is a failed integration here, not a 429. */
const failedIntegration = typedError(
  500,
  `{"message": "Internal server error"}`,
  "InternalServerErrorException",
);

const faults: Faults = {
  badTarget: badRequest,
  headTooLarge: jsonAnswer(431, `{"message":"Request Header Fields Too Large"}`),
  bodyTooLarge: tooLong,
  eventTooLarge: tooLong,
  throttled: failedIntegration,
  unavailable: failedIntegration,
  timeout: typedError(504, `{"message": "Endpoint request timed out"}`, "InternalServerErrorException"),
  bug: failedIntegration,
};
