/**
 * One boot of an environment: its processes from the first extension to the last one reaped, and the two APIs
 * as these processes see them. A reset ends a boot; the next init makes a new one.
 *
 *  (1) A process that ends while nobody stops the boot is the boot's failure.
 *  (2) Every process that was started is in `groups` until the boot is stopped.
 *  (3) After `close` nobody is left, not even who left its session.
 */
import { Cgroup } from "./cgroup.ts";
import { ExtensionRegistry } from "./extension-registry.ts";
import { type Failure, extensionExit, outOfMemory, runtimeExit } from "./failures.ts";
import { Freezer, type FreezerEvent } from "./freezer.ts";
import type { ExtensionProgram, Program } from "./function.ts";
import type { Frame } from "./log-frames.ts";
import { type Mark, Members } from "./members.ts";
import { MemoryGauge } from "./memory.ts";
import { epochNow, hasProcessTable } from "./process-table.ts";
import {
  type Exit,
  type Launched,
  type Launcher,
  type ProcessGroup,
  type Stream,
  launch,
} from "./processes.ts";
import type { QuickRuntime } from "./quick-calls.ts";
import { RuntimeApi } from "./runtime-api.ts";
import type { Dial } from "./telemetry/destination.ts";
import type { TelemetryHub } from "./telemetry/hub.ts";
import { Watch } from "./watch.ts";
import type { LogSource } from "./events.ts";
import { type Variables, logChannelVariable } from "./variables.ts";

/** Rare enough to cost nothing, often enough to see memory that is being filled. */
const sampleMs = 100;

/** Where a boot's processes run: this machine, unless told otherwise. */
export interface BootPlace {
  readonly launch: Launcher;
  readonly close: () => Promise<void>;
  /** `restore/*` exists. */
  readonly snapStart: boolean;
  /** To a port on the processes' own localhost, where that is another than the machine's. */
  readonly dial?: Dial | undefined;
  /** Its processes can be born in a cgroup of ours. */
  readonly joins?: boolean;
  /** A cgroup in which its processes are born already. The boot removes it. */
  readonly cgroup?: Cgroup;
  /** How its processes are known; by the address of their Runtime API where it is not said. */
  readonly mark?: Mark;
  /** What files in its `/tmp` may hold: memory for the kernel, a disk on Lambda. */
  readonly tmpBytes?: number;
}

const thisMachine: BootPlace = { launch, close: async () => undefined, snapStart: false, joins: true };
/** The Runtime API, for one invocation at a time or for several. */
export type RuntimeSide = Pick<
  RuntimeApi,
  "state" | "initError" | "idle" | "atRestorePoint" | "deliver" | "handle"
> & { readonly quick?: QuickRuntime };

/** A boot of either kind. */
export type AnyBoot = Boot<RuntimeSide>;

/** `frame`: the line came by the framed log channel, and may be several. */
export type LineSink = (source: LogSource, stream: Stream, line: string, frame?: Frame) => void;

export interface BootLimits {
  /** Tells its boots from those of others. */
  readonly name: string;
  /** See `FleetOptions`. */
  readonly freezeAfterMs?: number | undefined;
  /** What all processes may hold together; without it memory is not limited. */
  readonly memoryLimitBytes?: number | undefined;
  /** Whether a cgroup is used where one can be made. */
  readonly cgroups?: boolean | undefined;
  readonly tell: (event: FreezerEvent) => void;
}

const noLimits: BootLimits = { name: "", tell: () => undefined };

export class Boot<Api extends RuntimeSide = RuntimeApi> {
  readonly watch: Watch<Failure> = new Watch();
  readonly runtimeApi: Api;
  readonly registry: ExtensionRegistry;
  /** Where extensions subscribe; without it they are told that there is no such thing here. */
  telemetry: TelemetryHub | undefined;
  readonly members: Members;
  readonly memory: MemoryGauge;
  readonly freezer: Freezer;
  readonly #cgroup: Cgroup | undefined;
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
    limits: BootLimits = noLimits,
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
    const { name, freezeAfterMs, memoryLimitBytes, cgroups = true, tell } = limits;
    const address = variables.runtime["AWS_LAMBDA_RUNTIME_API"] ?? "";
    const mark = place.mark ?? { variable: `AWS_LAMBDA_RUNTIME_API=${address}` };
    this.members = new Members(mark, hasProcessTable ? epochNow() : undefined);
    const { members } = this;
    const { tmpBytes = 0 } = place;
    // Nobody needs one who wants neither.
    const wanted =
      cgroups && place.joins === true && (freezeAfterMs !== undefined || memoryLimitBytes !== undefined);
    this.#cgroup =
      place.cgroup ??
      (wanted ? Cgroup.open(name, memoryLimitBytes && memoryLimitBytes + tmpBytes) : undefined);
    const cgroup = this.#cgroup;
    const isExact = tmpBytes === 0;
    this.memory = new MemoryGauge({ members, cgroup, limitBytes: memoryLimitBytes, isExact });
    const isAtRest = (): boolean => this.watch.failure === undefined && this.atRest();
    this.freezer = new Freezer({ afterMs: freezeAfterMs, members, cgroup, isAtRest, tell });
  }

  get groups(): readonly ProcessGroup[] {
    return this.runtime === undefined
      ? [...this.extensions.values()]
      : [this.runtime, ...this.extensions.values()];
  }

  async startRuntime(program: Program): Promise<Launched> {
    const source: LogSource = { kind: "function" };
    const { runtime } = this.#variables;
    const frame = (one: Frame): void => this.#line(source, "stdout", one.message.replace(/\n$/, ""), one);
    const launched = await this.#start(
      program,
      runtime,
      source,
      runtime[logChannelVariable] === undefined ? undefined : frame,
    );
    if (launched.ok) this.adoptRuntime(launched.group);
    return launched;
  }

  /** Takes a runtime that runs already. */
  adoptRuntime(group: ProcessGroup): void {
    this.runtime = group;
    this.members.add(group.pid);
    const command = [group.program.file, ...group.program.args].join(" ");
    void group.exit.then((exit) => this.#failed(this.#runtimeFailure(exit, command)));
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
    this.members.add(group.pid);
    void group.exit.then((exit) => this.#failed(extensionExit(exit, name, this.#reportedBy(name))));
  }

  /** Where lines of a source go. */
  lineOf(source: LogSource): (stream: Stream, text: string) => void {
    return (stream, text) => this.#line(source, stream, text);
  }

  /**
   * When every group is empty: gives back the place, ends who left its group, and removes the cgroup. Invariant 3.
   */
  async close(): Promise<void> {
    await this.#place.close();
    for (let pause = 1; ; pause = Math.min(pause * 2, 32)) {
      const left = this.members.scan();
      if (left.length === 0) break;
      for (const { pid } of left) kill(pid);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    await this.#cgroup?.remove();
  }

  /** From here on processes are expected to end. */
  expectEnd(): void {
    this.#stopping = true;
    clearInterval(this.#sampler);
    this.freezer.end();
  }

  /** Last output of the process a failure is blamed on. */
  lastLinesOf(failure: Failure): readonly string[] {
    const group = failure.extension === undefined ? this.runtime : this.extensions.get(failure.extension);
    return group?.lastLines ?? [];
  }

  #runtimeFailure(exit: Exit, command: string): Failure {
    const failure = runtimeExit(exit, command);
    return this.memory.isExceeded() ? outOfMemory(failure) : failure;
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
    frame?: (frame: Frame) => void,
  ): Promise<Launched> {
    const line = this.lineOf(source);
    const joined = this.#cgroup?.doors ?? [];
    return this.#place.launch({ program, directory: this.#directory, variables, line, frame, joined });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
