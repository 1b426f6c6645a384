/**
 * Publishing a version with SnapStart (environment.md 6.2): init up to the restore point, hooks before the snapshot
 * included, then the snapshot. An environment of its own, which ends with it; its states are those of `state.ts`.
 */
import { ApiServer } from "../api-server.ts";
import { Boot, type BootLimits } from "../boot.ts";
import type { InitReport, SandboxEvent } from "../events.ts";
import { stopped } from "../failures.ts";
import type { FunctionConfiguration } from "../function.ts";
import { newEnvironmentId } from "../identifiers.ts";
import { extensionReportsOf, failedInit, initRuntimeDoneOf, initTracesOf } from "../init-report.ts";
import { type InitOutcome, initialize } from "../init.ts";
import type { Told } from "../invocation-events.ts";
import { type EnvironmentEvent, type EnvironmentState, transition } from "../state.ts";
import { logEventOf } from "../log-frames.ts";
import { metadataOf } from "../metadata-endpoint.ts";
import { stopProcesses } from "../stop.ts";
import { Teller } from "../teller.ts";
import { copyVariablesOf } from "./copy-variables.ts";
import { newCredentialsToken, offerOf } from "./credentials.ts";
import type { Snapshot, SnapshotEngine, Stage } from "./engine.ts";
import { placeOf } from "./restoration.ts";

export interface PublishOptions {
  readonly engine: SnapshotEngine;
  /** Takes every event, as it happens. */
  readonly report: (event: SandboxEvent) => void;
  /** Search path for the programs of the function. */
  readonly path: string;
  /** Whether the function's memory size is a limit of its init too. */
  readonly limitMemory?: boolean | undefined;
  /** Whether a cgroup is used for that where one can be made. */
  readonly cgroups?: boolean | undefined;
  /** Limit of init and of the hooks before the snapshot, ms; {@link publishLimitOf} unless told otherwise. */
  readonly limitMs?: number | undefined;
}

export interface Published {
  readonly report: InitReport;
  /** Absent when init failed, or no snapshot could be taken: `report` says why. */
  readonly snapshot: Snapshot | undefined;
  /** What was told of its init: the copies' subscribers of telemetry hear of it first (environment.md 3.4). */
  readonly initEvents?: readonly SandboxEvent[];
}

/** `max(130 s, function timeout)`, at most 15 minutes (environment.md 4.2). */
export function publishLimitOf({ timeoutMs }: FunctionConfiguration): number {
  return Math.min(900_000, Math.max(130_000, timeoutMs));
}

/** For subscribers of telemetry to take what was told before the snapshot; what they do not take their copies get. */
const flushMs = 1000;

export class Publication {
  readonly id: string = newEnvironmentId();
  readonly done: Promise<Published>;
  #state: EnvironmentState = "created";
  #boot: Boot | undefined;
  #isAbandoned = false;
  readonly #configuration: FunctionConfiguration;
  readonly #options: PublishOptions;
  readonly #teller: Teller;

  readonly #limits: BootLimits;

  /** Begins at once. `done` never rejects. */
  constructor(configuration: FunctionConfiguration, options: PublishOptions) {
    this.#configuration = configuration;
    this.#options = options;
    const { limitMemory = false, cgroups } = options;
    const memoryLimitBytes = limitMemory ? configuration.memorySizeMb * 1_048_576 : undefined;
    this.#limits = { name: this.id, memoryLimitBytes, cgroups, tell: () => undefined };
    const variables = { runtime: { AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start" } };
    this.#teller = new Teller(configuration, variables, { id: this.id, number: 1, report: options.report });
    this.done = this.#publish();
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  /** Gives up, whatever it does; resolves when the last process is reaped. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.#boot?.watch.fail(stopped());
    await this.done;
  }

  async #publish(): Promise<Published> {
    const { engine } = this.#options;
    const { name, version, handler, accountId } = this.#configuration;
    const api = new ApiServer({ functionName: name, functionVersion: version, handler, accountId });
    const { telemetry } = this.#teller;
    this.#to("start");
    telemetry.open();
    this.#tell({ type: "initStart" });
    const started = performance.now();
    try {
      const stage = await engine.stage(api, this.#configuration, this.#limits);
      return await this.#publishOn(stage, api, started);
    } catch (error) {
      return this.#unable(error, started);
    } finally {
      telemetry.end();
      await api.close();
    }
  }

  async #publishOn(stage: Stage, api: ApiServer, started: number): Promise<Published> {
    const { engine, limitMs = publishLimitOf(this.#configuration) } = this.#options;
    const credentialsToken = newCredentialsToken();
    api.metadata = metadataOf(this.#configuration, true);
    api.credentials = offerOf(credentialsToken, this.#configuration.credentials, new Date());
    const boot = this.#newBoot(stage, credentialsToken);
    api.serve(boot);
    const outcome = await initialize(boot, this.#configuration, started + limitMs);
    for (const report of extensionReportsOf(boot.registry, outcome)) this.#tell(report);
    this.#tell(initRuntimeDoneOf("init", outcome));
    if (outcome.kind !== "ready") return this.#failed(boot, outcome, started);
    const durationMs = performance.now() - started;
    this.#to("freeze");
    boot.expectEnd();
    const { telemetry } = this.#teller;
    await telemetry.hangUp(flushMs);
    const report: InitReport = {
      type: "initReport",
      phase: "init",
      status: "success",
      durationMs,
      snapStart: true,
    };
    const time = new Date();
    const told = { time, environment: this.id, environmentNumber: 1, ...report };
    let snapshot: Snapshot;
    try {
      snapshot = await engine.checkpoint(stage, boot, api, {
        configuration: this.#configuration,
        credentialsToken,
        // Told when there is an image, and every copy hears of it (environment.md 3.4).
        subscriptions: () => telemetry.keptWith(told),
      });
    } catch (error) {
      telemetry.resume();
      // The processes end with it, whatever state CRIU left them in.
      await stage.close();
      await stopProcesses(boot, "failure");
      return this.#unable(error, started);
    }
    await boot.close();
    this.#to("frozen");
    // Lines that were still on their way when the image was made.
    if (snapshot.subscriptions !== undefined)
      snapshot = { ...snapshot, subscriptions: telemetry.keptWith(told) };
    this.#tell({ ...report, time });
    const initEvents = [...telemetry.early];
    const checkpointMs = performance.now() - started - durationMs;
    this.#tell({
      type: "checkpoint",
      engine: engine.kind,
      durationMs: checkpointMs,
      imageBytes: snapshot.bytes,
    });
    return { report, snapshot, initEvents };
  }

  #newBoot(stage: Stage, credentialsToken: string): Boot {
    const { path } = this.#options;
    const { runtimeApi } = stage;
    const variables = copyVariablesOf(this.#configuration, { runtimeApi, credentialsToken, path });
    this.#boot = new Boot(
      this.#configuration.taskRoot,
      variables,
      (...written) => this.#tell(logEventOf(...written)),
      placeOf(stage),
      this.#limits,
    );
    this.#boot.telemetry = this.#teller.telemetryFor(stage.dial);
    if (this.#isAbandoned) this.#boot.watch.fail(stopped());
    return this.#boot;
  }

  async #failed(
    boot: Boot,
    outcome: Exclude<InitOutcome, { readonly kind: "ready" }>,
    started: number,
  ): Promise<Published> {
    const traces = initTracesOf(boot, started);
    await stopProcesses(boot, outcome.kind === "late" ? "timeout" : "failure");
    return this.#refused({ ...failedInit(boot, "init", outcome, traces), snapStart: true });
  }

  #unable(error: unknown, started: number): Published {
    const message = error instanceof Error ? error.message : String(error);
    const durationMs = performance.now() - started;
    return this.#refused({
      type: "initReport",
      phase: "init",
      status: "failure",
      durationMs,
      errorType: "Sandbox.Failure",
      failure: { message, lastLines: this.#boot?.runtime?.lastLines ?? [], listeningPorts: [] },
      snapStart: true,
    });
  }

  #refused(report: InitReport): Published {
    this.#to("fail");
    this.#to("reaped");
    this.#tell(report);
    return { report, snapshot: undefined };
  }

  #to(event: EnvironmentEvent): void {
    this.#state = transition(this.#state, event);
  }

  #tell(told: Told & { readonly time?: Date }): void {
    this.#teller.tell(told);
  }
}
