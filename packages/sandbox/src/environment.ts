/**
 * The owner of one execution environment. States, transitions and the numbered invariants stand in `state.ts`;
 * this file performs them. How a boot starts is in `init.ts`, how it ends in `stop.ts`.
 *
 * One verb at a time: `init` or `invoke`. Only `shutdown` may come in between; it makes the running verb fail,
 * waits for it, and then ends the processes.
 */
import type { ShutdownReason } from "@anylambda/wire";
import { Boot, type BootLimits, type LineSink } from "./boot.ts";
import type { InitPhase, InitReport, InvocationReport } from "./events.ts";
import { type EnvironmentOptions, limitsOf } from "./environment-options.ts";
import { type Failure, reportedOf, statusOf, stopped, timedOut } from "./failures.ts";
import type { FunctionConfiguration } from "./function.ts";
import { functionArnOf, logStreamOf, newEnvironmentId } from "./identifiers.ts";
import { extensionReportsOf, failedInit, initRuntimeDoneOf, initTracesOf } from "./init-report.ts";
import type { InitOutcome } from "./init.ts";
import { InvocationEvents, type Told } from "./invocation-events.ts";
import { type Job, OneAnswer, deliveryOf, invokeEventOf } from "./invocation.ts";
import { type Home, openHome } from "./isolation/home.ts";
import { logEventOf } from "./log-frames.ts";
import { metadataOf } from "./metadata-endpoint.ts";
import { initializeOrTell } from "./slow-init.ts";
import type { BootMaker } from "./snapstart/engine.ts";
import { snapStartRefusal } from "./snapstart/refusals.ts";
import {
  type RestoreFailure,
  type Restored,
  placeOf,
  restoreFrom,
  restoreReportOf,
} from "./snapstart/restoration.ts";
import type { SnapshotSource } from "./snapstart/source.ts";
import { endOfTurn } from "./watch.ts";
import { type EnvironmentEvent, type EnvironmentState, transition } from "./state.ts";
import { stopProcesses } from "./stop.ts";
import { Teller } from "./teller.ts";
import { type Variables, variablesOf } from "./variables.ts";

export class Environment {
  readonly id: string;
  readonly number: number;
  readonly variables: Variables;
  #state: EnvironmentState = "created";
  /** The latest boot; after a reset the one that ended. */
  #boot: Boot | undefined;
  #boots = 0;
  #verb: Promise<unknown> = Promise.resolve();
  #shutdown: Promise<void> | undefined;
  /** Duration of a reported init, until the first invocation reports it. */
  #initDurationMs: number | undefined;
  /** The same of a restore. */
  #restored: Restored | undefined;
  readonly #configuration: FunctionConfiguration;
  readonly #options: EnvironmentOptions;
  readonly #home: Home;
  readonly #teller: Teller;
  readonly #functionArn: string;

  private constructor(configuration: FunctionConfiguration, options: EnvironmentOptions, home: Home) {
    this.id = newEnvironmentId();
    this.number = options.number;
    this.#configuration = configuration;
    this.#options = options;
    this.#home = home;
    this.#functionArn = functionArnOf(configuration);
    const logStream = logStreamOf(configuration.version, this.id, new Date());
    home.api.metadata = metadataOf(configuration);
    const { runtimeApi, seen, temporary } = home;
    const { path, initializationType = "on-demand" } = options;
    this.variables = variablesOf(seen, { runtimeApi, logStream, path, initializationType, temporary });
    const { id, number } = this;
    const runtime = { AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start" };
    const told = options.source === undefined ? this.variables : { runtime };
    this.#teller = new Teller(configuration, told, { id, number, report: options.report });
  }

  /** An environment in the state `created`: its API listens, nothing runs. */
  static async create(
    configuration: FunctionConfiguration,
    options: EnvironmentOptions,
  ): Promise<Environment> {
    return new Environment(configuration, options, await openHome(configuration, options));
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  /**
   * The first init (phase `init`). Never rejects. A failure leaves the environment `created`; so does success where
   * the init was that of a published version: its copies are restored by the invocations that need them.
   */
  init(): Promise<InitReport> {
    const { source } = this.#options;
    if (source !== undefined) return this.#as(source.published.then(({ report }) => report));
    this.#to("start");
    return this.#as(this.#init());
  }

  /**
   * One invocation, with init or restore inside it when nothing runs. Never rejects; resolves at its end, with
   * nothing when the restore failed and the caller was turned away.
   */
  invoke(job: Job): Promise<InvocationReport | undefined> {
    this.#to(this.#state === "created" && this.#options.source !== undefined ? "restore" : "invoke");
    this.#teller.log = job.log;
    return this.#as(this.#invoke(job));
  }

  /** What runs, the runtime first. */
  readonly groups: () => Boot["groups"] = () => this.#boot?.groups ?? [];

  /** Ends the environment, whatever it does. Resolves when every process is reaped (invariant 7). */
  shutdown(reason: ShutdownReason): Promise<void> {
    this.#shutdown ??= this.#stop(reason);
    return this.#shutdown;
  }

  async #init(): Promise<InitReport> {
    const started = performance.now();
    const boot = this.#newBoot();
    const outcome = await this.#initialize(boot, "init", started + this.#options.initLimitMs);
    if (outcome.kind === "ready") {
      this.#to("ready");
      this.#initDurationMs = performance.now() - started;
      boot.freezer.rest();
      const durationMs = this.#initDurationMs;
      return this.#tellInit({ type: "initReport", phase: "init", status: "success", durationMs });
    }
    const traces = initTracesOf(boot, started);
    await this.#reset(boot, outcome.kind === "late" ? "timeout" : "failure");
    return this.#tellInit(failedInit(boot, "init", outcome, traces));
  }

  async #invoke(job: Job): Promise<InvocationReport | undefined> {
    const { source } = this.#options;
    if (source !== undefined && this.#state === "restoring" && !(await this.#restoreFor(job, source)))
      return undefined;
    const started = performance.now();
    const { timeoutMs, version } = this.#configuration;
    const deadlineMs = Date.now() + timeoutMs;
    const events = new InvocationEvents(job, started, (told) => this.#tell(told));
    if (this.#state === "initializing") {
      const failed = await this.#initializeInside(events, job.requestId, started);
      if (failed !== undefined) return failed;
    }
    const boot = this.#boot as Boot;
    // First the event, then the words about it: nothing stands between a caller and its handler.
    boot.freezer.thaw();
    const functionArn =
      job.qualifier === undefined ? this.#functionArn : `${this.#functionArn}:${job.qualifier}`;
    boot.runtimeApi.deliver(deliveryOf(job, functionArn, deadlineMs, events));
    boot.registry.invoke(() => invokeEventOf(job, functionArn, deadlineMs));
    events.start(version);
    const outcome = await boot.watch.until(boot.atRest, started + timeoutMs - performance.now());
    const durationMs = performance.now() - started;
    // The last output was written before the last call: it is read in this turn of the loop (invariant 5).
    await endOfTurn();
    if (outcome !== "met") {
      const failure = outcome === "late" ? timedOut(timeoutMs) : (boot.watch.failure as Failure);
      return this.#fail(boot, events, job.requestId, failure, durationMs);
    }
    if (!this.#isStopping()) this.#to("done");
    boot.freezer.rest();
    boot.memory.afterInvocation(durationMs);
    const { fault } = events.answer;
    if (fault !== undefined) this.#tell({ type: "fault", requestId: job.requestId, ...fault });
    const report = this.#tellEnd(boot, events, durationMs, undefined);
    if (boot.watch.failure !== undefined) this.#tellFaultAtRest(boot, boot.watch.failure);
    return report;
  }

  /** The cold start of a copy. Turns the caller away and returns false when it fails (environment.md 6.2). */
  async #restoreFor(job: Job, source: SnapshotSource): Promise<boolean> {
    this.#teller.beginCopy(await source.published);
    this.#tell({ type: "restoreStart", engine: source.engine.kind });
    const limits = this.#nextLimits();
    const newBoot: BootMaker = (stage, variables) => this.#newBoot(limits, variables, placeOf(stage));
    const own = { configuration: this.#configuration, api: this.#home.api, path: this.#options.path };
    const outcome = await restoreFrom(source, { ...own, newBoot, limits });
    this.#teller.telemetry.close();
    if (outcome.kind === "failed" || this.#isStopping()) {
      await this.#turnAway(job, outcome.kind === "failed" ? outcome : undefined);
      return false;
    }
    const { durationMs } = outcome;
    this.#restored = outcome;
    const boot = this.#boot as Boot;
    void boot.failed.then((failure) => this.#tellFaultAtRest(boot, failure));
    this.#to("ready");
    this.#tell({ type: "restoreRuntimeDone", status: "success" });
    this.#tell({ type: "restoreReport", status: "success", durationMs });
    this.#to("invoke");
    return true;
  }

  async #turnAway(job: Job, failed: RestoreFailure | undefined): Promise<void> {
    const answer = new OneAnswer(job);
    if (failed === undefined || this.#isStopping()) answer.fail(stopped());
    else answer.refuse(snapStartRefusal(job.requestId, failed.refused));
    this.#teller.log = undefined;
    if (failed === undefined) return;
    await this.#reset(this.#boot, failed.status === "timeout" ? "timeout" : "failure");
    const report = restoreReportOf(failed, this.#boot);
    this.#tell({ ...report, type: "restoreRuntimeDone" });
    this.#tell(report);
  }

  /** Suppressed init. Answers the invocation and returns its report when init fails. */
  async #initializeInside(
    events: InvocationEvents,
    requestId: string,
    started: number,
  ): Promise<InvocationReport | undefined> {
    const { timeoutMs, version } = this.#configuration;
    const boot = this.#newBoot();
    const outcome = await this.#initialize(boot, "invoke", started + timeoutMs);
    if (outcome.kind === "ready") {
      this.#to("ready");
      const durationMs = performance.now() - started;
      this.#tellInit({ type: "initReport", phase: "invoke", status: "success", durationMs });
      this.#to("invoke");
      return undefined;
    }
    const traces = initTracesOf(boot, started);
    const failure = outcome.kind === "failed" ? outcome.failure : timedOut(timeoutMs);
    events.start(version);
    const tellInit = (): InitReport => this.#tellInit(failedInit(boot, "invoke", outcome, traces));
    return this.#fail(boot, events, requestId, failure, performance.now() - started, tellInit);
  }

  /** The end of an invocation that takes its boot with it: first the answer, then the reset, then the report. */
  async #fail(
    boot: Boot,
    events: InvocationEvents,
    requestId: string,
    failure: Failure,
    elapsedMs: number,
    beforeEnd?: () => void,
  ): Promise<InvocationReport> {
    const { errorType, message } = failure;
    const told = reportedOf(failure);
    const isTimeout = statusOf(errorType) === "timeout";
    events.answer.fail(failure);
    // At the limit the function was over: what the clock says beside it is the timer's inaccuracy.
    const durationMs = isTimeout ? this.#configuration.timeoutMs : elapsedMs;
    boot.memory.look();
    // What the runtime reported itself it has also logged itself.
    if (failure.payload === undefined) this.#tell({ type: "fault", requestId, errorType, message });
    events.runtimeDone(told);
    await this.#reset(boot, isTimeout ? "timeout" : "failure");
    beforeEnd?.();
    return this.#tellEnd(boot, events, durationMs, told);
  }

  #nextLimits(): BootLimits {
    const { memorySizeMb } = this.#configuration;
    const name = `${this.id}-${(this.#boots += 1)}`;
    return limitsOf(this.#options, { name, memorySizeMb, tell: (event) => this.#tell(event) });
  }

  #newBoot(limits = this.#nextLimits(), variables = this.variables, place = this.#home.place): Boot {
    const { taskRoot } = this.#configuration;
    const line: LineSink = (...written) => this.#tell(logEventOf(...written));
    const boot = new Boot(taskRoot, variables, line, place, limits);
    boot.telemetry = this.#teller.telemetryFor(place?.dial);
    this.#boot = boot;
    this.#home.api.serve(boot);
    return boot;
  }

  async #initialize(boot: Boot, phase: InitPhase, deadline: number): Promise<InitOutcome> {
    const { runtimeVersion } = this.#configuration;
    this.#teller.telemetry.open();
    this.#tell({ type: "initStart", phase, ...(runtimeVersion === undefined ? {} : { runtimeVersion }) });
    const outcome = await initializeOrTell(boot, this.#configuration, deadline, (told) => this.#tell(told));
    this.#teller.telemetry.close();
    if (this.#isStopping()) return { kind: "failed", failure: stopped() };
    boot.memory.look();
    for (const report of extensionReportsOf(boot.registry, outcome)) this.#tell(report);
    this.#tell(initRuntimeDoneOf(phase, outcome));
    if (outcome.kind === "ready") void boot.failed.then((failure) => this.#tellFaultAtRest(boot, failure));
    return outcome;
  }

  /** Ends the boot and its processes, unless `shutdown` is about to. */
  async #reset(boot: Boot | undefined, reason: ShutdownReason): Promise<void> {
    if (this.#isStopping()) return;
    this.#to("fail");
    this.#tell({ type: "shutdown", reason });
    if (boot !== undefined) await stopProcesses(boot, reason);
    // Until the next boot there is nobody to take anything.
    this.#teller.telemetry.pause();
    if (!this.#isStopping()) this.#to("reaped");
  }

  async #stop(reason: ShutdownReason): Promise<void> {
    this.#to("shutdown");
    this.#boot?.watch.fail(stopped());
    await this.#options.source?.abandon();
    await this.#verb;
    this.#tell({ type: "shutdown", reason });
    if (this.#boot !== undefined) await stopProcesses(this.#boot, reason);
    this.#teller.telemetry.end();
    await this.#home.close();
    this.#to("reaped");
    this.#tell({ type: "stopped" });
  }

  #as<Result>(verb: Promise<Result>): Promise<Result> {
    this.#verb = verb;
    return verb;
  }

  #isStopping(): boolean {
    return this.#state === "stopping";
  }

  #to(event: EnvironmentEvent): void {
    this.#state = transition(this.#state, event);
  }

  readonly #tellInit = (report: InitReport): InitReport => (this.#tell(report), report);

  /** On Lambda a frozen process cannot end. Here it can: it fails the next invocation, and is told of at once. */
  #tellFaultAtRest(boot: Boot, { errorType, message }: Failure): void {
    if (this.#boot === boot && this.#state === "idle") this.#tell({ type: "fault", errorType, message });
  }

  /** END and REPORT (invariant 5). */
  #tellEnd(
    boot: Boot,
    events: InvocationEvents,
    durationMs: number,
    failure: Failure | undefined,
  ): InvocationReport {
    const initDurationMs = this.#initDurationMs;
    const restored = this.#restored;
    this.#initDurationMs = undefined;
    this.#restored = undefined;
    const report = events.end({
      durationMs,
      memorySizeMb: this.#configuration.memorySizeMb,
      maxMemoryUsedMb: Math.ceil(boot.memory.peakBytes / 1_048_576),
      initDurationMs,
      restored,
      failure,
      hasExtensions: boot.registry.registered.length > 0,
    });
    this.#teller.log = undefined;
    return report;
  }

  #tell(told: Told & { readonly time?: Date }): void {
    this.#teller.tell(told);
  }
}
