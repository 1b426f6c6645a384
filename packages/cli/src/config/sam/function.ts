/** One function of a template, its values resolved, as settings of `anylambda.yaml`. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { logLevels, systemLogLevels } from "../../log-options.ts";
import { userFailure } from "../../user-failure.ts";
import { nearest } from "../nearest.ts";
import { type Api, implicitApis } from "./apis.ts";
import { type ApiType, routeAuth } from "./auth.ts";
import { corsOf } from "./cors.ts";
import type { DoorSettings, FunctionSettings } from "../schema.ts";

type Json = Readonly<Record<string, unknown>>;

export interface FunctionResource {
  readonly id: string;
  readonly type: "AWS::Serverless::Function" | "AWS::Lambda::Function";
  /** Such as `Resources.Shop.Properties`. */
  readonly path: string;
  readonly properties: Json;
  readonly metadata: Json;
  /** Directories of the template's layers, by logical id. */
  readonly layers: Readonly<Record<string, string>>;
  /** The template's APIs, by logical id. */
  readonly apis: Readonly<Record<string, Api>>;
  readonly directory: string;
}

/** What is read; everything else is left out, and named. */
const read: ReadonlySet<string> = new Set([
  "FunctionName",
  "CodeUri",
  "Handler",
  "Runtime",
  "MemorySize",
  "Timeout",
  "Environment",
  "Layers",
  "ReservedConcurrentExecutions",
  "FunctionUrlConfig",
  "Events",
  "LoggingConfig",
  "SnapStart",
  "ProvisionedConcurrencyConfig",
  "AutoPublishAlias",
  "EphemeralStorage",
]);

/** Says something of the function, but nothing that could differ here. */
const meaningless: ReadonlySet<string> = new Set([
  "Description",
  "Tags",
  "Role",
  "Policies",
  "Architectures",
  "PackageType",
  "RolePath",
  "PermissionsBoundary",
]);

export function settingsOf(resource: FunctionResource, leftOut: (path: string) => void): FunctionSettings {
  const { properties, path, metadata } = resource;
  for (const key of Object.keys(properties))
    if (
      !read.has(key) &&
      !meaningless.has(key) &&
      !(key === "Code" && resource.type === "AWS::Lambda::Function")
    )
      leftOut(`${path}.${key}${meantInstead(key)}`);
  const variables = variablesOf(properties);
  const layers = layersOf(resource, leftOut);
  const runs = programOf(resource, variables, layers.adapter);
  const reserved = properties["ReservedConcurrentExecutions"];
  const provisioned = objectOf(properties["ProvisionedConcurrencyConfig"])["ProvisionedConcurrentExecutions"];
  const storage = objectOf(properties["EphemeralStorage"])["Size"];
  const own = objectOf(metadata["AnyLambda"]);
  for (const key of Object.keys(objectOf(properties["LoggingConfig"])))
    if (!logKeys.has(key)) leftOut(`${path}.LoggingConfig.${key}`);
  const { AWS_LAMBDA_EXEC_WRAPPER: wrapper, ...others } = variables;
  return {
    code: codeOf(resource),
    memory: numberWithin(properties["MemorySize"], 128, [128, 10_240], `${path}.MemorySize`),
    timeout: numberWithin(properties["Timeout"], 3, [1, 900], `${path}.Timeout`),
    ...(storage !== undefined && {
      ephemeralStorage: numberWithin(storage, 512, [512, 10_240], `${path}.EphemeralStorage.Size`),
    }),
    // The wrapper of the adapter's layer starts the app: here that is what is done anyway.
    env: layers.adapter || wrapper === undefined ? others : variables,
    ...(typeof properties["Handler"] === "string" && { handler: properties["Handler"] }),
    ...(layers.directories.length > 0 && { layers: [...layers.directories] }),
    ...runs,
    ...(typeof own["AppPort"] === "number" && { appPort: own["AppPort"] }),
    concurrency: typeof reserved === "number" ? Math.max(1, reserved) : 3,
    ...(typeof reserved === "number" && { reserved }),
    ...(typeof provisioned === "number" && { provisioned }),
    ...(typeof properties["AutoPublishAlias"] === "string" && { aliases: [properties["AutoPublishAlias"]] }),
    ...(objectOf(properties["SnapStart"])["ApplyOn"] === "PublishedVersions" && {
      snapstart: "auto" as const,
    }),
    ...logsOf(objectOf(properties["LoggingConfig"])),
    doors: doorsOf(resource, leftOut),
  };
}

const logKeys: ReadonlySet<string> = new Set(["LogFormat", "ApplicationLogLevel", "SystemLogLevel"]);

function logsOf({ LogFormat: format, ApplicationLogLevel: level, SystemLogLevel: system }: Json) {
  const logLevel = logLevels.find((one) => one === level);
  const systemLevel = systemLogLevels.find((one) => one === system);
  return {
    ...(format === "JSON" && { logFormat: "json" as const }),
    ...(logLevel !== undefined && { logLevel }),
    ...(systemLevel !== undefined && { systemLevel }),
  };
}

function codeOf({ type, properties, path }: FunctionResource): string {
  const code = type === "AWS::Serverless::Function" ? properties["CodeUri"] : objectOf(properties["Code"]);
  if (typeof code === "string") return code;
  if (code === undefined || Object.keys(objectOf(code)).length === 0) return ".";
  throw userFailure(
    `${path}.${type === "AWS::Serverless::Function" ? "CodeUri" : "Code"} is no directory of this machine`,
    "CodeUri must be a path; with sam build use the template in .aws-sam/build.",
  );
}

function variablesOf(properties: Json): Record<string, string> {
  const variables = objectOf(objectOf(properties["Environment"])["Variables"]);
  return Object.fromEntries(
    Object.entries(variables)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

interface Layers {
  readonly directories: readonly string[];
  /** AWS's Lambda Web Adapter is among them, or ours: our own takes its place. */
  readonly adapter: boolean;
}

function layersOf({ properties, layers, path }: FunctionResource, leftOut: (path: string) => void): Layers {
  const directories: string[] = [];
  let adapter = false;
  const listed = Array.isArray(properties["Layers"]) ? (properties["Layers"] as unknown[]) : [];
  for (const [at, layer] of listed.entries()) {
    const name = String(layer);
    const directory = layers[name];
    // What `npm run build:layer` makes: what is in it is here anyway, and it need not be built to try the template.
    if (directory !== undefined && /^anylambda-adapter[\w.-]*$/.test(basename(directory))) adapter = true;
    else if (directory !== undefined) directories.push(directory);
    else if (/:layer:(LambdaAdapterLayer\w*|anylambda[\w-]*):\d+$/i.test(name)) adapter = true;
    else leftOut(`${path}.Layers[${at}] (${name})`);
  }
  return { directories, adapter };
}

/**
 * What is started, and whether the adapter stands before it. `Metadata: { AnyLambda: { Command } }` says it; else the layer
 * of the adapter does, or the runtime.
 */
function programOf(
  resource: FunctionResource,
  variables: Readonly<Record<string, string>>,
  adapter: boolean,
): Pick<FunctionSettings, "command" | "adapter"> {
  const { properties, metadata, path } = resource;
  const command = objectOf(metadata["AnyLambda"])["Command"];
  if (typeof command === "string") return { command };
  if (Array.isArray(command)) return { command: command.map(String) };
  const { Handler: handler, Runtime: runtime = "" } = properties;
  if (adapter && variables["AWS_LAMBDA_EXEC_WRAPPER"] !== undefined && typeof handler === "string")
    return { command: [`./${handler}`] };
  const name = String(runtime);
  if (name.startsWith("provided")) return adapter ? {} : { adapter: "none" };
  const client = clientOf(name, String(handler), resolve(resource.directory, codeOf(resource)));
  if (client !== undefined) return { command: client, adapter: "none" };
  throw userFailure(
    `${path}: there is nothing here to run ${name === "" ? "an image" : `the runtime ${name}`} with`,
    hintFor(name),
  );
}

/** The runtime interface client of the language, which AWS publishes. */
function clientOf(runtime: string, handler: string, code: string): string[] | undefined {
  if (runtime.startsWith("nodejs")) {
    const file = join(code, "node_modules", "aws-lambda-ric", "bin", "index.mjs");
    if (existsSync(file)) return ["node", file, handler];
    try {
      return ["node", createRequire(join(code, "x.js")).resolve("aws-lambda-ric/bin/index.mjs"), handler];
    } catch {
      return undefined;
    }
  }
  if (runtime.startsWith("python")) return ["python3", "-m", "awslambdaric", handler];
  return undefined;
}

function hintFor(runtime: string): string {
  const command =
    "name what starts the app, with Metadata: { AnyLambda: { Command: [node, server.js] } } beside Properties";
  return runtime.startsWith("nodejs")
    ? `npm install aws-lambda-ric beside the code, or ${command}.`
    : `Web apps need a command: ${command}.`;
}

type Routes = NonNullable<DoorSettings["routes"]>;

function doorsOf(
  { properties, path, apis }: FunctionResource,
  leftOut: (path: string) => void,
): FunctionSettings["doors"] {
  const doors: (FunctionSettings["doors"][number] & (string | object))[] = [];
  const url = properties["FunctionUrlConfig"];
  if (typeof url === "object" && url !== null) doors.push(functionUrl(objectOf(url)));
  const routes = new Map<string, { readonly type: ApiType; readonly routes: Routes }>();
  const routed = (type: ApiType, named: unknown, key: string, event: Json, where: string): void => {
    const id = typeof named === "string" && named !== "" ? named : implicitApis[type];
    const known = apis[id];
    const own = event["Auth"];
    const at = { path: `${where}.Properties.Auth`, leftOut };
    const auth = own !== undefined && known ? routeAuth(objectOf(own), known.auth, at) : undefined;
    const before = routes.get(id)?.routes ?? [];
    routes.set(id, { type, routes: [...before, auth === undefined ? key : { route: key, ...auth }] });
  };
  for (const [name, event] of Object.entries(objectOf(properties["Events"]))) {
    const { Type: type, Properties: given } = objectOf(event);
    const own = objectOf(given);
    const { Method: method = "ANY", Path: at, ApiId: httpApi, RestApiId: restApi } = own;
    const where = `${path}.Events.${name}`;
    const route = `${String(method)
      .toUpperCase()
      .replace(/^X-AMAZON-APIGATEWAY-ANY-METHOD$/, "ANY")} ${String(at)}`;
    if (type === "HttpApi") routed("http-api", httpApi, at === undefined ? "$default" : route, own, where);
    else if (type === "Api" && at !== undefined) routed("rest", restApi, route, own, where);
    else leftOut(`${where} (${String(type)})`);
  }
  for (const [id, { type, routes: of }] of routes) {
    const { stage, cors, auth } = apis[id] ?? {};
    doors.push({
      type,
      api: id.replaceAll(/[^\w-]/g, "-"),
      routes: of,
      ...(stage !== undefined && { stage }),
      ...(cors !== undefined && { cors }),
      ...auth?.fallback,
    });
  }
  return doors;
}

function functionUrl({ AuthType: auth, Cors: cors }: Json): DoorSettings {
  return {
    type: "function-url",
    ...((auth === "AWS_IAM" || auth === "NONE") && { authType: auth }),
    ...(typeof cors === "object" && cors !== null && { cors: corsOf(cors) }),
  };
}

/** What CloudFormation would refuse at the deployment. */
function numberWithin(
  value: unknown,
  otherwise: number,
  [least, most]: readonly [number, number],
  path: string,
): number {
  // A parameter without a default is named elsewhere.
  if (value === undefined || value === "") return otherwise;
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : NaN;
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw userFailure(
    `${path} is ${JSON.stringify(value)}, and must be a whole number from ${least} to ${most}`,
  );
}

/** A property that does not exist is mostly one that is spelt otherwise. */
function meantInstead(key: string): string {
  const meant = nearest(key, [...read, ...meaningless]);
  return meant === undefined ? "" : `: did you mean ${meant}?`;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
