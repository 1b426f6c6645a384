/**
 * The way of one invocation: event, request, response, answer. The only `try` of that way is here; what is thrown
 * on it becomes a failure posted to `/error`, or the trailers of an answer that has begun, and the environment goes on.
 */
import { EventError, kindOf, writePrelude } from "@anylambda/wire";
import type { AnswerBytes, EventKind, HttpRequest, HttpResponse } from "@anylambda/wire";
import { connectionFields } from "@anylambda/wire/front-doors/websocket";
import type { AppClient, AppResponse, Sent } from "./app-client.ts";
import type { AnswerStream } from "./answer-stream.ts";
import { answerWhole, compressed, failureOfStatus, isStreamed } from "./answers.ts";
import { acceptedCodings, compressStream } from "./compression.ts";
import type { Config } from "./config.ts";
import { withContext } from "./context-headers.ts";
import { startDeadline, timeForApp } from "./deadline.ts";
import type { Deadline } from "./deadline.ts";
import { doorOf } from "./doors.ts";
import type { Door } from "./doors.ts";
import { Failure, RuntimeApiError } from "./errors.ts";
import { sourceOf } from "./event-source.ts";
import { documentOf, gatewayResponse } from "./failure-document.ts";
import type { FailureDocument } from "./failure-document.ts";
import type { Log } from "./log.ts";
import { pathOf, startMeter } from "./meter.ts";
import type { Meter } from "./meter.ts";
import { toPassThrough } from "./pass-through.ts";
import type { Platform } from "./platform.ts";
import { quickRequestOf } from "./quick-request.ts";
import { authorityOf } from "./app-address.ts";
import { moveAuthorization, removeBasePath } from "./request-edits.ts";
import type { Lane } from "./relay.ts";
import { isHookPath, refusal } from "./restore.ts";
import type { Invocation, RuntimeClient } from "./runtime-client.ts";

export interface InvocationDeps {
  readonly platform: Platform;
  readonly config: Config;
  readonly app: AppClient;
  readonly log: Log;
  readonly isReady: () => boolean;
  /** Resolves when the app is ready; `undefined` when it is, as always, unless init went on without it. */
  readonly appReady: (limitMs: number) => Promise<void> | undefined;
}

const nothing = (): void => {};

/** What is known of an invocation as it goes on; the failure at its end tells of what there is. */
interface Exchange {
  readonly requestId: string;
  readonly log: Log;
  /** Only where somebody wants to know. */
  readonly meter: Meter | undefined;
  door?: Door;
  request?: HttpRequest;
  /** An answer whose first bytes have left: it can only be ended, not taken back. */
  stream?: AnswerStream;
}

/** An invocation whose request was sent already. */
export interface Early {
  readonly sent: Sent;
  readonly deadline: Deadline;
}

/** Handles one invocation to its end. Throws nothing but {@link RuntimeApiError}. */
export async function handleInvocation(
  deps: InvocationDeps,
  runtime: RuntimeClient,
  invocation: Invocation,
  lane?: Lane,
  early?: Early,
): Promise<void> {
  const { platform, config, app } = deps;
  const { requestId, deadlineMs } = invocation.head;
  const began = platform.now();
  const log = deps.log.with({ requestId });
  const exchange: Exchange = { requestId, log, meter: startMeter(platform, log, config.accessLog, began) };
  const deadline =
    early?.deadline ?? startDeadline(platform, timeForApp(began.wall, deadlineMs, config.deadlineMarginMs));
  try {
    const request = requestOf(deps, exchange, invocation, lane);
    // The quick way of a plain invocation: two waits, for the app and for the Runtime API, with no promise more than those.
    // What turns out not to be plain goes on the long way from where it is by then, and meets there what failed here.
    const isLong = early === undefined && isHeldBack(config, exchange, request);
    const ready = isLong ? undefined : deps.appReady(deadline.limitMs);
    if (ready !== undefined) await ready;
    const sent = early?.sent ?? (isLong ? undefined : app.post(request));
    let response: AppResponse | undefined;
    if (sent !== undefined) {
      deadline.watch(sent.connection.cut);
      try {
        response = app.whole(request, sent, await sent.bytes);
      } catch {}
    }
    const payload = response && plainPayload(deps, exchange, request, response, deadline);
    if (payload === undefined)
      return await answerRequest(deps, exchange, runtime, request, deadline, { sent, response });
    const told = runtime.tell(requestId, payload);
    try {
      if (told !== undefined && runtime.wasTold(await told)) return;
    } catch {}
    await runtime.respond(requestId, payload);
  } catch (error) {
    if (error instanceof RuntimeApiError) throw error;
    await fail(
      deps,
      exchange,
      runtime,
      deadline.expired && !isNotReady(error) ? tooSlow(exchange, deadline) : error,
    );
  } finally {
    deadline.stop();
    exchange.meter?.end();
  }
}

/** The request for the app, with everything the adapter adds to it. */
function requestOf(
  deps: InvocationDeps,
  exchange: Exchange,
  invocation: Invocation,
  lane: Lane | undefined,
): HttpRequest {
  // Without the exchange itself, which holds the request: the collector would have to find that circle.
  const { log } = exchange;
  const values = (): HttpRequest => longWay(deps, log, invocation).request;
  const made =
    quickRequestOf(deps.platform, deps.config, invocation, values, lane) ?? longWay(deps, log, invocation);
  if (made.door !== undefined) exchange.door = made.door;
  exchange.request = made.request;
  exchange.meter?.prepared(made.request, made.kind, made.door !== undefined);
  return made.request;
}

interface MadeRequest {
  readonly request: HttpRequest;
  readonly kind: EventKind;
  readonly door: Door | undefined;
}

function longWay({ platform, config }: InvocationDeps, log: Log, invocation: Invocation): MadeRequest {
  const text = platform.codec.utf8Decode(invocation.event);
  const event = parse(text);
  const kind = kindOf(event);
  const door = doorOf(kind, event, config, platform.codec);
  const plain =
    door === undefined ? passedThrough(config, invocation, event, kind) : mapped(config, log, door);
  let headers = withContext(plain.headers, text, invocation.head, config.function, {
    maxBytes: config.maxContextBytes,
    onOmit: (remark) => log.warn(remark),
  });
  if (config.authorizationSource !== undefined) {
    const moved = moveAuthorization(headers, config.authorizationSource);
    if (!moved.found) log.warn(`"${config.authorizationSource}" header not found in request headers`);
    headers = moved.headers;
  }
  return { request: { ...plain, headers }, kind, door };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Without the engine's message, which quotes the event: there may be a credential at that place.
    throw new Failure("Adapter.InvalidEvent", `The event of ${text.length} characters is not JSON`, error);
  }
}

function passedThrough(config: Config, invocation: Invocation, event: unknown, kind: EventKind): HttpRequest {
  const source = sourceOf(event);
  const path =
    (source === undefined ? undefined : config.passThroughRoutes.get(source)) ?? config.passThroughPath;
  const request = toPassThrough(invocation.event, path, authorityOf(config));
  return kind === "websocket"
    ? { ...request, headers: [...request.headers, ...connectionFields(event)] }
    : request;
}

function mapped(config: Config, log: Log, door: Door): HttpRequest {
  try {
    const { request, remarks } = door.toHttp();
    for (const remark of remarks) log.warn(remark);
    return { ...request, target: removeBasePath(request.target, config.removeBasePath) };
  } catch (error) {
    if (error instanceof EventError) throw new Failure("Adapter.InvalidEvent", error.message, error);
    throw error;
  }
}

/** Whether the request is refused, or somebody measures: then all of it goes the long way. */
function isHeldBack(config: Config, { meter, door }: Exchange, request: HttpRequest): boolean {
  return meter !== undefined || (door !== undefined && isHookPath(config, request));
}

/** The answer to a response that came whole and needs nothing but to be written in the door's words. */
function plainPayload(
  { platform, config }: InvocationDeps,
  { log, door }: Exchange,
  request: HttpRequest,
  response: AppResponse,
  deadline: Deadline,
): AnswerBytes | undefined {
  // Its connection may be serving someone else by now.
  deadline.watch(nothing);
  const { whole } = response;
  if (whole === undefined || failureOfStatus(config, whole, door, platform.codec) !== undefined)
    return undefined;
  if (door !== undefined && (config.compression || isStreamed(config, door, whole.status))) return undefined;
  return answerWhole(platform, log, request, whole, whole, door);
}

/** How far the quick way came. */
interface Begun {
  readonly sent: Sent | undefined;
  readonly response: AppResponse | undefined;
}

async function answerRequest(
  deps: InvocationDeps,
  exchange: Exchange,
  runtime: RuntimeClient,
  request: HttpRequest,
  deadline: Deadline,
  { sent, response: early }: Begun,
): Promise<void> {
  const { platform, config, app } = deps;
  const { requestId, log, meter, door } = exchange;
  if (door !== undefined && isHookPath(config, request)) {
    log.warn("A request from outside for a SnapStart hook was refused", { path: pathOf(request) });
    return respondOurselves(deps, exchange, runtime, door, refusal(platform.codec), request);
  }
  const ready = deps.appReady(deadline.limitMs);
  if (ready !== undefined) await ready;
  const begun = early ?? (await app.begin(request, (cut) => deadline.watch(cut), sent));
  const response = meter === undefined ? begun : meter.begun(begun);
  if (door !== undefined && isStreamed(config, door, response.status)) {
    await streamAnswer(deps, exchange, runtime, request, response, deadline);
    return;
  }
  const whole = response.whole ?? (await app.readWhole(response, () => deadline.cut()));
  meter?.answered();
  const failure = failureOfStatus(config, whole, door, platform.codec);
  if (failure !== undefined) return post(exchange, runtime, failure);
  const compressing = compressed(deps, request, whole, door);
  const changed = compressing === undefined ? whole : await compressing;
  await runtime.respond(requestId, answerWhole(platform, log, request, whole, changed, door));
}

/** An answer of our own, as the front door wants it: also a refusal is streamed where everything is. */
async function respondOurselves(
  deps: InvocationDeps,
  { requestId, meter }: Exchange,
  runtime: RuntimeClient,
  door: Door,
  response: HttpResponse,
  request: HttpRequest,
): Promise<void> {
  meter?.answered(response.status);
  if (!isStreamed(deps.config, door, response.status))
    return runtime.respond(requestId, door.fromHttp(response, request.method).payload);
  const { codec } = deps.platform;
  const prelude = writePrelude(response.status, response.headers, door.prelude ?? "joined", codec);
  const stream = await runtime.openStream(requestId, prelude, () => {});
  if (request.method !== "HEAD") await stream.write(response.body);
  runtime.closeStream(requestId, await stream.end());
}

/** Prelude at once, then each piece as it comes, until the app, the client or the time is done. */
async function streamAnswer(
  deps: InvocationDeps,
  exchange: Exchange,
  runtime: RuntimeClient,
  request: HttpRequest,
  response: AppResponse,
  deadline: Deadline,
): Promise<void> {
  const { platform, config } = deps;
  const accepted = acceptedCodings(config.compression, request);
  const sent = accepted === undefined ? response : compressStream(platform, response, accepted);
  const prelude = writePrelude(sent.status, sent.headers, exchange.door?.prelude ?? "joined", platform.codec);
  let gone = false;
  const stream = await runtime.openStream(exchange.requestId, prelude, () => {
    gone = true;
    deadline.cut();
  });
  exchange.stream = stream;
  for (;;) {
    // Cut off because nobody listens any more, the app has not failed.
    const piece = await sent.read().catch((error: unknown) => {
      if (!gone) throw error;
    });
    if (piece === undefined) break;
    if (await stream.write(piece)) continue;
    deadline.cut();
    break;
  }
  delete exchange.stream;
  runtime.closeStream(exchange.requestId, await stream.end());
}

/** An app that never came up has its own words for it, and they say more than that the time is over. */
function isNotReady(error: unknown): boolean {
  return error instanceof Failure && error.code === "Adapter.AppNotReady";
}

function tooSlow(exchange: Exchange, deadline: Deadline): Failure {
  const what = exchange.stream === undefined ? "answer" : "finish its answer to";
  const route =
    exchange.request === undefined ? "" : ` ${exchange.request.method} ${pathOf(exchange.request)}`;
  return new Failure(
    "Adapter.DeadlineExceeded",
    `The app did not ${what}${route} within ${Math.round(deadline.limitMs)} ms`,
  );
}

/** The one end of everything that went wrong. */
async function fail(
  deps: InvocationDeps,
  exchange: Exchange,
  runtime: RuntimeClient,
  error: unknown,
): Promise<void> {
  const { codec } = deps.platform;
  const { requestId, request, door, stream } = exchange;
  const document = documentOf(error, codec);
  if (stream !== undefined) {
    tell(exchange, document);
    runtime.closeStream(requestId, await stream.end(document));
    return;
  }
  const response = deps.config.appFailure === "response" ? gatewayResponse(error, codec) : undefined;
  if (response === undefined || door === undefined || request === undefined)
    return post(exchange, runtime, document);
  tell(exchange, document);
  await respondOurselves(deps, exchange, runtime, door, response, request);
}

async function post(exchange: Exchange, runtime: RuntimeClient, failure: FailureDocument): Promise<void> {
  tell(exchange, failure);
  await runtime.fail(exchange.requestId, failure.errorType, failure.document);
}

function tell({ log, meter, request }: Exchange, failure: FailureDocument): void {
  meter?.failed(failure.errorType);
  const route = request === undefined ? {} : { method: request.method, path: pathOf(request) };
  log.error(`Invocation failed with ${failure.errorType}: ${failure.reason}`, route);
}
