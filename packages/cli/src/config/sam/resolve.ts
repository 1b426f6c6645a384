/**
 * CloudFormation's functions, as far as a value can be known here: parameters by their defaults, pseudo parameters,
 * functions of the template by their names. What is made by AWS alone gets a name that says so, and is noted. Pure.
 */

export interface Scope {
  /** Values of parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly mappings: Readonly<Record<string, unknown>>;
  /** Of the conditions' names. */
  readonly conditions: Readonly<Record<string, unknown>>;
  /** Logical id to what it stands for here, such as the name of a function. */
  readonly resources: Readonly<Record<string, Resource>>;
  readonly region: string;
  readonly accountId: string;
  /** Takes what could not be known: where it stands, and what. */
  readonly unknown: (path: string, what: string) => void;
}

interface Resource {
  readonly type: string;
  /** What `!Ref` gives. */
  readonly ref: string;
}

/** Stands for "as if it were not written" (`AWS::NoValue`). */
const nothing = Symbol("AWS::NoValue");

/** The value with everything resolved; `undefined` for what is not to be there. */
export function resolveValue(value: unknown, scope: Scope, path: string): unknown {
  const resolved = resolve(value, scope, path);
  return resolved === nothing ? undefined : resolved;
}

function resolve(value: unknown, scope: Scope, path: string): unknown {
  if (Array.isArray(value))
    return value.map((one, at) => resolve(one, scope, `${path}[${at}]`)).filter((one) => one !== nothing);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    const [name, argument] = only;
    if (name === "Ref") return refOf(String(argument), scope, path);
    if (name.startsWith("Fn::")) return call(name.slice(4), argument, scope, path);
  }
  return Object.fromEntries(
    entries
      .map(([name, one]) => [name, resolve(one, scope, path === "" ? name : `${path}.${name}`)] as const)
      .filter(([, one]) => one !== nothing),
  );
}

function refOf(name: string, scope: Scope, path: string): unknown {
  if (name === "AWS::NoValue") return nothing;
  const pseudo = pseudoParameter(name, scope);
  if (pseudo !== undefined) return pseudo;
  if (Object.hasOwn(scope.parameters, name)) {
    const value = scope.parameters[name];
    if (value !== undefined) return value;
    scope.unknown(path, `the parameter ${name} has no default`);
    return "";
  }
  const resource = scope.resources[name];
  if (resource === undefined) scope.unknown(path, `there is no ${name}`);
  else if (!resource.type.includes("Lambda") && !resource.type.includes("Serverless"))
    scope.unknown(path, `${name} is made by AWS: "${resource.ref}" stands for it`);
  return resource?.ref ?? name;
}

function pseudoParameter(name: string, { region, accountId }: Scope): string | undefined {
  switch (name) {
    case "AWS::Region":
      return region;
    case "AWS::AccountId":
      return accountId;
    case "AWS::Partition":
      return "aws";
    case "AWS::URLSuffix":
      return "amazonaws.com";
    case "AWS::StackName":
      return "local";
    case "AWS::StackId":
      return `arn:aws:cloudformation:${region}:${accountId}:stack/local/0`;
    default:
      return undefined;
  }
}

function call(name: string, argument: unknown, scope: Scope, path: string): unknown {
  const given = (value: unknown): unknown => resolve(value, scope, path);
  switch (name) {
    case "Sub": {
      const [template, variables] = Array.isArray(argument) ? listOf(argument) : [argument];
      return substituted(String(template), objectOf(given(variables)), scope, path);
    }
    case "GetAtt":
      return attributeOf(
        Array.isArray(argument) ? argument.map(String) : String(argument).split("."),
        scope,
        path,
      );
    case "Join": {
      const [delimiter, parts] = listOf(given(argument));
      return Array.isArray(parts) ? parts.map(String).join(String(delimiter)) : "";
    }
    case "Split": {
      const [delimiter, text] = listOf(given(argument));
      return String(text).split(String(delimiter));
    }
    case "Select": {
      const [at, list] = listOf(given(argument));
      return Array.isArray(list) ? (list as unknown[])[Number(at)] : undefined;
    }
    case "Base64":
      return Buffer.from(String(given(argument))).toString("base64");
    case "FindInMap": {
      const [map, first, second] = listOf(given(argument));
      return at(at(scope.mappings[String(map)], first), second);
    }
    case "If": {
      const [condition, yes, no] = listOf(argument);
      return given(holds(scope.conditions[String(condition)], scope, path) ? yes : no);
    }
    case "Equals":
    case "And":
    case "Or":
    case "Not":
      return holds({ [`Fn::${name}`]: argument }, scope, path);
    default:
      scope.unknown(path, `Fn::${name} is not known here`);
      return nothing;
  }
}

function holds(condition: unknown, scope: Scope, path: string): boolean {
  if (typeof condition !== "object" || condition === null) return condition === true || condition === "true";
  const [name = "", argument] = Object.entries(condition)[0] ?? [];
  const parts = listOf(argument);
  switch (name) {
    case "Fn::Equals":
      return String(resolve(parts[0], scope, path)) === String(resolve(parts[1], scope, path));
    case "Fn::And":
      return parts.every((part) => holds(part, scope, path));
    case "Fn::Or":
      return parts.some((part) => holds(part, scope, path));
    case "Fn::Not":
      return !holds(parts[0], scope, path);
    case "Condition":
      return holds(scope.conditions[String(argument)], scope, path);
    default:
      return false;
  }
}

function substituted(
  template: string,
  variables: Readonly<Record<string, unknown>>,
  scope: Scope,
  path: string,
): string {
  return template.replaceAll(/\$\{(!?)([^}]*)\}/g, (_all, literal: string, inside: string) => {
    if (literal === "!") return `\${${inside}}`;
    const name = inside.trim();
    if (Object.hasOwn(variables, name)) return String(variables[name]);
    const value = name.includes(".") ? attributeOf(name.split("."), scope, path) : refOf(name, scope, path);
    return value === nothing ? "" : String(value);
  });
}

function attributeOf([id = "", ...rest]: readonly string[], scope: Scope, path: string): string {
  const attribute = rest.join(".");
  const resource = scope.resources[id];
  const isFunction =
    resource?.type === "AWS::Serverless::Function" || resource?.type === "AWS::Lambda::Function";
  if (isFunction && attribute === "Arn")
    return `arn:aws:lambda:${scope.region}:${scope.accountId}:function:${resource.ref}`;
  scope.unknown(path, `${id}.${attribute} is made by AWS: "${id}.${attribute}" stands for it`);
  return `${id}.${attribute}`;
}

function at(value: unknown, key: unknown): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[String(key)]
    : undefined;
}

/** What is not as CloudFormation wants it is as if it were empty. */
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
