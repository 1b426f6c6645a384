/** Authorizers of a configuration, by name, and what its doors and routes say of them. */
import {
  type AuthorizerOptions,
  type DoorAuthorization,
  type RouteAuthorization,
  requireAuthorizer,
} from "@anylambda/sandbox";
import { authorizersOfDoor } from "../authorizer-types.ts";
import { type TokenOptions, keysAt, withTyped } from "../tokens.ts";
import { userFailure } from "../user-failure.ts";
import { nearest } from "./nearest.ts";
import type { AuthorizerSettings, Config, DoorSettings } from "./schema.ts";

export interface AuthorizerCommon {
  readonly directory: string;
  readonly tokens?: TokenOptions | undefined;
}

/** Routes of a door as their keys. */
export function routeKeysOf({ routes }: DoorSettings): string[] | undefined {
  return routes?.map((route) => (typeof route === "string" ? route : route.route));
}

/** What goes into the options of the door: nothing where nobody is asked who he is. */
export function accessOf(
  door: DoorSettings,
  { authorizers = {}, functions }: Pick<Config, "authorizers" | "functions">,
  common: AuthorizerCommon,
): DoorAuthorization {
  const authorization = (name: string, scopes: readonly string[] | undefined): RouteAuthorization => {
    const settings = Object.hasOwn(authorizers, name) ? authorizers[name] : undefined;
    if (settings === undefined) throw unknownAuthorizer(name, Object.keys(authorizers));
    const allowed = authorizersOfDoor[door.type] ?? [];
    if (!allowed.includes(settings.type))
      throw userFailure(
        `A door of type ${door.type} has no authorizer of type ${settings.type}, as ${name} is`,
        allowed.length === 0 ? "It has none." : `It may be of type ${allowed.join(", ")}.`,
      );
    const authorizer = withTyped(optionsOf(name, settings, common, apiOf(door.type)), common.tokens ?? {});
    if ("function" in authorizer && !Object.hasOwn(functions, authorizer.function))
      throw userFailure(
        `The authorizer ${name} asks the function ${authorizer.function}, and there is none`,
        `There are: ${Object.keys(functions).join(", ")}.`,
      );
    return { authorizer, ...(scopes !== undefined && { scopes }) };
  };
  const routeAuthorizations: Record<string, RouteAuthorization | "NONE"> = {};
  for (const route of door.routes ?? []) {
    if (typeof route === "string" || (route.authorizer === undefined && route.scopes === undefined)) continue;
    const name = route.authorizer ?? door.authorizer;
    if (name === undefined)
      throw userFailure(
        `${route.route} wants scopes, and has no authorizer`,
        "Name one for it, or for its door.",
      );
    // Scopes of the door are meant for its own authorizer.
    const scopes = route.scopes ?? (name === door.authorizer ? door.scopes : undefined);
    routeAuthorizations[route.route] = name.toUpperCase() === "NONE" ? "NONE" : authorization(name, scopes);
  }
  if (door.authorizer === undefined && door.scopes !== undefined)
    throw userFailure(
      `A door of type ${door.type} wants scopes, and has no authorizer`,
      "Name one: authorizer: NAME.",
    );
  return {
    ...(door.authorizer !== undefined && { authorization: authorization(door.authorizer, door.scopes) }),
    ...(Object.keys(routeAuthorizations).length > 0 && { routeAuthorizations }),
  };
}

/** The functions that doors of these ask; they have to run too. */
export function askedFunctions(
  { authorizers = {} }: Pick<Config, "authorizers">,
  functions: Config["functions"],
): string[] {
  const doors = Object.values(functions).flatMap((one) => one.doors);
  const names = doors.flatMap((door) => {
    if (typeof door === "string") return [];
    const ofRoutes = (door.routes ?? []).map((route) =>
      typeof route === "string" ? undefined : route.authorizer,
    );
    return [door.authorizer, ...ofRoutes].filter((name) => name !== undefined);
  });
  return names.flatMap((name) =>
    Object.hasOwn(authorizers, name) ? (authorizers[name]?.function ?? []) : [],
  );
}

function unknownAuthorizer(name: string, known: readonly string[]) {
  const meant = nearest(name, known);
  const hint = meant === undefined ? "" : `Did you mean ${meant}? `;
  const there = known.length === 0 ? "The file has no authorizers." : `There are: ${known.join(", ")}.`;
  return userFailure(`There is no authorizer ${name}`, `${hint}${there}`);
}

type Key = Exclude<keyof AuthorizerSettings, "type">;

/** What each has; the first ones it must have. */
const keysOf: Readonly<
  Record<AuthorizerSettings["type"], { readonly needed?: Key; readonly more: readonly Key[] }>
> = {
  jwt: { needed: "issuer", more: ["audience", "identitySource", "keys", "verify"] },
  cognito: { needed: "userPools", more: ["header", "validationExpression", "keys", "verify"] },
  request: { needed: "function", more: ["identitySource", "ttl", "payloadFormatVersion", "simpleResponses"] },
  token: { needed: "function", more: ["header", "validationExpression", "ttl"] },
  iam: { more: [] },
};

function optionsOf(
  name: string,
  settings: AuthorizerSettings,
  common: AuthorizerCommon,
  api: Parameters<typeof requireAuthorizer>[1],
): AuthorizerOptions {
  const { needed, more } = keysOf[settings.type];
  const known = needed === undefined ? more : [needed, ...more];
  const stray = Object.keys(settings).find((key) => key !== "type" && !known.some((one) => one === key));
  if (stray !== undefined)
    throw userFailure(
      `The authorizer ${name} is of type ${settings.type}, which has no ${stray}`,
      known.length === 0 ? "It has nothing." : `It has ${known.join(", ")}.`,
    );
  // Whose tokens they are does not matter where all are believed, or where the command line says it.
  const isMissing = needed !== undefined && settings[needed] === undefined;
  const isTyped = needed !== "function" && common.tokens?.jwtIssuer !== undefined;
  if (isMissing && !isTyped && settings.verify !== false)
    throw userFailure(
      `The authorizer ${name} is of type ${settings.type} and has no ${needed}`,
      `It must have one.`,
    );
  const options = fromSettings(settings, common);
  try {
    requireAuthorizer(options, api);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw userFailure(`The authorizer ${name}: ${why}`, "docs/front-doors.md has examples.", { cause });
  }
  return options;
}

function fromSettings(settings: AuthorizerSettings, { directory }: AuthorizerCommon): AuthorizerOptions {
  const { issuer = "", audience = [], userPools = [], keys, verify, header, validationExpression } = settings;
  const { function: named = "", ttl, payloadFormatVersion, simpleResponses } = settings;
  const sources =
    typeof settings.identitySource === "string" ? [settings.identitySource] : settings.identitySource;
  const source = {
    ...(keys !== undefined && { keys: keysAt(keys, directory) }),
    ...(verify === false && { unverified: true }),
  };
  switch (settings.type) {
    case "jwt":
      return { type: "jwt", issuer, audience, identitySource: sources?.[0], ...source };
    case "cognito":
      return { type: "cognito", issuers: userPools.map(issuerOf), header, validationExpression, ...source };
    case "request":
      return {
        type: "request",
        function: named,
        identitySource: sources,
        ttlSeconds: ttl,
        payloadFormatVersion,
        simpleResponses,
      };
    case "token":
      return { type: "token", function: named, header, validationExpression, ttlSeconds: ttl };
    case "iam":
      return { type: "iam" };
  }
}

/** `eu-central-1_Ab12Cd34E`, its ARN, or a URL, which stays. */
function issuerOf(userPool: string): string {
  if (/^https?:\/\//.test(userPool)) return userPool;
  const id = userPool.slice(userPool.lastIndexOf("/") + 1);
  const [region = ""] = id.split("_", 1);
  return `https://cognito-idp.${region}.amazonaws.com/${id}`;
}

function apiOf(door: DoorSettings["type"]): Parameters<typeof requireAuthorizer>[1] {
  return door === "rest" || door === "websocket" ? door : "http-api";
}
