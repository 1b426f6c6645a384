/** Who may call the methods of a REST API: its authorizers, and what it answers to those who may not. */
import type { ClientRequest, ClientResponse } from "@anylambda/wire";
import * as rest from "@anylambda/wire/front-doors/rest";
import { nodeCodec } from "@anylambda/wire/node";
import { requestEvent, tokenEvent } from "../authorizers/authorizer-event.ts";
import { type AuthorizerMeans, Authorizers, type Grant, type Refusal } from "../authorizers/authorizers.ts";
import { cognitoClaims } from "../authorizers/claims.ts";
import { textAuthorizer } from "../authorizers/function-answer.ts";
import type { RouteAuthorization } from "../authorizers/options.ts";
import type { FunctionConfiguration } from "../function.ts";
import { executeArn, sourceContext } from "./api-address.ts";
import { missingAuthenticationToken, typedError } from "./door-answers.ts";
import { type Arrival, type Place, contextOf } from "./front-door.ts";
import { callerOf } from "./iam-caller.ts";

/** What an authorizer adds to the route, and so to the event. */
type Access = Pick<rest.RestRoute, "authorizer" | "caller" | "apiKey">;

export type RestGuard = (
  request: ClientRequest,
  arrival: Arrival,
  route: rest.RestRoute,
  authorization: RouteAuthorization,
) => Promise<ClientResponse | Access>;

export function restGuard(
  means: AuthorizerMeans,
  configuration: FunctionConfiguration,
  place: Place,
): RestGuard {
  const authorizers = new Authorizers(means, { patienceMs: 29_000, strict: true, keepsAnswers: true });
  return async (request, arrival, route, authorization) => {
    const [sent = "/"] = request.target.split(/[?#]/, 1);
    const { stage, resource } = route;
    const [whole, path] = rest.restPaths(sent, stage);
    const arn = executeArn(configuration.region, place, `${stage}/${request.method}${path}`);
    const routeKey = `${request.method} ${resource}`;
    const verdict = await authorizers.verdictOn(
      {
        request,
        arn,
        context: sourceContext(request, place, { routeKey, path: whole, stage, resourcePath: resource }),
        stageVariables: route.stageVariables,
        traceId: arrival.traceId,
        signedBy: () => callerOf(request, configuration),
        eventFor: (authorizer, [token = ""]) => {
          if (authorizer.type === "token") return tokenEvent(token, arn);
          const context = contextOf(place, arrival, arrival.uuid);
          return requestEvent(rest.toEvent(request, context, route, nodeCodec), arn);
        },
      },
      authorization,
    );
    return "granted" in verdict ? accessOf(verdict.granted) : refusal(verdict.refused);
  };
}

function accessOf(grant: Grant): Access {
  switch (grant.kind) {
    case "iam":
      return { caller: grant.caller };
    case "jwt":
      return { authorizer: { claims: cognitoClaims(grant.claims) } };
    case "function":
      return { authorizer: textAuthorizer(grant), apiKey: grant.usageIdentifierKey };
  }
}

function refusal(refused: Refusal): ClientResponse {
  switch (refused.kind) {
    case "noIdentity":
      return refused.of === "iam" ? missingAuthenticationToken : unauthorized;
    case "badToken":
      return refused.isExpired ? expired : unauthorized;
    case "noScope":
    case "unauthorized":
      return unauthorized;
    case "denied":
      return refused.explicitly ? deniedExplicitly : denied;
    case "failed":
      return failed;
  }
}

const unauthorized = typedError(401, `{"message":"Unauthorized"}`, "UnauthorizedException");
const expired = typedError(401, `{"message":"The incoming token has expired"}`, "UnauthorizedException");
const failed = typedError(500, `{"message":null}`, "AuthorizerConfigurationException");
const denied = typedError(
  403,
  `{"Message":"User is not authorized to access this resource"}`,
  "AccessDeniedException",
);
const deniedExplicitly = typedError(
  403,
  `{"Message":"User is not authorized to access this resource with an explicit deny"}`,
  "AccessDeniedException",
);
