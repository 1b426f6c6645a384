/**
 * The Runtime API of an environment that takes several invocations at once: Managed Instances (environment.md 1.10).
 *
 *  (1) One poll takes one invocation; an invocation for which none is parked waits for the next poll, or is withdrawn.
 *  (2) An answer goes by its id alone: there is no state of the runtime as a whole, so nothing is 403.
 *  (3) The first answer after a time-out is told 410, once; every other id that is not running is 400.
 *
 * Each running invocation has a `RuntimeApi` of its own, which has seen exactly one poll: what it answers to
 * `/response` and `/error` is what a runtime with a single invocation gets.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { MAX_PAYLOAD_BYTES, runtimePaths } from "@anylambda/wire";
import { errorTypeOf } from "./answers.ts";
import { replyAccepted, replyError, replyMethodNotAllowed, replyNotFound } from "./replies.ts";
import { drained, readBody } from "./request-body.ts";
import { type Delivery, type InitErrorPost, RuntimeApi } from "./runtime-api.ts";
import type { RuntimeState } from "./runtime-states.ts";

interface Poll {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Undelivered {
  readonly delivery: Delivery;
  readonly taken: () => void;
  readonly done: () => void;
}

interface Running {
  readonly api: RuntimeApi;
  readonly done: () => void;
}

export class ManagedRuntimeApi {
  state: RuntimeState = "Started";
  initError: InitErrorPost | undefined;
  #polls: Poll[] = [];
  readonly #undelivered: Undelivered[] = [];
  readonly #running = new Map<string, Running>();
  /** Ids whose answers come too late, oldest first. */
  readonly #late = new Set<string>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** There are no snapshots of Managed Instances: init ends with the first poll. */
  get atRestorePoint(): boolean {
    return this.state === "Ready";
  }

  /** Nothing runs. */
  get idle(): boolean {
    return this.state === "Ready" && this.#running.size === 0 && this.#undelivered.length === 0;
  }

  /** A worker waits for an event. */
  get hasWorker(): boolean {
    return this.#polls.some(({ response }) => !response.destroyed);
  }

  /** `done` is called when the runtime has answered, `taken` when a worker has the event. */
  deliver(delivery: Delivery, done: () => void = () => undefined, taken: () => void = () => undefined): void {
    this.#undelivered.push({ delivery, done, taken });
    this.#flush();
  }

  /** Whether no worker had the event yet; none will get it. */
  withdraw(requestId: string): boolean {
    const waiting = this.#undelivered.findIndex(({ delivery }) => delivery.requestId === requestId);
    if (waiting >= 0) this.#undelivered.splice(waiting, 1);
    return waiting >= 0;
  }

  /** Nobody waits for this answer any more. */
  giveUp(requestId: string): void {
    this.withdraw(requestId);
    if (!this.#running.delete(requestId)) return;
    this.#late.add(requestId);
    const [oldest] = this.#late;
    if (this.#late.size > maxLate && oldest !== undefined) this.#late.delete(oldest);
  }

  handle(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (path === runtimePaths.next) {
      if (request.method === "GET") this.#next({ request, response });
      else replyMethodNotAllowed(response, "GET");
      return;
    }
    const id = idOf(path);
    if (id === undefined && path !== runtimePaths.initError) replyNotFound(response);
    else if (request.method !== "POST") replyMethodNotAllowed(response, "POST");
    else if (id === undefined) void this.#initFailed(request, response);
    else this.#answered(request, response, path, id);
  }

  #next(poll: Poll): void {
    this.#polls = this.#polls.filter(({ response }) => !response.destroyed);
    if (this.#polls.length >= maxPolls)
      return replyError(poll.response, 500, {
        errorType: "InternalServerError",
        errorMessage: `More than ${maxPolls} calls of /invocation/next wait`,
      });
    this.#polls.push(poll);
    this.state = "Ready";
    this.#flush();
    this.#changed();
  }

  /** Invariant 1. */
  #flush(): void {
    while (this.#undelivered.length > 0) {
      const poll = this.#polls.shift();
      if (poll === undefined) return;
      if (poll.response.destroyed) continue;
      const { delivery, done, taken } = this.#undelivered.shift() as Undelivered;
      const api = new RuntimeApi(() => this.#settle(delivery.requestId));
      this.#running.set(delivery.requestId, { api, done });
      api.handle(poll.request, poll.response, runtimePaths.next);
      api.deliver(delivery);
      taken();
    }
  }

  /** Invariants 2 and 3. */
  #answered(request: IncomingMessage, response: ServerResponse, path: string, id: string): void {
    const running = this.#running.get(id);
    if (running?.api.state === "Running") running.api.handle(request, response, path);
    else if (this.#late.delete(id)) void this.#refuse(request, response, 410, invokeTimeout);
    else void this.#refuse(request, response, 400, invalidRequestId);
  }

  async #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    error: typeof invokeTimeout,
  ): Promise<void> {
    request.resume();
    await drained(request);
    replyError(response, status, error);
  }

  #settle(requestId: string): void {
    const running = this.#running.get(requestId);
    if (running?.api.state !== "RuntimeResponseSentState") return;
    this.#running.delete(requestId);
    running.done();
    this.#changed();
  }

  /** Accepted at any time: several workers may have the same thing to say. */
  async #initFailed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_PAYLOAD_BYTES);
    this.initError ??= {
      errorType: errorTypeOf(request.headers["lambda-runtime-function-error-type"]),
      payload: body.kind === "complete" ? body.bytes : new Uint8Array(),
    };
    replyAccepted(response);
    this.#changed();
  }
}

/** What AWS's own emulator keeps (environment.md 1.10). */
const maxPolls = 10_000;
const maxLate = 1000;

const answerPath = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(?:response|error)$/;

function idOf(path: string): string | undefined {
  const id = answerPath.exec(path)?.[1];
  if (id === undefined || !id.includes("%")) return id;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

const invokeTimeout = { errorMessage: "Invoke timeout", errorType: "InvokeTimeout" };
const invalidRequestId = { errorMessage: "Invalid request ID", errorType: "InvalidRequestID" };
