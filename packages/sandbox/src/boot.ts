/**
 * One boot of an environment: its processes from the first extension to the last one reaped, and the two APIs
 * as these processes see them. A reset ends a boot; the next init makes a new one.
 *
 *  (1) A process that ends while nobody stops the boot is the boot's failure.
 *  (2) Every process that was started is in `groups` until the boot is stopped.
 */
import { ExtensionRegistry } from "./extension-registry.ts";
import { type Failure, extensionExit, runtimeExit } from "./failures.ts";
import type { ExtensionProgram, Program } from "./function.ts";
import { MemoryGauge } from "./memory.ts";
import { type Launched, type Launcher, type ProcessGroup, type Stream, launch } from "./processes.ts";
import { RuntimeApi } from "./runtime-api.ts";
import type { Dial } from "./telemetry/destination.ts";
import type { TelemetryHub } from "./telemetry/hub.ts";
import { Watch } from "./watch.ts";
import type { LogSource } from "./events.ts";
import type { Variables } from "./variables.ts";

/** Rare enough to cost nothing, often enough to see memory that is being filled. */
const sampleMs = 250;

/** Where a boot's processes run: this machine, unless told otherwise. */
export interface BootPlace {
  readonly launch: Launcher;
  readonly close: () => Promise<void>;
  /** `restore/*` exists. */
  readonly snapStart: boolean;
  /** To a port on the processes' own localhost, where that is another than the machine's. */
  readonly dial?: Dial;
}

const thisMachine: BootPlace = { launch, close: async () => undefined, snapStart: false };
/** The Runtime API, for one invocation at a time or for several. */
export type RuntimeSide = Pick<
  RuntimeApi,
  "state" | "initError" | "idle" | "atRestorePoint" | "deliver" | "handle"
>;

/** A boot of either kind. */
export type AnyBoot = Boot<RuntimeSide>;

export type LineSink = (source: LogSource, stream: Stream, line: string) => void;

export class Boot<Api extends RuntimeSide = RuntimeApi> {
  readonly watch: Watch<Failure> = new Watch();
  readonly runtimeApi: Api;
  readonly registry: ExtensionRegistry;
  readonly memory: MemoryGauge = new MemoryGauge();
  /** Where extensions subscribe; without it they are told that there is no such thing here. */
  telemetry: TelemetryHub | undefined;
  runtime: ProcessGroup | undefined;
  readonly extensions: Map<string, ProcessGroup> = new Map();
  #stopping = false;
  /** A process that dies of its memory leaves none to look at afterwards: look while it works. */
  readonly #sampler: NodeJS.Timeout = setInterval(() => {
    if (!this.atRest()) this.memory.look();
  }, sampleMs).unref();
  /** The runtime asked for an event, has none, and every INVOKE subscriber asked for the next. */
  readonly atRest: () => boolean = () => this.runtimeApi.idle && this.registry.idle;
  /** Resolves with the first failure of a process. */
  readonly failed: Promise<Failure>;
  #resolveFailed: (failure: Failure) => void = () => undefined;
  readonly #directory: string;
  readonly #variables: Variables;
  readonly #line: LineSink;
  readonly #place: BootPlace;

  /** `managed` makes the Runtime API of an environment that takes several invocations at once. */
  constructor(
    directory: string,
    variables: Variables,
    line: LineSink,
    place: BootPlace = thisMachine,
    managed?: (changed: () => void) => Api,
  ) {
    const changed = (): void => this.watch.changed();
    // Without `managed` the parameter is the default one.
    this.runtimeApi = managed?.(changed) ?? (new RuntimeApi(changed, place.snapStart) as unknown as Api);
    this.registry = new ExtensionRegistry(changed, managed === undefined ? "single" : "managed");
    this.#place = place;
    this.#directory = directory;
    this.#variables = variables;
    this.#line = line;
    this.failed = new Promise((resolve) => {
      this.#resolveFailed = resolve;
    });
  }

  get groups(): readonly ProcessGroup[] {
    return this.runtime === undefined
      ? [...this.extensions.values()]
      : [this.runtime, ...this.extensions.values()];
  }

  get leaders(): ReadonlySet<number> {
    return new Set(this.groups.map((group) => group.pid));
  }

  async startRuntime(program: Program): Promise<Launched> {
    const launched = await this.#start(program, this.#variables.runtime, { kind: "function" });
    if (launched.ok) this.adoptRuntime(launched.group);
    return launched;
  }

  /** Takes a runtime that runs already. */
  adoptRuntime(group: ProcessGroup): void {
    this.runtime = group;
    this.memory.add(group.pid);
    const command = [group.program.file, ...group.program.args].join(" ");
    void group.exit.then((exit) => this.#failed(runtimeExit(exit, command)));
  }

  async startExtension(program: ExtensionProgram): Promise<Launched> {
    const { name } = program;
    const launched = await this.#start(program, this.#variables.extension, { kind: "extension", name });
    if (launched.ok) this.adoptExtension(name, launched.group);
    return launched;
  }

  /** Takes an extension that runs already. */
  adoptExtension(name: string, group: ProcessGroup): void {
    this.extensions.set(name, group);
    this.memory.add(group.pid);
    void group.exit.then((exit) => this.#failed(extensionExit(exit, name, this.#reportedBy(name))));
  }

  /** Where lines of a source go. */
  lineOf(source: LogSource): (stream: Stream, text: string) => void {
    return (stream, text) => this.#line(source, stream, text);
  }

  /** Gives back the place, when the last process has ended. */
  close(): Promise<void> {
    return this.#place.close();
  }

  /** From here on processes are expected to end. */
  expectEnd(): void {
    this.#stopping = true;
    clearInterval(this.#sampler);
  }

  /** Last output of the process a failure is blamed on. */
  lastLinesOf(failure: Failure): readonly string[] {
    const group = failure.extension === undefined ? this.runtime : this.extensions.get(failure.extension);
    return group?.lastLines ?? [];
  }

  #reportedBy(name: string): "InitError" | "ExitError" | undefined {
    const state = this.registry.byName(name)?.state;
    return state === "InitError" || state === "ExitError" ? state : undefined;
  }

  /** Invariant 1. */
  #failed(failure: Failure): void {
    if (this.#stopping) return;
    this.watch.fail(failure);
    this.#resolveFailed(failure);
  }

  async #start(
    program: Program,
    variables: Readonly<Record<string, string>>,
    source: LogSource,
  ): Promise<Launched> {
    const line = this.lineOf(source);
    return this.#place.launch({ program, directory: this.#directory, variables, line });
  }
}
