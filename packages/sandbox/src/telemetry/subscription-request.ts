/**
 * What an extension asks for when it subscribes (environment.md 3.1, 3.5). Pure.
 */
import type { TelemetryType } from "../events.ts";
import type { LogsSchema } from "./logs-records.ts";
import type { TelemetrySchema } from "./records.ts";

/** Two doors to the same stream. */
export type SubscriptionApi = "telemetry" | "logs";

export type Target =
  | { readonly protocol: "HTTP"; readonly port: number; readonly path: string; readonly host: string }
  | { readonly protocol: "TCP"; readonly port: number };

export interface Buffering {
  /** 1,000 to 10,000. */
  readonly maxItems: number;
  /** 262,144 to 1,048,576. */
  readonly maxBytes: number;
  /** 25 to 30,000. */
  readonly timeoutMs: number;
}

export type SubscriptionRequest = {
  readonly types: readonly TelemetryType[];
  readonly target: Target;
  readonly buffering: Buffering;
} & (
  | { readonly api: "telemetry"; readonly schema: TelemetrySchema }
  | { readonly api: "logs"; readonly schema: LogsSchema }
);

/** What only the environment knows. */
export interface SubscriptionRules {
  /** Ports that nobody can listen on: the APIs' own. */
  readonly reservedPorts: readonly number[];
  /** Managed Instances take one schema version only. */
  readonly newestSchemaOnly: boolean;
}

/** The request, or everything that is wrong with it as one text, parts joined by `; ` as AWS does. */
export function toSubscription(
  api: SubscriptionApi,
  body: string,
  rules: SubscriptionRules,
): SubscriptionRequest | string {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (error) {
    return `failed to parse JSON: ${(error as Error).message}`;
  }
  if (!isObject(document)) return "request body should be a JSON object";
  const problems: string[] = [];
  const schema = schemaOf(api, document["schemaVersion"], rules, problems);
  const target = targetOf(document["destination"], rules, problems);
  const types = typesOf(document["types"], problems);
  const buffering = bufferingOf(document["buffering"], problems);
  if (target === undefined || problems.length > 0) return problems.join("; ");
  return { api, schema, types, target, buffering } as SubscriptionRequest;
}

const schemas = {
  telemetry: ["2022-07-01", "2022-12-13", "2025-01-29"],
  logs: ["2020-08-15", "2021-03-18"],
} as const;

function schemaOf(
  api: SubscriptionApi,
  value: unknown,
  { newestSchemaOnly }: SubscriptionRules,
  problems: string[],
): string {
  if (value === undefined && api === "logs") return "2020-08-15";
  const known: readonly string[] = schemas[api];
  const allowed = newestSchemaOnly ? known.slice(-1) : known;
  if (typeof value === "string" && allowed.includes(value)) return value;
  problems.push(
    value === undefined
      ? "schemaVersion is not provided"
      : `schemaVersion should be one of ${allowed.join(", ")}`,
  );
  return "";
}

/** Lambda's own names for the environment's loopback; nothing outside can be a destination. */
const hosts: ReadonlySet<string> = new Set(["sandbox.localdomain", "sandbox"]);

function targetOf(
  value: unknown,
  { reservedPorts }: SubscriptionRules,
  problems: string[],
): Target | undefined {
  if (!isObject(value)) {
    problems.push("destination is not provided");
    return undefined;
  }
  const target =
    value["protocol"] === "TCP" ? tcpTarget(value["port"], problems) : httpTarget(value, problems);
  if (target !== undefined && reservedPorts.includes(target.port)) {
    problems.push(`port ${target.port} is reserved`);
    return undefined;
  }
  return target;
}

function tcpTarget(port: unknown, problems: string[]): Target | undefined {
  if (Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535)
    return { protocol: "TCP", port: port as number };
  problems.push(port === undefined ? "port is not provided" : "port should be between 1 and 65535");
  return undefined;
}

function httpTarget({ protocol, URI }: Record<string, unknown>, problems: string[]): Target | undefined {
  if (protocol !== "HTTP") {
    problems.push("protocol should be HTTP or TCP");
    return undefined;
  }
  if (typeof URI !== "string" || URI === "") {
    problems.push("URI is not provided");
    return undefined;
  }
  // Not `URL` alone: it drops a port 80, and AWS wants the port written out.
  const [, authority = ""] = /^http:\/\/([^/?#]*)/i.exec(URI) ?? [];
  const [, host = "", port = ""] = /^([^:@]*)(?::(\d*))?$/.exec(authority) ?? [];
  if (!URL.canParse(URI) || host === "") {
    problems.push("URI should look like http://sandbox.localdomain:PORT");
    return undefined;
  }
  if (!hosts.has(host.toLowerCase())) problems.push("URI host should be sandbox.localdomain");
  if (port === "") problems.push("URI port is not provided");
  if (problems.length > 0) return undefined;
  const { pathname, search } = new URL(URI);
  return { protocol: "HTTP", host: authority, port: Number(port), path: pathname + search };
}

function typesOf(value: unknown, problems: string[]): TelemetryType[] {
  if (!Array.isArray(value)) {
    problems.push("types are not provided");
    return [];
  }
  if (value.length === 0) problems.push("types should not be empty");
  if (!value.every((type) => type === "platform" || type === "function" || type === "extension"))
    problems.push("types should be platform, function or extension");
  return [...new Set(value as TelemetryType[])];
}

const limits = {
  // The guide says 10,000 unless told otherwise, the reference page 1,000: the guide's table is the newer one.
  maxItems: { least: 1000, most: 10_000, usual: 10_000 },
  maxBytes: { least: 262_144, most: 1_048_576, usual: 262_144 },
  timeoutMs: { least: 25, most: 30_000, usual: 1000 },
} as const;

function bufferingOf(value: unknown, problems: string[]): Buffering {
  const given = isObject(value) ? value : {};
  if (value !== undefined && value !== null && !isObject(value))
    problems.push("buffering should be a JSON object");
  const one = (name: keyof Buffering): number => {
    const { least, most, usual } = limits[name];
    const asked = given[name];
    if (asked === undefined || asked === null) return usual;
    if (Number.isInteger(asked) && (asked as number) >= least && (asked as number) <= most)
      return asked as number;
    problems.push(`${name} should be between ${least} and ${most}`);
    return usual;
  };
  return { maxItems: one("maxItems"), maxBytes: one("maxBytes"), timeoutMs: one("timeoutMs") };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
