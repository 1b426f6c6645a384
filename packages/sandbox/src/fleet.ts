/**
 * The environments of one function and the callers waiting for them. For now exactly one environment.
 *
 *  (1) First in, first out.
 *  (2) An environment never sees a second invocation before the first has ended.
 *  (3) Every invocation is answered: by the function, or, when it never reached an environment, as `refused`.
 */
import { randomUUID } from "node:crypto";
import type { ShutdownReason } from "@anylambda/wire";
import { Environment } from "./environment.ts";
import type { InitReport, InvocationReport, SandboxEvent } from "./events.ts";
import type { FunctionConfiguration } from "./function.ts";
import { completeTraceId } from "./identifiers.ts";
import type { InvocationAnswer, Job, ResponseMode, StreamedAnswer } from "./invocation.ts";
import type { RefusedVariable } from "./variables.ts";

export interface FleetOptions {
  /** Takes every event of every environment, as it happens. */
  readonly report: (event: SandboxEvent) => void;
  /** Search path for the function's programs; without it that of a bare Unix system. */
  readonly path?: string | undefined;
  /** Limit of the first init, ms: 10,000 on Lambda, for functions on demand (environment.md 4.2). */
  readonly initLimitMs?: number | undefined;
}

export interface InvokeRequest {
  /** The event: JSON. */
  readonly payload: Uint8Array;
  /** A UUID; made up when absent. */
  readonly requestId?: string;
  /** `Root=…`, with or without the rest; made up when absent. */
  readonly traceId?: string;
  /** JSON text. */
  readonly clientContext?: string;
}

/** An invocation has two ends: the caller waits for the first, the environment is free after the second. */
export interface Invocation<Answer = FleetAnswer> {
  readonly requestId: string;
  /** As soon as the runtime posted it, or began to. Never rejects. */
  readonly answer: Promise<Answer>;
  /** The end of the invocation; `undefined` when it was refused. Never rejects. */
  readonly ended: Promise<InvocationReport | undefined>;
}

/** `refused`: no environment took the event, for the reason the Invoke API has for it (environment.md 5.2). */
export type FleetAnswer = InvocationAnswer & { readonly refused?: Refusal };

export type Refusal = "TooManyRequestsException" | "ServiceException";

export interface Fleet {
  readonly configuration: FunctionConfiguration;
  /** User variables that Lambda would not have taken. */
  readonly refusedVariables: readonly RefusedVariable[];
  /** The first init. Never rejects. */
  readonly initialized: Promise<InitReport>;
  /** The answer comes in one piece, also from a function that streams. */
  invoke(request: InvokeRequest): Invocation;
  /** The answer is a stream as soon as the function begins it; a failure before that is one piece. */
  invokeStreaming(request: InvokeRequest): Invocation<FleetAnswer | StreamedAnswer>;
  /** Ends every environment; resolves when the last process is reaped. */
  shutdown(reason?: ShutdownReason): Promise<void>;
}

/** Opens the environment's API and begins its init. Rejects only when no port can be opened. */
export async function startFleet(
  configuration: FunctionConfiguration,
  options: FleetOptions,
): Promise<Fleet> {
  const { report, path = "/usr/local/bin:/usr/bin:/bin", initLimitMs = 10_000 } = options;
  const environment = await Environment.create(configuration, { report, path, initLimitMs });
  return new OneEnvironment(configuration, environment);
}

/** Callers that may wait: as many as Lambda runs at once by default. */
const maxWaiting = 1000;

interface Waiting {
  readonly job: Job;
  readonly end: (report: InvocationReport | undefined) => void;
}

class OneEnvironment implements Fleet {
  readonly configuration: FunctionConfiguration;
  readonly initialized: Promise<InitReport>;
  readonly #environment: Environment;
  readonly #waiting: Waiting[] = [];
  #busy = true;
  #closed = false;

  constructor(configuration: FunctionConfiguration, environment: Environment) {
    this.configuration = configuration;
    this.#environment = environment;
    this.initialized = environment.init();
    void this.initialized.then(() => this.#serve(this.#waiting.shift()));
  }

  get refusedVariables(): readonly RefusedVariable[] {
    return this.#environment.variables.refused;
  }

  invoke(request: InvokeRequest): Invocation {
    // The Runtime API hands out a stream only to callers in streaming mode.
    return this.#enqueue(request, "buffered") as Invocation;
  }

  invokeStreaming(request: InvokeRequest): Invocation<FleetAnswer | StreamedAnswer> {
    return this.#enqueue(request, "streaming");
  }

  #enqueue(request: InvokeRequest, mode: ResponseMode): Invocation<FleetAnswer | StreamedAnswer> {
    const { payload, requestId = randomUUID(), clientContext } = request;
    const traceId = completeTraceId(request.traceId);
    const answered = deferred<FleetAnswer | StreamedAnswer>();
    const ended = deferred<InvocationReport | undefined>();
    const job: Job = { requestId, payload, traceId, clientContext, mode, answer: answered.resolve };
    const waiting: Waiting = { job, end: ended.resolve };
    if (this.#closed) refuse(waiting, "ServiceException");
    else if (!this.#busy) void this.#serve(waiting);
    else if (this.#waiting.length < maxWaiting) this.#waiting.push(waiting);
    else refuse(waiting, "TooManyRequestsException");
    return { requestId, answer: answered.promise, ended: ended.promise };
  }

  async shutdown(reason: ShutdownReason = "spindown"): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting.splice(0)) refuse(waiting, "ServiceException");
    await this.#environment.shutdown(reason);
  }

  /** Invariants 1 and 2: one loop, one invocation after the other. */
  async #serve(first: Waiting | undefined): Promise<void> {
    this.#busy = true;
    for (let waiting = first; waiting !== undefined; waiting = this.#waiting.shift())
      waiting.end(await this.#environment.invoke(waiting.job));
    this.#busy = false;
  }
}

/** Invariant 3. */
function refuse({ job, end }: Waiting, refused: Refusal): void {
  const { requestId } = job;
  const document =
    refused === "TooManyRequestsException"
      ? { Reason: "ConcurrentInvocationLimitExceeded", Type: "User", message: "Rate Exceeded." }
      : { Type: "Service", Message: "The execution environment was shut down" };
  const answer: FleetAnswer = { requestId, payload: Buffer.from(JSON.stringify(document)), refused };
  job.answer(answer);
  end(undefined);
}

function deferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
