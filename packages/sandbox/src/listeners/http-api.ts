/** An API Gateway HTTP API as a real HTTP server, payload format 1.0 or 2.0 (spec event-formats.md 5, 6 and 15). */
import {
  type ClientRequest,
  type ClientResponse,
  type JsonObject,
  MAX_PAYLOAD_BYTES,
  decodePath,
} from "@anylambda/wire";
import type { HttpApiRoute } from "@anylambda/wire/front-doors/http-api";
import * as httpApi1 from "@anylambda/wire/front-doors/http-api-1";
import * as httpApi2 from "@anylambda/wire/front-doors/http-api-2";
import { selectRoute } from "@anylambda/wire/front-doors/routes";
import { nodeCodec } from "@anylambda/wire/node";
import type { AuthorizerMeans } from "../authorizers/authorizers.ts";
import { type RouteAuthorization, authorizationOf } from "../authorizers/options.ts";
import type { Fleet } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";
import { apiIdOf } from "../identifiers.ts";
import { corsOf } from "./cors.ts";
import { jsonAnswer } from "./door-answers.ts";
import type { HttpApiOptions } from "./door-options.ts";
import {
  type Faults,
  type FrontDoor,
  type Place,
  type Question,
  contextOf,
  listenFrontDoor,
} from "./front-door.ts";
import { httpApiGuard } from "./http-api-access.ts";
import { type HttpListener, schemeOf } from "./http-listener.ts";
import { RouteTable } from "./route-table.ts";
import { behindStage } from "./routing.ts";

/** Opens it. Rejects for a route that is none, and when the port is taken or the address is not this machine's. */
export async function listenHttpApi(
  fleet: Fleet,
  options: Omit<HttpApiOptions, "type"> = {},
  means: AuthorizerMeans = {},
): Promise<HttpListener> {
  const table = new RouteTable("http-api", {
    fleet,
    routes: options.routes ?? ["$default"],
    access: options,
  });
  return listenHttpApiOf(fleet, fleet.configuration, options, table, means);
}

/** The same with the routes of several functions; `fleet` is the first of them. */
export async function listenHttpApiOf(
  fleet: Fleet,
  configuration: FunctionConfiguration,
  options: Omit<HttpApiOptions, "type" | "routes">,
  table: RouteTable,
  means: AuthorizerMeans,
): Promise<HttpListener> {
  const routeOf = routerOf(options, table);
  return listenFrontDoor(fleet, options, (port) => doorOf(configuration, port, options, routeOf, means));
}

function doorOf(
  configuration: FunctionConfiguration,
  port: number,
  options: Omit<HttpApiOptions, "type">,
  routeOf: (request: ClientRequest) => RouteFound | undefined,
  means: AuthorizerMeans,
): FrontDoor {
  const { payloadFormatVersion = "2.0", cors, timeoutMs = longestMs } = options;
  const scheme = schemeOf(options);
  const apiId = apiIdOf(configuration, `http-api-${payloadFormatVersion}`);
  const { accountId, region } = configuration;
  const place: Place = {
    accountId,
    apiId,
    domainName: `${apiId}.execute-api.${region}.amazonaws.com`,
    port,
    scheme,
  };
  const sharing = cors === undefined ? undefined : corsOf(cors, "http-api");
  const guard = httpApiGuard(means, configuration, place, payloadFormatVersion);
  const version = payloadFormatVersion === "1.0" ? httpApi1 : httpApi2;
  return {
    limits: { body: 10_485_760, head: 10_240 },
    maxEventBytes: MAX_PAYLOAD_BYTES,
    patienceMs: Math.min(timeoutMs, longestMs),
    faults,
    added: ({ extendedId }) => [["Apigw-Requestid", extendedId]],
    ask(request, arrival) {
      const preflight = sharing?.preflight(request);
      if (preflight !== undefined) return preflight;
      const found = routeOf(request);
      if (found === undefined) return notFound;
      const { fleet, authorization, ...route } = found;
      const share = (response: ClientResponse): ClientResponse =>
        sharing?.share(request, response) ?? response;
      const question = (asked: HttpApiRoute): Question => {
        const context = contextOf(place, arrival, arrival.extendedId);
        const event: JsonObject = version.toEvent(request, context, asked, nodeCodec);
        return { event, fleet, fromResult: (result) => share(version.fromResult(result, nodeCodec)) };
      };
      if (authorization === undefined) return question(route);
      return guard(request, arrival, route, authorization).then((given) =>
        "status" in given ? share(given) : question({ ...route, ...given }),
      );
    },
  };
}

interface RouteFound extends HttpApiRoute {
  readonly fleet: Fleet;
  readonly authorization: RouteAuthorization | undefined;
}

/** A stage that is not `$default` is the first segment of every path, for all but the choice of the route. */
function routerOf(
  { stage = "$default", stageVariables }: Omit<HttpApiOptions, "type">,
  table: RouteTable,
): (request: ClientRequest) => RouteFound | undefined {
  return ({ method, target }) => {
    const [path = "/"] = target.split(/[?#]/, 1);
    const routed = stage === "$default" ? path : behindStage(path, stage);
    const match = routed === undefined ? undefined : selectRoute(table.routes, method, routed);
    if (match === undefined) return undefined;
    const pathParameters = match.pathParameters && decoded(match.pathParameters);
    const { key: routeKey } = match.route;
    const { fleet, access = {} } = table.memberOf(match.route);
    const authorization = authorizationOf(access, routeKey);
    return { fleet, authorization, stage, routeKey, pathParameters, stageVariables };
  };
}

function decoded(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, decodePath(value, nodeCodec)]),
  );
}

/** Hard, on AWS too (6.7). */
const longestMs = 30_000;

const notFound = jsonAnswer(404, `{"message":"Not Found"}`);
const serverError = jsonAnswer(500, `{"message":"Internal Server Error"}`);
const serviceUnavailable = jsonAnswer(503, `{"message":"Service Unavailable"}`);
const tooLarge = jsonAnswer(413, `{"message":"Request Entity Too Large"}`);

/** What a client gets while the function is throttled is not recorded. */
const faults: Faults = {
  badTarget: jsonAnswer(400, `{"message":"Bad Request"}`),
  headTooLarge: jsonAnswer(431, `{"message":"Request Header Fields Too Large"}`),
  bodyTooLarge: tooLarge,
  eventTooLarge: tooLarge,
  throttled: serviceUnavailable,
  unavailable: serviceUnavailable,
  timeout: serviceUnavailable,
  bug: serverError,
};
