/**
 * What the adapter tells the app about the invocation, as request headers (spec adapter.md 3.6 and 3.8).
 * The values are trusted by apps, so a client's own copies of all of these names are taken out, also when the
 * adapter has nothing to put in their place (B23).
 */
import type { HeaderField, InvocationHead, JsonObject } from "@anylambda/wire";
import { isObject, sliceMember } from "@anylambda/wire";
import type { FunctionIdentity } from "./config.ts";

export const trustedFields: readonly string[] = [
  "x-amzn-request-context",
  "x-amzn-lambda-context",
  "x-amz-tenant-id",
  "lambda-runtime-deadline-ms",
  "lambda-runtime-aws-request-id",
];
const trusted = new Set(trustedFields);

/** Where the front door's trace is kept when it is another than the invocation's. */
export const edgeTraceField = "x-anylambda-edge-trace-id";

/**
 * `headers` with the context added: the event's request context, the Lambda context, tenant, deadline and
 * request id. `event` is the event's JSON text. The trace header becomes the one of this invocation, because
 * segments that the app makes belong below it; another one from the front door is kept beside it (B24).
 */
export function withContext(
  headers: readonly HeaderField[],
  event: string,
  head: InvocationHead,
  identity: FunctionIdentity,
  bounds: ContextBounds = unbounded,
): HeaderField[] {
  const { traceId } = head;
  const fields: HeaderField[] = [];
  for (const field of headers) {
    const lower = field[0].toLowerCase();
    if (trusted.has(lower)) continue;
    if (lower !== "x-amzn-trace-id" || traceId === undefined) fields.push(field);
    else if (rootOf(field[1]) !== rootOf(traceId)) fields.push([edgeTraceField, field[1]]);
  }
  if (traceId !== undefined) fields.push(["x-amzn-trace-id", traceId]);
  fields.push(["x-amzn-request-context", requestContext(event, bounds)]);
  fields.push(["x-amzn-lambda-context", asciiJson(lambdaContext(head, identity))]);
  if (head.tenantId !== undefined) fields.push(["x-amz-tenant-id", head.tenantId]);
  if (!Number.isNaN(head.deadlineMs)) fields.push(["lambda-runtime-deadline-ms", String(head.deadlineMs)]);
  fields.push(["lambda-runtime-aws-request-id", head.requestId]);
  return fields;
}

/** The trace an `X-Amzn-Trace-Id` belongs to; the invocation's normally has the same as the front door's. */
function rootOf(trace: string): string | undefined {
  return /(?:^|;)\s*Root=([^;]+)/.exec(trace)?.[1];
}

/** How large the request context's header may be: servers answer 431 to what they find too large (B39). */
export interface ContextBounds {
  readonly maxBytes: number;
  /** Gets a sentence for the log when something was left out. */
  readonly onOmit: (remark: string) => void;
}

const unbounded: ContextBounds = { maxBytes: Number.POSITIVE_INFINITY, onOmit: () => {} };

/** The event's own context; beyond the bound without its authorizer, where claims make it large, or `null`. */
function requestContext(event: string, { maxBytes, onOmit }: ContextBounds): string {
  const whole = asciiJson(sliceMember(event, "requestContext") ?? "null");
  // `null` is what there is when there is nothing to leave out, however small the bound.
  if (whole.length <= maxBytes || whole === "null") return whole;
  const context: unknown = JSON.parse(whole);
  const smaller = isObject(context) ? asciiJson(withoutAuthorizer(context)) : whole;
  const fits = smaller.length <= maxBytes;
  const left = fits ? "its authorizer is" : "all of it is";
  onOmit(`The request context has ${whole.length} bytes and ${left} left out (ANYLAMBDA_MAX_CONTEXT_BYTES)`);
  return fits ? smaller : "null";
}

function withoutAuthorizer(context: JsonObject): string {
  const { authorizer: _, ...rest } = context;
  return JSON.stringify(rest);
}

/** Snake case, in LWA's order of keys. */
export function lambdaContext(head: InvocationHead, identity: FunctionIdentity): string {
  if (environment?.identity !== identity) environment = { identity, json: environmentJson(identity) };
  const { requestId, deadlineMs, functionArn, traceId, clientContext, cognitoIdentity, tenantId } = head;
  // Written out: most of it is the same each time.
  return (
    `{"request_id":${JSON.stringify(requestId)},"deadline":${JSON.stringify(deadlineMs || 0)},` +
    `"invoked_function_arn":${JSON.stringify(functionArn)},"xray_trace_id":${JSON.stringify(traceId ?? null)},` +
    `"client_context":${clientContext === undefined ? "null" : JSON.stringify(parsed(clientContext))},` +
    `"identity":${cognitoIdentity === undefined ? "null" : JSON.stringify(identityOf(parsed(cognitoIdentity)))},` +
    `"tenant_id":${JSON.stringify(tenantId ?? null)},"env_config":${environment.json}}`
  );
}

let environment: { readonly identity: FunctionIdentity; readonly json: string } | undefined;

function environmentJson(identity: FunctionIdentity): string {
  return JSON.stringify({
    function_name: identity.name,
    memory: identity.memory,
    version: identity.version,
    log_stream: identity.logStream,
    log_group: identity.logGroup,
  });
}

/** Callers write what they like into their client context; what is no JSON is nothing (B7). */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function identityOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return null;
  const given = value as Readonly<Record<string, unknown>>;
  return {
    identityId: given["cognitoIdentityId"] ?? given["identityId"] ?? null,
    identityPoolId: given["cognitoIdentityPoolId"] ?? given["identityPoolId"] ?? null,
  };
}

/**
 * JSON text as a header value: as it stands when it is printable ASCII on one line, else the same text with
 * `\uXXXX`. Never parsed and printed anew, which would round long numbers. Outside of strings JSON has no other
 * such characters than line breaks and tabs, and needs none of them. Every server takes that, and none can read a
 * second header out of it (B39).
 */
export function asciiJson(json: string): string {
  if (/^[\x20-\x7e]*$/.test(json)) return json;
  return json
    .replace(/[\t\n\r][\t\n\r ]*/g, "")
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
