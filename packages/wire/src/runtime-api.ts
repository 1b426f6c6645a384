/**
 * Words of the Lambda Runtime API, version 2018-06-01 (spec/environment.md, section 1).
 * The adapter speaks them as the client, the sandbox as the server.
 */
import type { HeaderList } from "./message.ts";
import { fieldValues } from "./quick.ts";

export const runtimePaths = {
  next: "/2018-06-01/runtime/invocation/next",
  initError: "/2018-06-01/runtime/init/error",
  restoreNext: "/2018-06-01/runtime/restore/next",
  restoreError: "/2018-06-01/runtime/restore/error",
  response: (requestId: string): string =>
    `/2018-06-01/runtime/invocation/${encodeURIComponent(requestId)}/response`,
  error: (requestId: string): string =>
    `/2018-06-01/runtime/invocation/${encodeURIComponent(requestId)}/error`,
} as const;

/** Header names of the Runtime API, in lower case. */
export const runtimeHeaders = {
  requestId: "lambda-runtime-aws-request-id",
  deadlineMs: "lambda-runtime-deadline-ms",
  functionArn: "lambda-runtime-invoked-function-arn",
  traceId: "lambda-runtime-trace-id",
  clientContext: "lambda-runtime-client-context",
  cognitoIdentity: "lambda-runtime-cognito-identity",
  tenantId: "lambda-runtime-aws-tenant-id",
  errorType: "lambda-runtime-function-error-type",
  xrayErrorCause: "lambda-runtime-function-xray-error-cause",
  responseMode: "lambda-runtime-function-response-mode",
} as const;

/** Largest event and largest buffered answer, bytes: 6 MiB and 100 (environment.md 1.3, 1.4). */
export const MAX_PAYLOAD_BYTES = 6_291_556;

/** What `/invocation/next` says about an invocation beside the event. */
export interface InvocationHead {
  readonly requestId: string;
  /** Unix time, ms. */
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string | undefined;
  /** JSON text, as given. */
  readonly clientContext: string | undefined;
  /** JSON text, as given. */
  readonly cognitoIdentity: string | undefined;
  readonly tenantId: string | undefined;
}

/**
 * Reads the headers of an answer to `/invocation/next`.
 * Only the id is indispensable; a missing or unreadable deadline is `NaN`, which the caller treats as "none".
 * An empty optional header counts as absent: emulators send them (environment.md 1.10).
 */
export function toInvocationHead(headers: HeaderList): InvocationHead | undefined {
  const found = new Map<string, string>();
  for (const [name, value] of headers) if (value !== "") found.set(name.toLowerCase(), value);
  return headOf(headNames.map((name) => found.get(name)));
}

/** As {@link toInvocationHead}, from the bytes of a plain head's fields; `undefined` also when there is no quick way. */
export function invocationHeadOf(fields: Uint8Array): InvocationHead | undefined {
  valuesOf ??= fieldValues(headNames);
  const values = valuesOf(fields);
  return values === undefined ? undefined : headOf(values);
}

let valuesOf: ReturnType<typeof fieldValues> | undefined;

/** Headers that make an {@link InvocationHead}, in the order of its members. */
export const headNames: readonly string[] = [
  runtimeHeaders.requestId,
  runtimeHeaders.deadlineMs,
  runtimeHeaders.functionArn,
  runtimeHeaders.traceId,
  runtimeHeaders.clientContext,
  runtimeHeaders.cognitoIdentity,
  runtimeHeaders.tenantId,
];

/** `values` in the order of {@link headNames}. */
function headOf(values: readonly (string | undefined)[]): InvocationHead | undefined {
  const requestId = values[0];
  if (requestId === undefined) return undefined;
  return {
    requestId,
    deadlineMs: Number(values[1] ?? Number.NaN),
    functionArn: values[2] ?? "",
    traceId: values[3],
    clientContext: values[4],
    cognitoIdentity: values[5],
    tenantId: values[6],
  };
}

/** The inverse of {@link toInvocationHead}: absent and empty members give no header, never an empty one. */
export function fromInvocationHead(head: InvocationHead): [string, string][] {
  const headers: [string, string | undefined][] = [
    ["Lambda-Runtime-Aws-Request-Id", head.requestId],
    ["Lambda-Runtime-Deadline-Ms", String(head.deadlineMs)],
    ["Lambda-Runtime-Invoked-Function-Arn", head.functionArn],
    ["Lambda-Runtime-Trace-Id", head.traceId],
    ["Lambda-Runtime-Client-Context", head.clientContext],
    ["Lambda-Runtime-Cognito-Identity", head.cognitoIdentity],
    ["Lambda-Runtime-Aws-Tenant-Id", head.tenantId],
  ];
  return headers.filter((header): header is [string, string] => header[1] !== undefined && header[1] !== "");
}

/** The body of every error of both APIs. */
export interface ErrorBody {
  readonly errorType: string;
  readonly errorMessage: string;
}
