/**
 * A SAM or CloudFormation template as a configuration: its functions, their layers, variables and doors. What has no meaning
 * here is named in one list, with its path. See docs/dev.md for what is read.
 */
import { basename } from "node:path";
import { type UserFailure, isUserFailure, userFailure } from "../../user-failure.ts";
import { type YamlFile, readYaml } from "../document.ts";
import type { Config } from "../schema.ts";
import { apisOf, isApi } from "./apis.ts";
import { type FunctionResource, settingsOf } from "./function.ts";
import { type Scope, resolveValue } from "./resolve.ts";
import { cloudFormationTags } from "./tags.ts";

export function isTemplate(file: string): boolean {
  return /^template\.(ya?ml|json)$/.test(basename(file)) || looksLikeOne(file);
}

/** Another name, such as `sam.yaml`: what is in it decides. */
function looksLikeOne(file: string): boolean {
  try {
    const { value } = readYaml(file, file, cloudFormationTags);
    return typeof value === "object" && value !== null && "Resources" in value;
  } catch {
    return false;
  }
}

export function readTemplate(file: string, shown: string): YamlFile {
  return readYaml(file, shown, cloudFormationTags);
}

type Json = Readonly<Record<string, unknown>>;

/** `directory` is that of the template. */
export function configOfTemplate(
  { file, value }: YamlFile,
  directory: string,
): { readonly config: Config; readonly warnings: readonly string[] } {
  const template = objectOf(value);
  const resources = objectOf(template["Resources"]);
  const left: string[] = [];
  const unknown: string[] = [];
  const failed: UserFailure[] = [];
  const scope = scopeOf(template, (path, what) => unknown.push(`${path}: ${what}`));
  const globals = objectOf(objectOf(template["Globals"])["Function"]);
  for (const section of Object.keys(template)) if (!sections.has(section)) left.push(section);
  for (const section of Object.keys(objectOf(template["Globals"])))
    if (!sharedSections.has(section)) left.push(`Globals.${section}`);
  const names = Object.values(scope.resources)
    .filter(({ type }) => isFunction(type))
    .map(({ ref }) => ref);
  const apis = apisOf(resources, objectOf(template["Globals"]), new Set(names), scope, (key) =>
    left.push(key),
  );
  const functions: Record<string, Config["functions"][string]> = {};
  for (const [id, resource] of Object.entries(resources)) {
    const { Type: type, Properties: properties, Metadata: metadata } = objectOf(resource);
    if (!isFunction(type)) {
      if (!isApi(type) && type !== "AWS::Serverless::LayerVersion" && type !== "AWS::Lambda::LayerVersion")
        left.push(`Resources.${id} (${String(type)})`);
      continue;
    }
    const path = `Resources.${id}.Properties`;
    const own = objectOf(resolveValue(properties, scope, path));
    const shared =
      type === "AWS::Serverless::Function" ? objectOf(resolveValue(globals, scope, "Globals.Function")) : {};
    const merged: FunctionResource = {
      id,
      type,
      path,
      properties: merge(shared, own),
      metadata: objectOf(metadata),
      layers: layersOf(resources, scope),
      apis,
      directory,
    };
    try {
      functions[scope.resources[id]?.ref ?? id] = settingsOf(merged, (key) => left.push(key));
    } catch (error) {
      if (!isUserFailure(error)) throw error;
      failed.push(error);
    }
  }
  const [first] = failed;
  if (Object.keys(functions).length === 0 && first !== undefined) throw first;
  if (Object.keys(functions).length === 0)
    throw userFailure(
      `${file} has no function`,
      "AWS::Serverless::Function and AWS::Lambda::Function are read.",
    );
  // The others run without it.
  const warnings = failed.map(({ message, hint }) => `${file}: left out: ${message}. ${hint}`);
  if (left.length > 0) warnings.push(`${file}: not known here, and left out:${listed(left)}`);
  if (unknown.length > 0) warnings.push(`${file}: not to be known here:${listed(unknown)}`);
  const authorizers = Object.assign(
    {},
    ...Object.values(apis).map(({ auth }) => auth.authorizers),
  ) as NonNullable<Config["authorizers"]>;
  return { config: { region: scope.region, authorizers, functions }, warnings };
}

const sharedSections: ReadonlySet<string> = new Set(["Function", "HttpApi", "Api"]);

const sections: ReadonlySet<string> = new Set([
  "AWSTemplateFormatVersion",
  "Transform",
  "Description",
  "Metadata",
  "Parameters",
  "Mappings",
  "Conditions",
  "Globals",
  "Resources",
  "Outputs",
]);

function scopeOf(template: Json, unknown: Scope["unknown"]): Scope {
  const parameters = Object.fromEntries(
    Object.entries(objectOf(template["Parameters"])).map(([name, one]) => [name, objectOf(one)["Default"]]),
  );
  const base = {
    parameters,
    mappings: objectOf(template["Mappings"]),
    conditions: objectOf(template["Conditions"]),
    region: "us-east-1",
    accountId: "123456789012",
  };
  const resources = Object.fromEntries(
    Object.entries(objectOf(template["Resources"])).map(([id, one]) => {
      const { Type: type, Properties: properties } = objectOf(one);
      // A name may itself be put together, but not of other resources.
      const scope: Scope = { ...base, resources: {}, unknown: () => undefined };
      const name = isFunction(type)
        ? resolveValue(objectOf(properties)["FunctionName"], scope, "")
        : undefined;
      return [id, { type: String(type), ref: typeof name === "string" && name !== "" ? name : id }];
    }),
  );
  return { ...base, resources, unknown };
}

/** Directories of the template's own layers, by what `!Ref` gives for them. */
function layersOf(resources: Json, scope: Scope): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [id, resource] of Object.entries(resources)) {
    const { Type: type, Properties: properties } = objectOf(resource);
    if (type !== "AWS::Serverless::LayerVersion") continue;
    const content = objectOf(resolveValue(properties, scope, `Resources.${id}.Properties`))["ContentUri"];
    if (typeof content === "string") found[id] = content;
  }
  return found;
}

/** As SAM does it: mappings are merged, lists of layers are joined, else the function's own wins. */
function merge(shared: Json, own: Json): Json {
  const merged: Record<string, unknown> = { ...shared, ...own };
  for (const key of Object.keys(shared)) {
    const [a, b] = [shared[key], own[key]];
    if (Array.isArray(a) && Array.isArray(b)) merged[key] = [...(a as unknown[]), ...(b as unknown[])];
    else if (isObject(a) && isObject(b)) merged[key] = merge(a, b);
  }
  return merged;
}

function isFunction(type: unknown): type is FunctionResource["type"] {
  return type === "AWS::Serverless::Function" || type === "AWS::Lambda::Function";
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function listed(lines: readonly string[]): string {
  return lines.map((line) => `\n  ${line}`).join("");
}
