/**
 * An environment that takes several invocations at once: what Lambda calls Managed Instances (environment.md 1.10).
 *
 *  (1) An invocation ends with its answer; the runtime need not ask for another event first.
 *  (2) A time-out ends the invocation and nothing else: the code goes on, and its late answer is told so.
 *  (3) A process that ends takes the environment and everything in it along; there is no second boot.
 *  (4) Every invocation has one answer and, when a worker has taken it, one REPORT, whatever happens to the environment.
 *  (5) Nobody waits for a worker longer than one needs to come back: who finds none goes elsewhere or is turned away.
 *
 * States are those of `state.ts` without `invoking` and `resetting`: `idle` means that it takes invocations.
 */
import type { ShutdownReason } from "@anylambda/wire";
import { ApiServer } from "./api-server.ts";
import { Boot } from "./boot.ts";
import { type EnvironmentOptions, limitsOf } from "./environment-options.ts";
import type { InitReport, InvocationReport, SandboxEvent } from "./events.ts";
import { type Failure, stopped, timedOut } from "./failures.ts";
import type { FunctionConfiguration } from "./function.ts";
import { functionArnOf, logStreamOf, newEnvironmentId } from "./identifiers.ts";
import { extensionReportsOf, failedInit, initRuntimeDoneOf, initTracesOf } from "./init-report.ts";
import { initialize } from "./init.ts";
import { InvocationEvents, type Told } from "./invocation-events.ts";
import { type Job, deliveryOf } from "./invocation.ts";
import { type TemporaryPlace, makeTemporaryPlace } from "./isolation/temporary.ts";
import { logEventOf } from "./log-frames.ts";
import { metadataOf } from "./metadata-endpoint.ts";
import { ManagedRuntimeApi } from "./managed-runtime-api.ts";
import { logLinesOf } from "./report.ts";
import type { ProcessGroup } from "./processes.ts";
import { stopProcesses } from "./stop.ts";
import { Teller } from "./teller.ts";
import { type Variables, variablesOf } from "./variables.ts";

/** A worker that has answered asks for the next event at once; what comes through faster must not be turned away. */
const patienceMs = 100;

export class ManagedEnvironment {
  readonly id: string;
  readonly number: number;
  readonly variables: Variables;
  #state: "created" | "initializing" | "idle" | "stopping" | "stopped" = "created";
  readonly #boot: Boot<ManagedRuntimeApi>;
  /** Resolves when it takes no more invocations. */
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  readonly #running = new Map<string, (failure: Failure) => void>();
  #initDurationMs: number | undefined;
  /** Resolves when init starts no more processes. */
  #starting: Promise<unknown> = Promise.resolve();
  #shutdown: Promise<void> | undefined;
  readonly #configuration: FunctionConfiguration;
  readonly #options: EnvironmentOptions;
  readonly #api: ApiServer;
  readonly #temporary: TemporaryPlace = makeTemporaryPlace();
  readonly #teller: Teller;

  private constructor(configuration: FunctionConfiguration, options: EnvironmentOptions, api: ApiServer) {
    this.id = newEnvironmentId();
    this.number = options.number;
    this.#configuration = configuration;
    this.#options = options;
    this.#api = api;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const logStream = logStreamOf(configuration.version, this.id, new Date());
    this.variables = variablesOf(configuration, {
      runtimeApi: api.address,
      logStream,
      path: options.path,
      initializationType: "lambda-managed-instances",
      temporary: this.#temporary.path,
    });
    const { memorySizeMb } = configuration;
    this.#boot = new Boot(
      configuration.taskRoot,
      this.variables,
      (...written) => this.#tell(logEventOf(...written)),
      undefined,
      // It is never frozen.
      {
        ...limitsOf(options, { name: `${this.id}-1`, memorySizeMb, tell: () => undefined }),
        freezeAfterMs: undefined,
      },
      (changed) => new ManagedRuntimeApi(changed),
    );
    api.metadata = metadataOf(configuration);
    const { id, number } = this;
    this.#teller = new Teller(configuration, this.variables, { id, number, report: options.report });
    this.#boot.telemetry = this.#teller.telemetryFor(undefined);
    api.serve(this.#boot);
  }

  /** An environment in the state `created`: its API listens, nothing runs. */
  static async create(
    configuration: FunctionConfiguration,
    options: EnvironmentOptions,
  ): Promise<ManagedEnvironment> {
    const { name, version, handler, accountId } = configuration;
    const api = await ApiServer.start({ functionName: name, functionVersion: version, handler, accountId });
    return new ManagedEnvironment(configuration, options, api);
  }

  get state(): "created" | "initializing" | "idle" | "stopping" | "stopped" {
    return this.#state;
  }

  /** Never rejects. A failure ends the environment. */
  async init(): Promise<InitReport> {
    const boot = this.#boot;
    const started = performance.now();
    this.#state = "initializing";
    this.#teller.telemetry.open();
    this.#tell({ type: "initStart", phase: "init" });
    const starting = initialize(boot, this.#configuration, started + this.#options.initLimitMs);
    this.#starting = starting;
    const outcome = await starting;
    for (const report of extensionReportsOf(boot.registry, outcome)) this.#tell(report);
    this.#tell(initRuntimeDoneOf("init", outcome));
    this.#teller.telemetry.close();
    const durationMs = performance.now() - started;
    if (this.#state !== "initializing" || outcome.kind !== "ready") {
      const traces = initTracesOf(boot, started);
      const ended = outcome.kind === "ready" ? ({ kind: "failed", failure: stopped() } as const) : outcome;
      if (this.#state === "initializing")
        await this.shutdown(outcome.kind === "late" ? "timeout" : "failure");
      return this.#tellInit(failedInit(boot, "init", ended, traces));
    }
    this.#state = "idle";
    this.#initDurationMs = durationMs;
    // Invariant 3: told of at once, also between invocations.
    void boot.failed.then((failure) => this.#crashed(failure));
    return this.#tellInit({ type: "initReport", phase: "init", status: "success", durationMs });
  }

  /** Whether one of its workers waits for an event. */
  get hasWorker(): boolean {
    return this.#boot.runtimeApi.hasWorker;
  }

  /** One invocation beside the others. Never rejects; resolves at its end, or when no worker was free: nobody is answered then (5). */
  async invoke(job: Job): Promise<InvocationReport | "noWorker"> {
    const started = performance.now();
    const { timeoutMs, version } = this.#configuration;
    const { requestId, qualifier } = job;
    const events = new InvocationEvents(job, started, (told) => this.#tellOf(job, told));
    const { answer, times } = events;
    const { runtimeApi } = this.#boot;
    let isTaken = false;
    const failure = await new Promise<Failure | "noWorker" | undefined>((resolve) => {
      if (this.#state !== "idle") return resolve(stopped());
      const timer = setTimeout(resolve, timeoutMs, timedOut(timeoutMs));
      // After a stall of this process the timer is late, and the poll it waits for may lie in a socket not read yet.
      const giveUp = (): void => {
        if (runtimeApi.withdraw(requestId)) end("noWorker");
      };
      const patience = setTimeout(setImmediate, patienceMs, giveUp);
      const end = (ended?: Failure | "noWorker"): void => {
        clearTimeout(timer);
        clearTimeout(patience);
        resolve(ended);
      };
      this.#running.set(requestId, end);
      const arn = functionArnOf(this.#configuration);
      const functionArn = qualifier === undefined ? arn : `${arn}:${qualifier}`;
      const course = { answer, times, done: () => undefined };
      const taken = (): void => {
        isTaken = true;
        events.start(version);
      };
      runtimeApi.deliver(deliveryOf(job, functionArn, Date.now() + timeoutMs, course), end, taken);
    });
    const durationMs = performance.now() - started;
    this.#running.delete(requestId);
    if (failure === "noWorker") return failure;
    // It ended before a worker had it: its log is whole all the same.
    if (!isTaken) events.start(version);
    if (failure !== undefined) {
      runtimeApi.giveUp(requestId);
      answer.fail(failure);
      const { errorType, message } = failure;
      this.#tellOf(job, { type: "fault", requestId, errorType, message });
    } else if (answer.fault !== undefined) this.#tellOf(job, { type: "fault", requestId, ...answer.fault });
    return this.#tellEnd(events, durationMs, failure);
  }

  /** Ends the environment, whatever it does. Resolves when every process is reaped. */
  shutdown(reason: ShutdownReason): Promise<void> {
    this.#shutdown ??= this.#stop(reason, stopped());
    return this.#shutdown;
  }

  /** What runs, the runtime first. */
  readonly groups: () => readonly ProcessGroup[] = () => this.#boot.groups;

  #crashed(failure: Failure): void {
    this.#shutdown ??= this.#stop("failure", failure);
  }

  async #stop(reason: ShutdownReason, failure: Failure): Promise<void> {
    this.#state = "stopping";
    this.#end();
    this.#boot.watch.fail(failure);
    for (const end of this.#running.values()) end(failure);
    await this.#starting;
    this.#tell({ type: "shutdown", reason });
    await stopProcesses(this.#boot, reason);
    this.#teller.telemetry.end();
    await this.#api.close();
    await this.#temporary.remove();
    this.#state = "stopped";
    this.#tell({ type: "stopped" });
  }

  #tellInit(report: InitReport): InitReport {
    this.#tell(report);
    return report;
  }

  #tellEnd(events: InvocationEvents, durationMs: number, failure: Failure | undefined): InvocationReport {
    const { memory } = this.#boot;
    memory.afterInvocation(durationMs);
    const initDurationMs = this.#initDurationMs;
    this.#initDurationMs = undefined;
    return events.end({
      durationMs,
      memorySizeMb: this.#configuration.memorySizeMb,
      maxMemoryUsedMb: Math.ceil(memory.peakBytes / 1_048_576),
      initDurationMs,
      restored: undefined,
      failure,
      hasExtensions: false,
    });
  }

  /** The function's own lines belong to nobody in particular: a caller's log has what the platform says. */
  #tellOf(job: Job, told: Told): void {
    const event = this.#tell(told);
    if (job.log !== undefined) for (const line of logLinesOf(event)) job.log(line);
  }

  #tell(told: Told & { readonly time?: Date }): SandboxEvent {
    return this.#teller.tell(told);
  }
}
