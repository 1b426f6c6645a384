/**
 * The way of one invocation: event, request, response, answer. The only `try` of that way is here; what is thrown
 * on it becomes a failure posted to `/error`, and the environment goes on.
 */
import { EventError, MAX_PAYLOAD_BYTES, kindOf } from "@anylambda/wire";
import type { HttpRequest, HttpResponse, JsonObject } from "@anylambda/wire";
import type { AppClient } from "./app-client.ts";
import type { Config } from "./config.ts";
import { withContext } from "./context-headers.ts";
import { doorOf, isUnmapped } from "./doors.ts";
import type { Door } from "./doors.ts";
import { Failure, RuntimeApiError, messageOf } from "./errors.ts";
import { documentOf, documentOfStatus, gatewayResponse } from "./failure-document.ts";
import type { FailureDocument } from "./failure-document.ts";
import type { Log } from "./log.ts";
import { fromPassThrough, toPassThrough } from "./pass-through.ts";
import type { Platform } from "./platform.ts";
import { bracketed } from "./readiness.ts";
import { moveAuthorization, removeBasePath } from "./request-edits.ts";
import type { Invocation, RuntimeClient } from "./runtime-client.ts";
import { within } from "./time.ts";
import { includesStatus } from "./variable-values.ts";

export interface InvocationDeps {
  readonly platform: Platform;
  readonly config: Config;
  readonly app: AppClient;
  readonly log: Log;
  /** Resolves when the app is ready; at once, unless init went on without it. */
  readonly appReady: (limitMs: number) => Promise<void>;
}

/** Statuses that fail an event which is not HTTP, unless configured: a batch must come back, not vanish (B19). */
const failingByDefault = [{ from: 500, to: 599 }];

/** Handles one invocation to its end. Throws nothing but {@link RuntimeApiError}. */
export async function handleInvocation(
  deps: InvocationDeps,
  runtime: RuntimeClient,
  invocation: Invocation,
): Promise<void> {
  const { requestId } = invocation.head;
  const log = deps.log.with({ requestId });
  let door: Door | undefined;
  let request: HttpRequest | undefined;
  try {
    const text = deps.platform.codec.utf8Decode(invocation.event);
    const event = parse(text);
    const kind = kindOf(event);
    door = doorOf(kind);
    if (isUnmapped(kind))
      log.warn(`Events of kind ${kind} are not mapped to HTTP yet and are passed through`);
    request = withContextAndEdits(
      deps,
      log,
      invocation,
      text,
      plainRequest(deps, log, invocation, event, door),
    );
    const response = await askApp(deps, invocation, request);
    const failure = failureOfStatus(deps, response, door);
    if (failure !== undefined) return await fail(runtime, requestId, log, failure, request);
    await runtime.respond(requestId, answer(deps, log, request, response, door));
  } catch (error) {
    if (error instanceof RuntimeApiError) throw error;
    const response = deps.config.appFailure === "response" && gatewayResponse(error, deps.platform.codec);
    if (response && door !== undefined && request !== undefined) {
      log.error(messageOf(error), { method: request.method, path: pathOf(request) });
      return runtime.respond(requestId, door.fromHttp(response, request.method, deps.platform.codec));
    }
    await fail(runtime, requestId, log, documentOf(error, deps.platform.codec), request);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Failure("Adapter.InvalidEvent", `The event is not JSON: ${messageOf(error)}`, error);
  }
}

/** The request as the event has it. */
function plainRequest(
  deps: InvocationDeps,
  log: Log,
  invocation: Invocation,
  event: unknown,
  door: Door | undefined,
): HttpRequest {
  const { config, platform } = deps;
  if (door === undefined)
    return toPassThrough(
      invocation.event,
      config.passThroughPath,
      `${bracketed(config.host)}:${config.port}`,
    );
  try {
    const { request, remarks } = door.toHttp(event as JsonObject, platform.codec);
    for (const remark of remarks) log.warn(remark);
    return { ...request, target: removeBasePath(request.target, config.removeBasePath) };
  } catch (error) {
    if (error instanceof EventError) throw new Failure("Adapter.InvalidEvent", error.message, error);
    throw error;
  }
}

function withContextAndEdits(
  deps: InvocationDeps,
  log: Log,
  invocation: Invocation,
  text: string,
  plain: HttpRequest,
): HttpRequest {
  const { config } = deps;
  let headers = withContext(plain.headers, text, invocation.head, config.function);
  if (config.authorizationSource !== undefined) {
    const moved = moveAuthorization(headers, config.authorizationSource);
    if (!moved.found) log.warn(`"${config.authorizationSource}" header not found in request headers`);
    headers = moved.headers;
  }
  return { ...plain, headers };
}

/** Sends the request, for as long as the invocation has, less the margin. */
async function askApp(
  deps: InvocationDeps,
  invocation: Invocation,
  request: HttpRequest,
): Promise<HttpResponse> {
  const { platform, app, config } = deps;
  const limit = timeFor(platform, config, invocation);
  const start = platform.now().monotonic;
  await deps.appReady(limit);
  let cut = (): void => {};
  const response = app.send(request, (one) => (cut = one));
  return within(platform, limit - (platform.now().monotonic - start), response, () => {
    cut();
    const where = `${request.method} ${pathOf(request)}`;
    return new Failure(
      "Adapter.DeadlineExceeded",
      `The app did not answer ${where} within ${Math.round(limit)} ms`,
    );
  });
}

/** What is left until the deadline less the margin, ms; half of what is left when the margin would eat it up. */
function timeFor(platform: Platform, config: Config, invocation: Invocation): number {
  const left = invocation.head.deadlineMs - platform.now().wall;
  if (Number.isNaN(left) || left <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(left - config.deadlineMarginMs, left / 2);
}

/** The configured statuses decide alone; without them an event that is not HTTP fails on a server error. */
function failureOfStatus(
  deps: InvocationDeps,
  response: HttpResponse,
  door: Door | undefined,
): FailureDocument | undefined {
  const failing = deps.config.errorStatus ?? (door === undefined ? failingByDefault : []);
  if (!includesStatus(failing, response.status)) return undefined;
  return documentOfStatus(response, deps.platform.codec);
}

function answer(
  deps: InvocationDeps,
  log: Log,
  request: HttpRequest,
  response: HttpResponse,
  door: Door | undefined,
): readonly Uint8Array[] {
  const { codec } = deps.platform;
  if (door === undefined) {
    const { payload, remark } = fromPassThrough(response, codec);
    if (remark !== undefined) log.warn(remark, { status: response.status });
    return payload;
  }
  const payload = door.fromHttp(response, request.method, codec);
  const bytes = payload.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes > MAX_PAYLOAD_BYTES)
    throw new Failure(
      "Adapter.ResponseTooLarge",
      `The answer to ${request.method} ${pathOf(request)} has ${bytes} bytes (a body of ${response.body.length}); ` +
        `Lambda takes ${MAX_PAYLOAD_BYTES}`,
    );
  return payload;
}

async function fail(
  runtime: RuntimeClient,
  requestId: string,
  log: Log,
  failure: FailureDocument,
  request?: HttpRequest,
): Promise<void> {
  const route = request === undefined ? {} : { method: request.method, path: pathOf(request) };
  log.error(`Invocation failed with ${failure.errorType}: ${failure.reason}`, route);
  await runtime.fail(requestId, failure.errorType, failure.document);
}

/** Without the query, which may hold secrets. */
function pathOf(request: HttpRequest): string {
  const mark = request.target.indexOf("?");
  return mark < 0 ? request.target : request.target.slice(0, mark);
}
