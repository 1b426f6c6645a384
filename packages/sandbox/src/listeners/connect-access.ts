/** Who may connect to a WebSocket API: the authorizer of `$connect`. Its answers are not kept (as on AWS). */
import type { ClientRequest, JsonObject } from "@anylambda/wire";
import * as websocket from "@anylambda/wire/front-doors/websocket";
import { nodeCodec } from "@anylambda/wire/node";
import { requestEvent } from "../authorizers/authorizer-event.ts";
import { type AuthorizerMeans, Authorizers, type Grant, type Refusal } from "../authorizers/authorizers.ts";
import { textAuthorizer } from "../authorizers/function-answer.ts";
import type { RouteAuthorization } from "../authorizers/options.ts";
import type { FunctionConfiguration } from "../function.ts";
import { executeArn, sourceContext } from "./api-address.ts";
import { type Arrival, type Place, contextOf } from "./front-door.ts";
import { callerOf } from "./iam-caller.ts";

export type ConnectGuard = (
  request: ClientRequest,
  arrival: Arrival,
  connection: websocket.Connection,
) => Promise<
  { readonly status: number; readonly message: string } | { readonly authorizer: JsonObject | undefined }
>;

export function connectGuard(
  means: AuthorizerMeans,
  configuration: FunctionConfiguration,
  place: Place,
  authorization: RouteAuthorization,
): ConnectGuard {
  const authorizers = new Authorizers(means, { patienceMs: 29_000, strict: true, keepsAnswers: false });
  return async (request, arrival, connection) => {
    const { stage } = connection;
    const [path = "/"] = request.target.split(/[?#]/, 1);
    const arn = executeArn(configuration.region, place, `${stage}/$connect`);
    const names = { routeKey: "$connect", path, stage, resourcePath: "$connect" };
    const verdict = await authorizers.verdictOn(
      {
        request,
        arn,
        context: sourceContext(request, place, names),
        stageVariables: undefined,
        traceId: arrival.traceId,
        signedBy: () => callerOf(request, configuration),
        eventFor: () => {
          const context = contextOf(place, arrival, arrival.extendedId);
          return requestEvent(
            websocket.toEvent({ type: "CONNECT", request }, connection, context, nodeCodec),
            arn,
          );
        },
      },
      authorization,
    );
    return "granted" in verdict ? { authorizer: said(verdict.granted) } : refusal(verdict.refused);
  };
}

function said(grant: Grant): JsonObject | undefined {
  return grant.kind === "function" ? textAuthorizer(grant) : undefined;
}

function refusal(refused: Refusal): { readonly status: number; readonly message: string } {
  switch (refused.kind) {
    case "noIdentity":
      return refused.of === "iam"
        ? { status: 403, message: "Missing Authentication Token" }
        : { status: 401, message: "Unauthorized" };
    case "unauthorized":
      return { status: 401, message: "Unauthorized" };
    case "denied":
      return {
        status: 403,
        message: `User is not authorized to access this resource${refused.explicitly ? " with an explicit deny" : ""}`,
      };
    default:
      return { status: 500, message: "Internal server error" };
  }
}
