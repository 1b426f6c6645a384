/** The request line and headers of the Invoke API, read once (environment.md 5.1). Pure. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** `async` is the operation InvokeAsync of 2014, which some tools still use. */
export type Operation = "invoke" | "stream" | "async";

export interface Route {
  readonly operation: Operation;
  /** Decoded; what names the function. */
  readonly functionName: string;
  readonly qualifier: string | undefined;
}

export function routeOf({ method, url = "/" }: Pick<IncomingMessage, "method" | "url">): Route | undefined {
  const [path = "", query = ""] = url.split("?", 2);
  const found = operations.find(({ pattern }) => pattern.test(path));
  if (found === undefined || method !== "POST") return undefined;
  const functionName = decoded(found.pattern.exec(path)?.[1] ?? "");
  const qualifier = new URLSearchParams(query).get("Qualifier") ?? undefined;
  return { operation: found.operation, functionName, qualifier };
}

const operations: readonly { readonly operation: Operation; readonly pattern: RegExp }[] = [
  { operation: "invoke", pattern: /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/ },
  { operation: "stream", pattern: /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations\/?$/ },
  { operation: "async", pattern: /^\/2014-11-13\/functions\/([^/]+)\/invoke-async\/?$/ },
];

export interface Parameters {
  readonly type: "RequestResponse" | "Event" | "DryRun";
  readonly tail: boolean;
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;
  /** JSON text. */
  readonly clientContext: string | undefined;
  readonly tenantId: string | undefined;
}

export function parametersOf(
  headers: IncomingHttpHeaders,
  operation: Operation,
): Parameters | { readonly malformed: string } | { readonly invalidContent: string } {
  const given = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const type = given("x-amz-invocation-type") ?? "RequestResponse";
  if (!isType(type) || (operation === "stream" && type === "Event"))
    return { malformed: `${type} is no invocation type of this operation` };
  const log = given("x-amz-log-type") ?? "None";
  if (log !== "None" && log !== "Tail")
    return { malformed: `${log} is no log type: there are None and Tail` };
  const requestId = given("x-amzn-requestid");
  if (requestId !== undefined && !uuid.test(requestId))
    return { malformed: "x-amzn-RequestId must be a UUID" };
  const tenantId = given("x-amz-tenant-id");
  if (tenantId !== undefined && !tenantPattern.test(tenantId))
    return { malformed: "X-Amz-Tenant-Id has 1 to 256 letters, digits and . _ : / = + - @ or spaces" };
  if (given("x-amz-durable-execution-name") !== undefined) return { malformed: notDurable };
  const context = given("x-amz-client-context");
  const clientContext = context === undefined ? undefined : clientContextOf(context);
  if (context !== undefined && clientContext === undefined)
    return { invalidContent: "Client context must be a valid Base64-encoded JSON object." };
  return {
    type,
    tail: log === "Tail",
    requestId,
    traceId: given("x-amzn-trace-id"),
    clientContext,
    tenantId,
  };
}

function isType(text: string): text is Parameters["type"] {
  return text === "RequestResponse" || text === "Event" || text === "DryRun";
}

const tenantPattern = /^[a-zA-Z0-9._:/=+\-@ ]{1,256}$/;

/** Never silently ignored. The text is ours: what AWS says of it is not recorded. */
const notDurable =
  "You cannot invoke a function that is not durable with a durable execution name. anylambda has no durable functions";

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** At most 3,583 bytes encoded. */
function clientContextOf(encoded: string): string | undefined {
  if (encoded.length > 3583) return undefined;
  const text = Buffer.from(encoded, "base64").toString();
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? text : undefined;
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
