/** Who may call the routes of an HTTP API: its authorizers, and what it answers to those who may not. */
import type { ClientRequest, ClientResponse, JsonObject } from "@anylambda/wire";
import type { HttpApiRoute } from "@anylambda/wire/front-doors/http-api";
import * as httpApi1 from "@anylambda/wire/front-doors/http-api-1";
import * as httpApi2 from "@anylambda/wire/front-doors/http-api-2";
import { nodeCodec } from "@anylambda/wire/node";
import { requestEvent1, requestEvent2 } from "../authorizers/authorizer-event.ts";
import { type AuthorizerMeans, Authorizers, type Grant, type Refusal } from "../authorizers/authorizers.ts";
import { httpApiClaims } from "../authorizers/claims.ts";
import type { RouteAuthorization } from "../authorizers/options.ts";
import type { FunctionConfiguration } from "../function.ts";
import { executeArn, sourceContext } from "./api-address.ts";
import { jsonAnswer } from "./door-answers.ts";
import { type Arrival, type Place, contextOf } from "./front-door.ts";
import { callerOf } from "./iam-caller.ts";
import { behindStage } from "./routing.ts";

/** What an authorizer adds to the route, and so to the event. */
type Access = Pick<HttpApiRoute, "authorizer" | "caller">;

export type HttpApiGuard = (
  request: ClientRequest,
  arrival: Arrival,
  route: HttpApiRoute,
  authorization: RouteAuthorization,
) => Promise<ClientResponse | Access>;

/** `payload`: the format of the function's events. */
export function httpApiGuard(
  means: AuthorizerMeans,
  configuration: FunctionConfiguration,
  place: Place,
  payload: "1.0" | "2.0",
): HttpApiGuard {
  const authorizers = new Authorizers(means, { patienceMs: 10_000, strict: false, keepsAnswers: true });
  return async (request, arrival, route, authorization) => {
    const [path = "/"] = request.target.split(/[?#]/, 1);
    const { stage, routeKey } = route;
    const routed = (stage === "$default" ? path : behindStage(path, stage)) ?? path;
    const resource = routeKey === "$default" ? routeKey : `${request.method}${routed}`;
    const arn = executeArn(configuration.region, place, `${stage}/${resource}`);
    const resourcePath = routeKey.slice(routeKey.indexOf(" ") + 1);
    const verdict = await authorizers.verdictOn(
      {
        request,
        arn,
        context: sourceContext(request, place, { routeKey, path, stage, resourcePath }),
        stageVariables: route.stageVariables,
        traceId: arrival.traceId,
        signedBy: () => callerOf(request, configuration),
        eventFor: (authorizer, identity) => {
          const context = contextOf(place, arrival, arrival.extendedId);
          const isFirst = authorizer.type === "request" && authorizer.payloadFormatVersion === "1.0";
          return isFirst
            ? requestEvent1(httpApi1.toEvent(request, context, route, nodeCodec), arn, identity)
            : requestEvent2(httpApi2.toEvent(request, context, route, nodeCodec), arn, identity);
        },
      },
      authorization,
    );
    return "granted" in verdict ? accessOf(verdict.granted, payload) : refusal(verdict.refused);
  };
}

function accessOf(grant: Grant, payload: "1.0" | "2.0"): Access {
  if (grant.kind === "iam") return { caller: grant.caller };
  const authorizer = grant.kind === "jwt" ? ofToken(grant, payload) : ofFunction(grant, payload);
  return { authorizer };
}

function ofToken({ claims, scopes }: Grant & { readonly kind: "jwt" }, payload: "1.0" | "2.0"): JsonObject {
  const token = { claims: httpApiClaims(claims), scopes };
  return payload === "2.0" ? { jwt: token } : token;
}

/** The context keeps its types. */
function ofFunction(
  { context, principalId, latencyMs }: Grant & { readonly kind: "function" },
  payload: "1.0" | "2.0",
): JsonObject {
  if (payload === "2.0") return { lambda: context ?? null };
  return { ...context, ...(principalId !== undefined && { principalId }), integrationLatency: latencyMs };
}

function refusal(refused: Refusal): ClientResponse {
  switch (refused.kind) {
    case "noIdentity":
      if (refused.of === "jwt") return challenge("Bearer");
      return refused.of === "iam" ? forbidden : unauthorized;
    case "badToken":
      return challenge(`Bearer scope="" error="invalid_token" error_description="${refused.description}"`);
    case "noScope": {
      const field = [
        "www-authenticate",
        `Bearer scope="${refused.wanted.join(" ")}" error="insufficient_scope"`,
      ] as const;
      return { ...forbidden, headers: [field, ...forbidden.headers] };
    }
    case "unauthorized":
      return unauthorized;
    case "denied":
      return forbidden;
    case "failed":
      return serverError;
  }
}

const unauthorized = jsonAnswer(401, `{"message":"Unauthorized"}`);
const forbidden = jsonAnswer(403, `{"message":"Forbidden"}`);
const serverError = jsonAnswer(500, `{"message":"Internal Server Error"}`);

/** Without a type, as AWS's own documentation has recorded it. */
function challenge(value: string): ClientResponse {
  return { ...unauthorized, headers: [["www-authenticate", value]] };
}
