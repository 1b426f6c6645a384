/** `Auth` of an API of a template, and of the events that lead there, as authorizers and routes of `anylambda.yaml`. */
import type { AuthorizerSettings } from "../schema.ts";

type Json = Readonly<Record<string, unknown>>;

export type ApiType = "http-api" | "rest";

/** What an API says of who may call it. */
export interface ApiAuth {
  /** By the names that the configuration has for them. */
  readonly authorizers: Readonly<Record<string, AuthorizerSettings>>;
  /** Of routes that say nothing themselves. */
  readonly fallback: RouteAuth | undefined;
  /** Of a name of the template; `undefined` when there is none, or none that is known here. */
  readonly named: (name: string) => RouteAuth | undefined;
}

export interface RouteAuth {
  readonly authorizer: string;
  readonly scopes?: string[];
}

interface Surroundings {
  /** Such as `Resources.Shop.Properties.Auth`. */
  readonly path: string;
  /** Names of the template's functions. */
  readonly functions: ReadonlySet<string>;
  readonly leftOut: (path: string) => void;
}

const iam = "AWS_IAM";

/** `auth` is resolved. */
export function apiAuth(api: string, type: ApiType, auth: Json, around: Surroundings): ApiAuth {
  const { path, leftOut } = around;
  const own = (name: string): string => `${api}.${name}`;
  const authorizers: Record<string, AuthorizerSettings> = { [own(iam)]: { type: "iam" } };
  const scopes = new Map<string, string[]>();
  for (const key of Object.keys(auth)) if (!read[type].has(key)) leftOut(`${path}.${key}`);
  for (const [name, given] of Object.entries(objectOf(auth["Authorizers"]))) {
    const at = { ...around, path: `${path}.Authorizers.${name}` };
    const settings = objectOf(given);
    const made = type === "rest" ? restAuthorizer(settings, at) : httpApiAuthorizer(settings, at);
    if (made === undefined) continue;
    authorizers[own(name)] = made;
    scopes.set(name, textsOf(settings["AuthorizationScopes"]));
  }
  const named = (name: string): RouteAuth | undefined => {
    if (!Object.hasOwn(authorizers, own(name))) return undefined;
    const wanted = scopes.get(name) ?? [];
    return { authorizer: own(name), ...(wanted.length > 0 && { scopes: wanted }) };
  };
  const chosen = auth["DefaultAuthorizer"];
  const fallback = typeof chosen === "string" && chosen !== "NONE" ? named(chosen) : undefined;
  if (typeof chosen === "string" && chosen !== "NONE" && fallback === undefined)
    leftOut(`${path}.DefaultAuthorizer (${chosen})`);
  return { authorizers, fallback, named };
}

/** What an event says of its route; `undefined`: what its API says. */
export function routeAuth(
  auth: Json,
  api: ApiAuth,
  { path, leftOut }: Pick<Surroundings, "path" | "leftOut">,
): RouteAuth | undefined {
  for (const key of Object.keys(auth))
    if (key !== "Authorizer" && key !== "AuthorizationScopes") leftOut(`${path}.${key}`);
  const { Authorizer: name, AuthorizationScopes: scopes } = auth;
  if (name === "NONE") return { authorizer: "NONE" };
  const found = typeof name === "string" ? api.named(name) : api.fallback;
  if (typeof name === "string" && found === undefined) leftOut(`${path}.Authorizer (${name})`);
  if (found === undefined) return undefined;
  return scopes === undefined ? found : { authorizer: found.authorizer, scopes: textsOf(scopes) };
}

const read: Readonly<Record<ApiType, ReadonlySet<string>>> = {
  "http-api": new Set(["Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"]),
  // Preflights of a REST API are methods like others here: nothing is asked of CORS.
  rest: new Set(["Authorizers", "DefaultAuthorizer", "AddDefaultAuthorizerToCorsPreflight"]),
};

function httpApiAuthorizer(given: Json, around: Surroundings): AuthorizerSettings | undefined {
  const { JwtConfiguration: jwt, FunctionArn: arn, IdentitySource: source } = given;
  if (jwt !== undefined) {
    const { issuer, audience } = objectOf(jwt);
    nameUnread(given, ["JwtConfiguration", "IdentitySource", "AuthorizationScopes"], around);
    const names = textsOf(audience);
    return {
      type: "jwt",
      issuer: String(issuer),
      ...(names.length > 0 && { audience: names }),
      ...(typeof source === "string" && { identitySource: source }),
    };
  }
  const asked = functionOf(arn, around);
  if (asked === undefined) return undefined;
  const {
    AuthorizerPayloadFormatVersion: version,
    EnableSimpleResponses: simple,
    Identity: identity,
  } = given;
  nameUnread(
    given,
    ["FunctionArn", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses", "Identity", ...roles],
    around,
  );
  return {
    type: "request",
    function: asked,
    ...identityOf(objectOf(identity), around),
    // YAML reads 1.0 as a number.
    payloadFormatVersion: String(version).startsWith("1") ? "1.0" : "2.0",
    ...(simple === true && { simpleResponses: true }),
  };
}

function restAuthorizer(given: Json, around: Surroundings): AuthorizerSettings | undefined {
  const { UserPoolArn: pools, FunctionArn: arn, FunctionPayloadType: payload = "TOKEN" } = given;
  const identity = objectOf(given["Identity"]);
  const { Header: header, ValidationExpression: expression, ReauthorizeEvery: ttl } = identity;
  const ofHeader = {
    ...(typeof header === "string" && { header }),
    ...(typeof expression === "string" && { validationExpression: expression }),
  };
  if (pools !== undefined) {
    nameUnread(given, ["UserPoolArn", "AuthorizationScopes", "Identity"], around);
    nameUnread(identity, ["Header", "ValidationExpression"], inside(around, "Identity"));
    return { type: "cognito", userPools: textsOf(pools), ...ofHeader };
  }
  const asked = functionOf(arn, around);
  if (asked === undefined) return undefined;
  nameUnread(given, ["FunctionArn", "FunctionPayloadType", "Identity", ...roles], around);
  if (payload === "REQUEST") return { type: "request", function: asked, ...identityOf(identity, around) };
  nameUnread(identity, ["Header", "ValidationExpression", "ReauthorizeEvery"], inside(around, "Identity"));
  return { type: "token", function: asked, ...ofHeader, ...ttlOf(ttl) };
}

/** Say who may invoke the function, which everybody may here. */
const roles = ["FunctionInvokeRole", "EnableFunctionDefaultPermissions", "DisableFunctionDefaultPermissions"];

function identityOf(
  identity: Json,
  around: Surroundings,
): Pick<AuthorizerSettings, "identitySource" | "ttl"> {
  const sources: string[] = [];
  for (const [key, prefix] of sourcePrefixes)
    sources.push(...textsOf(identity[key]).map((name) => prefix + name));
  nameUnread(
    identity,
    [...sourcePrefixes.map(([key]) => key), "ReauthorizeEvery"],
    inside(around, "Identity"),
  );
  return { ...(sources.length > 0 && { identitySource: sources }), ...ttlOf(identity["ReauthorizeEvery"]) };
}

const sourcePrefixes = [
  ["Headers", "$request.header."],
  ["QueryStrings", "$request.querystring."],
  ["StageVariables", "$stageVariables."],
  ["Context", "$context."],
] as const;

function ttlOf(given: unknown): Pick<AuthorizerSettings, "ttl"> {
  const seconds = Number(given);
  return given === undefined || !Number.isInteger(seconds)
    ? {}
    : { ttl: Math.min(3600, Math.max(0, seconds)) };
}

/** The template's own function that an ARN names. */
function functionOf(arn: unknown, { path, functions, leftOut }: Surroundings): string | undefined {
  const text = typeof arn === "string" ? arn : JSON.stringify(arn ?? "");
  const name = /:function:([\w-]+)/.exec(text)?.[1] ?? text;
  if (functions.has(name)) return name;
  leftOut(arn === undefined ? path : `${path}.FunctionArn (${text})`);
  return undefined;
}

function inside(around: Surroundings, key: string): Surroundings {
  return { ...around, path: `${around.path}.${key}` };
}

function nameUnread(given: Json, known: readonly string[], { path, leftOut }: Surroundings): void {
  for (const key of Object.keys(given)) if (!known.includes(key)) leftOut(`${path}.${key}`);
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return (value as unknown[]).map(String);
  return typeof value === "string" ? [value] : [];
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
