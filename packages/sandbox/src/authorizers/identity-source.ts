/**
 * Identity sources: where in a request an authorizer looks for who sent it. HTTP APIs write `$request.header.Auth`, REST
 * APIs `method.request.header.Auth`, WebSocket APIs `route.request.header.Auth`; `$context.…` and `$stageVariables.…` too.
 */
import { type ClientRequest, decodedPairs, headersOf } from "@anylambda/wire";
import { splitTarget } from "@anylambda/wire/front-doors/request-event";
import { nodeCodec } from "@anylambda/wire/node";

export interface IdentitySource {
  readonly kind: "header" | "querystring" | "context" | "stageVariables";
  readonly name: string;
}

/** Throws for what is none: an authorizer that looks nowhere would refuse everybody. */
export function readIdentitySource(text: string): IdentitySource {
  const found =
    /^(?:\$|method\.|route\.)?(?:request\.)?(header|querystring|context|stageVariables)\.([^\s,]+)$/.exec(
      text.trim(),
    );
  const [, kind, name = ""] = found ?? [];
  const isContext = kind === "context";
  if (kind === undefined || (isContext && !contextNames.has(name)))
    throw new RangeError(
      `${JSON.stringify(text)} is no identity source that is known here: it looks like $request.header.Authorization, ` +
        `$request.querystring.NAME, $stageVariables.NAME or $context.${[...contextNames].join(", $context.")}`,
    );
  return { kind: kind as IdentitySource["kind"], name };
}

/** What `context.…` can name. */
export interface SourceContext {
  readonly routeKey: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly stage: string;
  readonly apiId: string;
  readonly accountId: string;
  readonly domainName: string;
  readonly resourcePath: string;
  readonly "identity.sourceIp": string;
  readonly "identity.userAgent": string;
}

const contextNames: ReadonlySet<string> = new Set([
  "routeKey",
  "httpMethod",
  "path",
  "stage",
  "apiId",
  "accountId",
  "domainName",
  "resourcePath",
  "identity.sourceIp",
  "identity.userAgent",
] satisfies (keyof SourceContext)[]);

/** `undefined` when it is not there, or empty. Of repeated headers all, joined as a door joins them. */
export function valueOf(
  { kind, name }: IdentitySource,
  request: ClientRequest,
  context: SourceContext,
  stageVariables: Readonly<Record<string, string>> = {},
): string | undefined {
  const value = find();
  return value === undefined || value === "" ? undefined : value;

  function find(): string | undefined {
    switch (kind) {
      case "header": {
        const values = headersOf(request.headers, name.toLowerCase());
        return values.length === 0 ? undefined : values.join(",");
      }
      case "querystring":
        return decodedPairs(splitTarget(request.target)[1], nodeCodec).findLast(([key]) => key === name)?.[1];
      case "context":
        return context[name as keyof SourceContext];
      case "stageVariables":
        return Object.hasOwn(stageVariables, name) ? stageVariables[name] : undefined;
    }
  }
}
