/** The APIs of a template: those it has as resources, and the implicit ones that events lead to. */
import type { DoorSettings } from "../schema.ts";
import { type ApiAuth, type ApiType, apiAuth } from "./auth.ts";
import { corsOf } from "./cors.ts";
import { type Scope, resolveValue } from "./resolve.ts";

type Json = Readonly<Record<string, unknown>>;

export interface Api {
  readonly type: ApiType;
  readonly stage: string | undefined;
  readonly cors: DoorSettings["cors"];
  readonly auth: ApiAuth;
}

/** As SAM calls them. */
export const implicitApis: Readonly<Record<ApiType, string>> = {
  "http-api": "ServerlessHttpApi",
  rest: "ServerlessRestApi",
};

const types: Readonly<Record<string, ApiType>> = {
  "AWS::Serverless::HttpApi": "http-api",
  "AWS::Serverless::Api": "rest",
};

export function isApi(type: unknown): boolean {
  return typeof type === "string" && Object.hasOwn(types, type);
}

/** By logical id, and by the names of the implicit ones. `functions`: names of the template's functions. */
export function apisOf(
  resources: Json,
  globals: Json,
  functions: ReadonlySet<string>,
  scope: Scope,
  leftOut: (path: string) => void,
): Readonly<Record<string, Api>> {
  const apis: Record<string, Api> = {};
  const shared: Record<ApiType, Json> = {
    "http-api": sharedOf(globals, "HttpApi", scope, leftOut),
    rest: sharedOf(globals, "Api", scope, leftOut),
  };
  for (const [id, resource] of Object.entries(resources)) {
    const { Type: kind, Properties: properties } = objectOf(resource);
    const type = typeof kind === "string" ? types[kind] : undefined;
    if (type === undefined) continue;
    const path = `Resources.${id}.Properties`;
    const own = objectOf(resolveValue(properties, scope, path));
    for (const key of Object.keys(own)) if (!read[type].has(key)) leftOut(`${path}.${key}`);
    apis[id] = apiOf(id, type, own, shared[type], { path: `${path}.Auth`, functions, leftOut });
  }
  for (const type of ["http-api", "rest"] as const) {
    const path = `Globals.${type === "rest" ? "Api" : "HttpApi"}.Auth`;
    const id = implicitApis[type];
    // What is for the others only is named with them.
    const named = leadsToImplicit(resources, type) ? leftOut : (): void => undefined;
    // A resource of that name is said to be the implicit one.
    apis[id] ??= apiOf(id, type, {}, shared[type], { path, functions, leftOut: named });
  }
  return apis;
}

/** Whether an event of a function names no API. */
function leadsToImplicit(resources: Json, type: ApiType): boolean {
  const [kind, key] = type === "rest" ? ["Api", "RestApiId"] : ["HttpApi", "ApiId"];
  const events = Object.values(resources).flatMap((resource) =>
    Object.values(objectOf(objectOf(objectOf(resource)["Properties"])["Events"])).map(objectOf),
  );
  return events.some(({ Type: own, Properties: given }) => own === kind && !(key in objectOf(given)));
}

function apiOf(
  id: string,
  type: ApiType,
  own: Json,
  shared: Json,
  around: Parameters<typeof apiAuth>[3],
): Api {
  const stage = own["StageName"];
  const cors = own["CorsConfiguration"] ?? shared["CorsConfiguration"];
  return {
    type,
    stage: typeof stage === "string" && stage !== "" ? stage : undefined,
    cors: type === "http-api" ? corsOf(cors) : undefined,
    auth: apiAuth(id, type, merged(objectOf(shared["Auth"]), objectOf(own["Auth"])), around),
  };
}

/** The routes are the functions' events. */
const read: Readonly<Record<ApiType, ReadonlySet<string>>> = {
  "http-api": new Set(["StageName", "Name", "Description", "Tags", "Auth", "CorsConfiguration"]),
  rest: new Set(["StageName", "Name", "Description", "Tags", "Auth"]),
};

function sharedOf(globals: Json, section: string, scope: Scope, leftOut: (path: string) => void): Json {
  const shared = objectOf(resolveValue(globals[section], scope, `Globals.${section}`));
  const known = section === "Api" ? ["Auth"] : ["Auth", "CorsConfiguration"];
  for (const key of Object.keys(shared)) if (!known.includes(key)) leftOut(`Globals.${section}.${key}`);
  return shared;
}

/** As SAM does it: mappings are merged, else the API's own wins. */
function merged(shared: Json, own: Json): Json {
  const both: Record<string, unknown> = { ...shared, ...own };
  for (const key of Object.keys(shared))
    if (isObject(shared[key]) && isObject(own[key])) both[key] = merged(shared[key], own[key]);
  return both;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}
