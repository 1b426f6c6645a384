/** Where an API of API Gateway is, as its events and its authorizers know it. */
import type { ClientRequest } from "@anylambda/wire";
import type { SourceContext } from "../authorizers/identity-source.ts";
import { headerOf } from "@anylambda/wire";
import type { Place } from "./front-door.ts";

/** `arn:aws:execute-api:REGION:ACCOUNT:API/rest`; what a policy of an authorizer speaks of. */
export function executeArn(region: string, { accountId, apiId }: Place, rest: string): string {
  return `arn:aws:execute-api:${region}:${accountId}:${apiId}/${rest}`;
}

/** What identity sources of an authorizer can name. */
export function sourceContext(
  request: ClientRequest,
  { accountId, apiId, domainName }: Place,
  route: Pick<SourceContext, "routeKey" | "path" | "stage" | "resourcePath">,
): SourceContext {
  return {
    accountId,
    apiId,
    domainName,
    httpMethod: request.method,
    "identity.sourceIp": request.sourceIp,
    "identity.userAgent": headerOf(request.headers, "user-agent") ?? "",
    ...route,
  };
}
