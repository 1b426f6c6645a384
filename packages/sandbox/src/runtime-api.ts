/**
 * The Runtime API of one boot (environment.md 1): what the runtime asks, and what it is given.
 *
 *  (1) The id in the path is checked before the state.
 *  (2) A call that the state does not allow is 403 and changes nothing.
 *  (3) An invocation is answered once, by the first complete answer, and before its runtime gets its 202.
 *  (4) An event is delivered only to a runtime that asked for one.
 *  (5) Without SnapStart `restore/*` does not exist: 404, whatever the state (environment.md 1.2).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorBody, MAX_PAYLOAD_BYTES, runtimeHeaders } from "@anylambda/wire";
import {
  BrokenStream,
  type RuntimeAnswer,
  brokenStreamDocument,
  errorInTrailers,
  errorTypeOf,
  fromErrorPost,
  fromResponsePost,
  tooLarge,
} from "./answers.ts";
import type { InvocationTimes } from "./invocation-times.ts";
import type { ResponseMode } from "./invocation.ts";
import { type Poll, type QuickRuntime, pollOf } from "./quick-calls.ts";
import { replyAccepted, replyError, replyMethodNotAllowed, replyNotFound } from "./replies.ts";
import { drained, readBody } from "./request-body.ts";
import { endOfPromises } from "./watch.ts";
import { RestorePoint, restoreNextPath } from "./snapstart/restore-point.ts";
import {
  type RuntimeCall,
  type RuntimeState,
  runtimeStateAfter,
  runtimeStateError,
} from "./runtime-states.ts";

/** One invocation as the Runtime API hands it out. */
export interface Delivery {
  readonly requestId: string;
  /** Head of the answer to `/next`: names and values in turn. */
  readonly head: readonly string[];
  readonly payload: Uint8Array;
  readonly mode: ResponseMode;
  /** Takes the answer; called at most once. */
  readonly answer: (answer: RuntimeAnswer) => void;
  /** The answer was a stream, and broke off. */
  readonly broke: (errorType: string, document: Uint8Array) => void;
  /** Filled in as things happen. */
  readonly times: InvocationTimes;
  /** The runtime has answered and asked for its next event; `times.ready` says when. */
  readonly done: () => void;
}

/** What the runtime posted to `/init/error`, or to `/restore/error`. */
export interface InitErrorPost {
  readonly errorType: string;
  readonly payload: Uint8Array;
}

export class RuntimeApi {
  state: RuntimeState = "Started";
  initError: InitErrorPost | undefined;
  /** A hook after the restore failed. */
  restoreError: InitErrorPost | undefined;
  /** An invocation is over. */
  hasAnswered = false;
  #restorePoint: RestorePoint | undefined;
  #delivery: Delivery | undefined;
  /** Polls that wait for an event. More than one only when a runtime polls again while it is parked. */
  #parked: Poll[] = [];
  readonly #changed: () => void;

  constructor(changed: () => void, snapStart = false) {
    this.#changed = changed;
    if (snapStart) this.#restorePoint = new RestorePoint();
  }

  /** Where a snapshot is taken: the runtime asked for `restore/next`, or, when it never does that, for an event. */
  get atRestorePoint(): boolean {
    return this.state === "RestoreReady" || this.state === "Ready";
  }

  /** The runtime asked for `restore/next`: it has hooks, and waits to be told that it was restored. */
  get knowsRestore(): boolean {
    return this.state === "RestoreReady";
  }

  /** Answers the waiting `restore/next`. */
  restored(): void {
    this.state = runtimeStateAfter(this.state, "restored") ?? this.state;
    this.#restorePoint?.release();
  }

  /** The runtime asked for an event and has none: init is over, or the invocation. */
  get idle(): boolean {
    return this.state === "Ready" && this.#delivery === undefined;
  }

  deliver(delivery: Delivery): void {
    this.#delivery = delivery;
    this.#flush();
  }

  handle(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (path === nextPath) {
      if (request.method === "GET") {
        if (this.#enter("next", response)) this.#next(pollOf(response));
      } else replyMethodNotAllowed(response, "GET");
      return;
    }
    if (path === restoreNextPath && this.#restorePoint !== undefined) {
      if (request.method !== "GET") replyMethodNotAllowed(response, "GET");
      else if (this.#enter("restoreNext", response)) {
        this.#restorePoint.park(response);
        this.#changed();
      }
      return;
    }
    const call = callOf(path, this.#restorePoint !== undefined);
    if (call === undefined) replyNotFound(response);
    else if (request.method !== "POST") replyMethodNotAllowed(response, "POST");
    else void this.#post(request, response, call);
  }

  /** The state is entered. */
  #next(poll: Poll): void {
    const answered = this.#delivery?.times.answered === undefined ? undefined : this.#delivery;
    if (answered !== undefined) {
      answered.times.ready = performance.now();
      this.hasAnswered = true;
      this.#delivery = undefined;
      answered.done();
    }
    // A runtime that gave up its connection and polls again leaves a dead one behind.
    if (this.#parked.length > 0) this.#parked = this.#parked.filter((one) => !one.destroyed);
    this.#parked.push(poll);
    this.#flush();
    this.#changed();
  }

  /** The same calls without a request of `node:http`. */
  readonly quick: QuickRuntime = {
    next: (poll) => {
      const state = runtimeStateAfter(this.state, "next");
      if (state === undefined) return false;
      this.state = state;
      this.#next(poll);
      return true;
    },
    respond: (requestId, body, accepted) => {
      const delivery = this.#delivery;
      const state = runtimeStateAfter(this.state, "response");
      if (delivery?.requestId !== requestId || delivery.mode !== "buffered" || state === undefined)
        return false;
      if (body.length > MAX_PAYLOAD_BYTES) return false;
      this.state = state;
      const { times } = delivery;
      times.responseStarted = times.responseEnded = performance.now();
      times.producedBytes = body.length;
      delivery.answer({ payload: body });
      void this.#accept(accepted);
      return true;
    },
  };

  /** Lets whoever waits for the answer write it first: a person waits for that, nobody for the 202. */
  async #accept(accepted: () => void): Promise<void> {
    await endOfPromises();
    this.#sent();
    accepted();
  }

  /** Invariant 4. */
  #flush(): void {
    const delivery = this.#delivery;
    if (delivery === undefined || this.#parked.length === 0) return;
    const state = runtimeStateAfter(this.state, "delivered");
    if (state === undefined) return;
    const polls = this.#parked;
    this.#parked = [];
    for (const poll of polls) poll.answer(delivery.head, delivery.payload);
    this.state = state;
  }

  async #post(request: IncomingMessage, response: ServerResponse, call: PostCall): Promise<void> {
    if (call.kind === "initError" || call.kind === "restoreError") {
      if (!this.#enter(call.kind, response)) return;
      const body = await readBody(request, MAX_PAYLOAD_BYTES);
      const error = {
        errorType: errorTypeOf(request.headers[runtimeHeaders.errorType]),
        payload: body.kind === "complete" ? body.bytes : new Uint8Array(),
      };
      if (this.state === "InitError") this.initError = error;
      else this.restoreError = error;
      replyAccepted(response);
      this.#changed();
      return;
    }
    await this.#answer(request, response, call);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, call: AnswerCall): Promise<void> {
    const delivery = this.#delivery;
    if (delivery === undefined || !names(call.id, delivery.requestId)) {
      replyError(response, 400, invalidRequestId);
      return;
    }
    if (!this.#enter(call.kind, response)) return;
    const refused = call.kind === "response" ? modeError(request) : undefined;
    const { times } = delivery;
    if (call.kind === "response") times.responseStarted = performance.now();
    if (call.kind === "response" && refused === undefined && delivery.mode === "streaming") {
      // Whatever the runtime calls it: to a caller who streams, the bytes go as they come (environment.md 1.5).
      const chunks = this.#relay(request, response, delivery);
      delivery.answer({ stream: { contentType: request.headers["content-type"], chunks } });
      return;
    }
    const body = await readBody(request, MAX_PAYLOAD_BYTES);
    if (call.kind === "response") {
      times.responseEnded = performance.now();
      if (body.kind === "complete") times.producedBytes = body.bytes.length;
    }
    if (refused !== undefined) {
      delivery.answer(refused.answer);
      this.#sent();
      replyError(response, 400, refused.error);
      return;
    }
    switch (body.kind) {
      case "complete":
        delivery.answer(
          call.kind === "response"
            ? fromResponsePost(request, body.bytes)
            : fromErrorPost(request, body.bytes),
        );
        await this.#accept(() => replyAccepted(response));
        break;
      case "tooLarge":
        delivery.answer(tooLarge());
        await drained(request);
        this.#sent();
        replyError(response, 413, requestEntityTooLarge);
        break;
      case "truncated":
        // The connection is gone, or `api-server.ts` has answered on the raw socket.
        delivery.answer({ failed: "Runtime.TruncatedResponse", message: "Response was truncated" });
        this.#sent();
        break;
    }
  }

  /** Hands out what the runtime sends, at the pace at which it is taken, and ends the call when all is there. */
  async *#relay(
    request: IncomingMessage,
    response: ServerResponse,
    delivery: Delivery,
  ): AsyncGenerator<Uint8Array, void> {
    let length = 0;
    try {
      for await (const chunk of request as AsyncIterable<Uint8Array>) {
        length += chunk.length;
        // What is too much is still read: a runtime that writes everything first then gets its answer.
        if (length <= maxStreamBytes) yield chunk;
        delivery.times.producedBytes = length;
      }
    } catch {
      // The connection broke; whether that was before the end is told by `complete`.
    }
    delivery.times.responseEnded = performance.now();
    const errorType =
      length > maxStreamBytes
        ? "Function.ResponseSizeTooLarge"
        : request.complete
          ? errorInTrailers(request)
          : "Runtime.TruncatedResponse";
    if (errorType !== undefined) delivery.broke(errorType, brokenStreamDocument(request, errorType));
    this.#sent();
    if (length > maxStreamBytes) replyError(response, 413, requestEntityTooLarge);
    else if (request.complete) replyAccepted(response);
    if (errorType !== undefined) throw new BrokenStream(errorType);
  }

  #sent(): void {
    if (this.#delivery !== undefined) this.#delivery.times.answered = performance.now();
    this.state = runtimeStateAfter(this.state, "responseSent") ?? this.state;
    this.#changed();
  }

  /** Invariant 2. */
  #enter(call: RuntimeCall, response: ServerResponse): boolean {
    const state = runtimeStateAfter(this.state, call);
    if (state === undefined) {
      replyError(response, 403, runtimeStateError(this.state, call));
      return false;
    }
    this.state = state;
    return true;
  }
}

/** Largest streamed answer (environment.md 1.5). */
const maxStreamBytes = 200 * 1024 * 1024;

const root = "/2018-06-01/runtime/";
const nextPath = `${root}invocation/next`;
const invocationRoot = `${root}invocation/`;

type AnswerCall = { readonly kind: "response" | "error"; readonly id: string };
type PostCall = AnswerCall | { readonly kind: "initError" } | { readonly kind: "restoreError" };

/** Invariant 5. */
function callOf(path: string, snapStart: boolean): PostCall | undefined {
  if (path === `${root}init/error`) return { kind: "initError" };
  if (path === `${root}restore/error` && snapStart) return { kind: "restoreError" };
  if (!path.startsWith(invocationRoot)) return undefined;
  const slash = path.indexOf("/", invocationRoot.length);
  if (slash <= invocationRoot.length) return undefined;
  const id = path.slice(invocationRoot.length, slash);
  switch (path.slice(slash + 1)) {
    case "response":
      return { kind: "response", id };
    case "error":
      return { kind: "error", id };
    default:
      return undefined;
  }
}

/** Some clients URL-encode the id (environment.md 1.4). */
function names(sent: string, requestId: string): boolean {
  if (sent === requestId) return true;
  try {
    return decodeURIComponent(sent) === requestId;
  } catch {
    return false;
  }
}

function modeError(request: IncomingMessage): { error: ErrorBody; answer: RuntimeAnswer } | undefined {
  const mode = request.headers[runtimeHeaders.responseMode];
  // For a caller who wants one piece, `streaming` is collected into it: the invoker decides (environment.md 1.5).
  if (mode === undefined || mode === "" || mode === "streaming") return undefined;
  return {
    error: invalidResponseMode,
    answer: { failed: "Runtime.InvalidResponseModeHeader", message: "Invalid function response mode" },
  };
}

const invalidRequestId: ErrorBody = { errorMessage: "Invalid request ID", errorType: "InvalidRequestID" };
const invalidResponseMode: ErrorBody = {
  errorMessage: "Invalid function response mode",
  errorType: "InvalidFunctionResponseMode",
};
const requestEntityTooLarge: ErrorBody = {
  errorMessage: `Exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`,
  errorType: "RequestEntityTooLarge",
};
