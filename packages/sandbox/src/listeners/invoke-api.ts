/**
 * The Invoke API as a real HTTP server: what the AWS SDKs and the AWS CLI speak (environment.md 5.1 to 5.4).
 * Signatures are not looked at: who reaches the port may invoke.
 *
 *  (1) A function's failure is 200 with `X-Amz-Function-Error`; only what never reached it has another status.
 *  (2) Once a stream has begun, only its `InvokeComplete` can tell of a failure, and it comes last, always.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { endWhole } from "../replies.ts";
import { AsyncInvocations, type AsyncOptions } from "../async-invocations.ts";
import type { Fleet } from "../fleet.ts";
import { completeTraceId } from "../identifiers.ts";
import { type LogTail, logTail } from "../log-tail.ts";
import { drained, readBody } from "../request-body.ts";
import { type InvokeRequest, tenantFaultOf } from "../waiting.ts";
import { type HttpListener, createFrontServer, listenAt } from "./http-listener.ts";
import {
  type InvokeError,
  fromRefusal,
  functionNotFound,
  invalidContent,
  malformed,
  notJson,
  queueFull,
  requestTooLarge,
  serviceError,
  unknownOperation,
} from "./invoke-errors.ts";
import { type Operation, type Parameters, parametersOf, routeOf } from "./invoke-request.ts";
import { relayEvents } from "./streamed-events.ts";
import { type Functions, targetOf } from "./invoke-target.ts";

export interface InvokeApiOptions extends AsyncOptions {
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string | undefined;
  /** 0, the default, takes a free port. */
  readonly port?: number | undefined;
}

/**
 * Opens the API for one function, or for several by name. Rejects when the port is taken or the address is not this
 * machine's.
 */
export async function listenInvokeApi(
  offered: Fleet | Functions,
  options: InvokeApiOptions = {},
): Promise<HttpListener> {
  const { host = "127.0.0.1", port = 0, ...asyncOptions } = options;
  const functions = "configuration" in offered ? only(offered) : offered;
  const queues = new Map<Fleet, AsyncInvocations>();
  const queueOf = (fleet: Fleet): AsyncInvocations => {
    const queue = queues.get(fleet) ?? new AsyncInvocations(fleet, asyncOptions);
    queues.set(fleet, queue);
    return queue;
  };
  const api: Api = { functions, queueOf };
  const server = createFrontServer((request, response) => {
    // A kept connection would hold up the end of a listener that was closed meanwhile.
    response.once("finish", () => {
      if (!server.listening) request.socket.end();
    });
    serve(api, request, response).catch(() => {
      // A bug of ours must not take the server down with it.
      if (response.headersSent) response.destroy();
      else sendError(response, serviceError);
    });
  });
  const listener = await listenAt(server, host, port);
  return {
    ...listener,
    close: () => {
      for (const queue of queues.values()) queue.close();
      return listener.close();
    },
  };
}

interface Api {
  readonly functions: Functions;
  /** Of events for this fleet. */
  readonly queueOf: (fleet: Fleet) => AsyncInvocations;
}

function only(fleet: Fleet): Functions {
  return new Map([[fleet.configuration.name, { fleet }]]);
}

async function serve(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, maxSyncBytes);
  if (body.kind === "truncated") return;
  if (body.kind === "tooLarge") await drained(request);
  const asked = askedOf(api.functions, request, body.kind === "complete" ? body.bytes : undefined);
  response.setHeader("x-amzn-RequestId", "error" in asked ? randomUUID() : asked.invoke.requestId);
  if ("error" in asked) return sendError(response, asked.error);
  const { operation, parameters, invoke, fleet } = asked;
  response.setHeader("X-Amzn-Trace-Id", traceHeader(invoke.traceId));
  if (operation === "async" || parameters.type === "Event") {
    // The client context reaches a function that somebody waits for only (environment.md 5.1).
    const { clientContext: _unused, ...event } = invoke;
    if (!api.queueOf(fleet).accept(event)) return sendError(response, queueFull);
    return sendEmpty(response, 202, operation === "async" ? `{"Status":202}` : "");
  }
  if (parameters.type === "DryRun") return sendEmpty(response, 204);
  const tail = parameters.tail ? logTail() : undefined;
  const logged = tail === undefined ? invoke : { ...invoke, log: tail.take };
  if (operation === "stream") return stream(fleet, response, logged, tail);
  return buffered(fleet, response, logged, tail);
}

async function buffered(
  fleet: Fleet,
  response: ServerResponse,
  invoke: InvokeRequest,
  tail: LogTail | undefined,
): Promise<void> {
  const invocation = fleet.invoke(invoke);
  const answer = await invocation.answer;
  const refused = fromRefusal(answer);
  if (refused !== undefined) return sendError(response, refused);
  // REPORT is part of the tail, and comes when the extensions are done.
  if (tail !== undefined) await invocation.ended;
  const head = ["Content-Type", "application/json", "Content-Length", String(answer.payload.length)];
  head.push("X-Amz-Executed-Version", fleet.configuration.version, "x-amzn-Remapped-Content-Length", "0");
  if (answer.functionError !== undefined) head.push("X-Amz-Function-Error", answer.functionError);
  if (tail !== undefined) head.push("X-Amz-Log-Result", tail.result());
  respond(response, 200, head, answer.payload);
}

async function stream(
  fleet: Fleet,
  response: ServerResponse,
  invoke: InvokeRequest,
  tail: LogTail | undefined,
): Promise<void> {
  const invocation = fleet.invokeStreaming(invoke);
  const answer = await invocation.answer;
  const refused = "stream" in answer ? undefined : fromRefusal(answer);
  if (refused !== undefined) return sendError(response, refused);
  const head = ["Content-Type", "application/vnd.amazon.eventstream"];
  head.push("X-Amz-Executed-Version", fleet.configuration.version);
  response.writeHead(200, [...fieldsOf(response), ...head]);
  response.flushHeaders();
  await relayEvents(response, answer, invocation.ended, tail);
}

interface Asked {
  readonly fleet: Fleet;
  readonly operation: Operation;
  readonly parameters: Parameters;
  readonly invoke: InvokeRequest & { readonly requestId: string; readonly traceId: string };
}

/** Everything that can be said of a request before the function is asked. */
function askedOf(
  functions: Functions,
  request: IncomingMessage,
  body: Uint8Array | undefined,
): Asked | { readonly error: InvokeError } {
  const route = routeOf(request);
  if (route === undefined) return { error: unknownOperation };
  const { operation, functionName, qualifier: queried } = route;
  const parameters = parametersOf(request.headers, operation);
  if ("malformed" in parameters) return { error: malformed(parameters.malformed) };
  if ("invalidContent" in parameters) return { error: invalidContent(parameters.invalidContent) };
  const target = targetOf(functionName, queried, functions);
  if (target.kind === "malformed") return { error: malformed(target.message) };
  if (target.kind === "unknown") return { error: functionNotFound(target.arn) };
  const { fleet, qualifier } = target;
  const { tenantId } = parameters;
  const tenant = tenantFaultOf(fleet.configuration.tenantIsolation === true, tenantId);
  if (tenant !== undefined) return { error: malformed(tenant) };
  const limit = operation === "async" || parameters.type === "Event" ? maxAsyncBytes : maxSyncBytes;
  if (body === undefined || body.length > limit) return { error: requestTooLarge(limit) };
  const fault = faultOf(body);
  if (fault !== undefined) return { error: notJson(fault) };
  const { requestId = randomUUID(), traceId, clientContext } = parameters;
  const invoke = {
    payload: body.length === 0 ? emptyEvent : body,
    requestId,
    traceId: completeTraceId(traceId),
    ...(clientContext !== undefined && { clientContext }),
    ...(qualifier !== undefined && { qualifier }),
    ...(tenantId !== undefined && { tenantId }),
  };
  return { fleet, operation, parameters, invoke };
}

/** No body is the event `{}` (environment.md 5.1). */
const emptyEvent: Uint8Array = Buffer.from("{}");

/** What a parser of JSON has to say against it. */
function faultOf(body: Uint8Array): string | undefined {
  if (body.length === 0) return undefined;
  try {
    JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function sendError(response: ServerResponse, { status, type, body, retryAfter }: InvokeError): void {
  const head = [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(body.length),
    "x-amzn-ErrorType",
    type,
  ];
  if (retryAfter !== undefined) head.push("Retry-After", String(retryAfter));
  respond(response, status, head, body);
}

function sendEmpty(response: ServerResponse, status: 202 | 204, body = ""): void {
  const head =
    status === 204 ? [] : ["Content-Type", "application/json", "Content-Length", String(body.length)];
  respond(response, status, head, Buffer.from(body));
}

function respond(response: ServerResponse, status: number, head: readonly string[], body: Uint8Array): void {
  response.writeHead(status, [...fieldsOf(response), ...head]);
  endWhole(response, body);
}

/** `writeHead` with a list does not merge what `setHeader` has set. */
function fieldsOf(response: ServerResponse): string[] {
  const fields: string[] = [];
  for (const name of response.getHeaderNames()) fields.push(name, String(response.getHeader(name)));
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  return fields;
}

/** `root=…;sampled=…`, in the API's lower case. */
function traceHeader(traceId: string): string {
  const part = (name: string): string => new RegExp(`${name}=([^;]*)`).exec(traceId)?.[1] ?? "";
  return `root=${part("Root")};sampled=${part("Sampled")}`.replaceAll(/[^\x20-\x7e]/g, "");
}

/** Payload limits (environment.md 5.6). */
const maxSyncBytes = 6_291_456;
const maxAsyncBytes = 1_048_576;
