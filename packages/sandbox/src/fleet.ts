/**
 * The environments of one function and the callers waiting for them.
 *
 *  (1) First in, first out.
 *  (2) An environment never sees a second invocation before the first has ended.
 *  (3) Every invocation is answered: by the function, or, when it never reached an environment, as `refused`.
 *  (4) At most `maxConcurrency` environments exist; each has a number of its own, the lowest that is free.
 *  (5) Nobody waits while an environment is idle, and for whoever waits one is started, as long as (4) allows; but
 *      not while as many have answered and are about to ask for the next event, and nobody has waited for 50 ms.
 *      A caller is not bound to the environment started for it: whichever is free first takes the first in line.
 *  (6) Of the idle environments the warmest is taken: the one used last, and none without processes before one
 *      that has them.
 *  (7) Environment 1 lives as long as the fleet, every other until nobody needed it for `idleMs`.
 *  (8) After shutdown no environment is left.
 *  (9) After `reload` no environment of before takes an invocation any more. The one it is at comes to its end, then the
 *      environment is shut down, and only then its number is free. Callers that wait are served by the new ones.
 */
import type { ShutdownReason } from "@anylambda/wire";
import { Environment } from "./environment.ts";
import type { InitReport, SandboxEvent } from "./events.ts";
import type { FunctionConfiguration } from "./function.ts";
import type { ResponseMode, StreamedAnswer } from "./invocation.ts";
import type { Snapshot, SnapshotEngine } from "./snapstart/engine.ts";
import { type Sources, sourcesOf } from "./snapstart/source.ts";
import type { InvocationTap } from "./tap.ts";
import type { RefusedVariable } from "./variables.ts";
import {
  type FleetAnswer,
  type Invocation,
  type InvokeRequest,
  type Waiting,
  refuse,
  waitingOf,
} from "./waiting.ts";

export interface FleetOptions {
  /** Takes every event of every environment, as it happens. */
  readonly report: (event: SandboxEvent) => void;
  /** Search path for the function's programs; without it that of a bare Unix system. */
  readonly path?: string | undefined;
  /** Limit of the first init, ms: 10,000 on Lambda, for functions on demand (environment.md 4.2). */
  readonly initLimitMs?: number | undefined;
  /** How many environments may exist at once; 1 unless told otherwise. */
  readonly maxConcurrency?: number | undefined;
  /**
   * What happens to a caller when all of them are busy. `wait`, the default: it stands in line. `throttle`: it is
   * refused, as Lambda does at a function's reserved concurrency.
   */
  readonly whenBusy?: "wait" | "throttle" | undefined;
  /** After how long unused an environment is ended, ms; 5 minutes unless told otherwise (environment.md 4.4). */
  readonly idleMs?: number | undefined;
  /**
   * Variables of environment 1, 2, 3 … beyond the configuration's. On Lambda every environment has a network of its
   * own; here they share one, so an app that listens needs a port of its own in each.
   */
  readonly variablesFor?: ((number: number) => Promise<Readonly<Record<string, string>>>) | undefined;
  /** Listens in on events and answers. */
  readonly tap?: InvocationTap | undefined;
  /**
   * SnapStart: the version is published once, and every environment is a copy of its snapshot, restored by the
   * invocation that needs it. With `snapshot` an earlier publication is used; its owner discards it.
   */
  readonly snapStart?: { readonly engine: SnapshotEngine; readonly snapshot?: Snapshot } | undefined;
}

export interface Fleet {
  readonly configuration: FunctionConfiguration;
  /** User variables that Lambda would not have taken. */
  readonly refusedVariables: readonly RefusedVariable[];
  /** The init of the first environment. Never rejects. */
  readonly initialized: Promise<InitReport>;
  /** The answer comes in one piece, also from a function that streams. */
  invoke(request: InvokeRequest): Invocation;
  /** The answer is a stream as soon as the function begins it; a failure before that is one piece. */
  invokeStreaming(request: InvokeRequest): Invocation<FleetAnswer | StreamedAnswer>;
  /**
   * Replaces every environment by a new one, made of the code as it is now and, if given, another configuration.
   * Resolves with the init of the first new one; `undefined` when the fleet was shut down, or reloaded again, before.
   */
  reload(configuration?: FunctionConfiguration): Promise<InitReport | undefined>;
  /** Ends every environment; resolves when the last process is reaped. */
  shutdown(reason?: ShutdownReason): Promise<void>;
}

/** Opens the first environment's API and begins its init. Rejects only when no port can be opened. */
export async function startFleet(
  configuration: FunctionConfiguration,
  options: FleetOptions,
): Promise<Fleet> {
  const { report, path = "/usr/local/bin:/usr/bin:/bin", initLimitMs = 10_000, variablesFor } = options;
  const sources = options.snapStart && sourcesOf({ ...options.snapStart, report, path });
  const create: CreateEnvironment = async (number, configuration, generation) => {
    // A copy from memory has the variables of the original, and a network of its own.
    const more = await variablesFor?.(options.snapStart?.engine.kind === "criu" ? 1 : number);
    const own = { ...configuration, variables: { ...configuration.variables, ...more } };
    const source = sources?.of(generation, own);
    return Environment.create(own, { report, path, initLimitMs, number, source });
  };
  return new Environments(configuration, options, await create(1, configuration, 0), create, sources);
}

/** Callers that may wait: as many as Lambda runs at once by default. */
const maxWaiting = 1000;

/**
 * A client that sends its next request as soon as it has an answer finds the environment not quite at rest: on Lambda
 * the network is slower than that. It should not meet a cold start for it, nor a 429. A slow extension takes longer.
 */
const patienceMs = 50;

/** An environment and its place in the fleet. */
interface Member {
  readonly number: number;
  readonly environment: Environment;
  /** How often the fleet had been reloaded when it was made. */
  readonly generation: number;
  /** Runs while it is idle; never for number 1. */
  reaper: NodeJS.Timeout | undefined;
}

type CreateEnvironment = (
  number: number,
  configuration: FunctionConfiguration,
  generation: number,
) => Promise<Environment>;

class Environments implements Fleet {
  configuration: FunctionConfiguration;
  readonly refusedVariables: readonly RefusedVariable[];
  readonly initialized: Promise<InitReport>;
  readonly #create: CreateEnvironment;
  readonly #sources: Sources | undefined;
  readonly #tap: InvocationTap | undefined;
  readonly #maxConcurrency: number;
  readonly #throttles: boolean;
  readonly #idleMs: number;
  /** Every environment that exists or is being made, by its number. */
  readonly #all = new Map<number, Promise<Environment>>();
  /** The warmest is the last. */
  readonly #idle: Member[] = [];
  readonly #waiting: Waiting[] = [];
  /** The invocations that environments are at. */
  readonly #running = new Set<Waiting>();
  #booting = 0;
  #patience: NodeJS.Timeout | undefined;
  #closed = false;
  #generation = 0;
  /** Takes the init of the first environment since the last reload. */
  #reloaded: (init: InitReport | undefined) => void = () => undefined;

  constructor(
    configuration: FunctionConfiguration,
    { maxConcurrency = 1, whenBusy = "wait", idleMs = 300_000, tap }: FleetOptions,
    first: Environment,
    create: CreateEnvironment,
    sources: Sources | undefined,
  ) {
    this.configuration = configuration;
    this.refusedVariables = first.variables.refused;
    this.#create = create;
    this.#sources = sources;
    this.#tap = tap;
    this.#maxConcurrency = Math.max(1, maxConcurrency);
    this.#throttles = whenBusy === "throttle";
    this.#idleMs = idleMs;
    this.#all.set(1, Promise.resolve(first));
    this.initialized = this.#boot({ number: 1, environment: first, generation: 0, reaper: undefined });
  }

  invoke(request: InvokeRequest): Invocation {
    // The Runtime API hands out a stream only to callers in streaming mode.
    return this.#enqueue(request, "buffered") as Invocation;
  }

  invokeStreaming(request: InvokeRequest): Invocation<FleetAnswer | StreamedAnswer> {
    return this.#enqueue(request, "streaming");
  }

  reload(configuration: FunctionConfiguration = this.configuration): Promise<InitReport | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    this.configuration = configuration;
    this.#generation += 1;
    this.#reloaded(undefined);
    const init = new Promise<InitReport | undefined>((resolve) => (this.#reloaded = resolve));
    const resting = this.#idle.splice(0);
    for (const member of resting) {
      clearTimeout(member.reaper);
      void this.#retire(member);
    }
    // Number 1 may be busy for long: what is wrong with the new code should be seen before.
    const soon = resting.some(({ number }) => number === 1) || this.#all.size >= this.#maxConcurrency;
    if (!soon) this.#start();
    return init;
  }

  async shutdown(reason: ShutdownReason = "spindown"): Promise<void> {
    this.#closed = true;
    this.#reloaded(undefined);
    for (const waiting of this.#waiting.splice(0)) refuse(waiting, "shutdown");
    for (const member of this.#idle.splice(0)) clearTimeout(member.reaper);
    const end = (environment: Environment): Promise<void> => environment.shutdown(reason);
    // What could not be made need not be ended.
    await Promise.all([...this.#all.values()].map((made) => made.then(end, () => undefined)));
    await this.#sources?.discard();
  }

  #enqueue(request: InvokeRequest, mode: ResponseMode): Invocation<FleetAnswer | StreamedAnswer> {
    const waiting = waitingOf(request, mode, this.#tap);
    const member = this.#idle.pop();
    if (this.#closed) refuse(waiting, "shutdown");
    else if (member !== undefined) {
      clearTimeout(member.reaper);
      void this.#serve(member, waiting);
    } else if (this.#throttles && this.#unanswered() >= this.#maxConcurrency)
      refuse(waiting, "ReservedFunctionConcurrentInvocationLimitExceeded");
    else if (this.#waiting.length >= maxWaiting) refuse(waiting, "ConcurrentInvocationLimitExceeded");
    else {
      this.#waiting.push(waiting);
      this.#grow();
    }
    return waiting.invocation;
  }

  /** Invariants 1, 2 and 9: one loop an environment, one invocation after the other. */
  async #serve(member: Member, first = this.#nextFor(member)): Promise<void> {
    for (let waiting = first; waiting !== undefined; waiting = this.#nextFor(member)) {
      this.#running.add(waiting);
      const report = await member.environment.invoke(waiting.job);
      this.#running.delete(waiting);
      waiting.end(report);
    }
    if (this.#isOld(member)) await this.#retire(member);
    else this.#rest(member);
  }

  #nextFor(member: Member): Waiting | undefined {
    return this.#isOld(member) ? undefined : this.#waiting.shift();
  }

  #isOld({ generation }: Member): boolean {
    return generation !== this.#generation;
  }

  /** Invariant 9. */
  async #retire({ number, environment }: Member): Promise<void> {
    await environment.shutdown("spindown");
    this.#all.delete(number);
    if (this.#closed) return;
    if (number === 1) this.#start();
    else this.#grow();
  }

  /** Invariants 6 and 7. */
  #rest(member: Member): void {
    if (this.#closed) return;
    if (member.environment.state === "idle") this.#idle.push(member);
    else this.#idle.unshift(member);
    if (member.number === 1) return;
    member.reaper = setTimeout(() => void this.#reap(member), this.#idleMs);
    member.reaper.unref();
  }

  async #reap(member: Member): Promise<void> {
    this.#idle.splice(this.#idle.indexOf(member), 1);
    await member.environment.shutdown("spindown");
    this.#all.delete(member.number);
    this.#grow();
  }

  /** Invariants 4 and 5. An environment that is being reaped counts until its last process is gone. */
  #grow(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const patient = performance.now() - first.since < patienceMs;
    const finishing = patient ? this.#finishing() : 0;
    if (finishing > 0) this.#growLater();
    while (this.#booting + finishing < this.#waiting.length && this.#all.size < this.#maxConcurrency)
      this.#start();
  }

  #start(): void {
    let number = 1;
    while (this.#all.has(number)) number += 1;
    const made = this.#create(number, this.configuration, this.#generation);
    this.#all.set(number, made);
    void this.#add(number, made);
  }

  #growLater(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      // After a stall of this process the timer is late, and what it waits for may lie in a socket not read yet.
      setImmediate(() => this.#grow());
    }, patienceMs);
    this.#patience.unref();
  }

  /** Environments that have answered and are not at rest yet. */
  #finishing(): number {
    let finishing = 0;
    for (const { answered } of this.#running) if (answered) finishing += 1;
    return finishing;
  }

  #unanswered(): number {
    return this.#waiting.length + this.#running.size - this.#finishing();
  }

  async #add(number: number, made: Promise<Environment>): Promise<void> {
    const generation = this.#generation;
    this.#booting += 1;
    const environment = await made.catch(() => undefined);
    this.#booting -= 1;
    // No port or no descriptor was left: those who wait are served by the environments there are.
    if (environment === undefined) this.#all.delete(number);
    else if (!this.#closed) await this.#boot({ number, environment, generation, reaper: undefined });
  }

  /** An init that failed is repeated inside the first invocation, which answers the caller (environment.md 4.2). */
  async #boot(member: Member): Promise<InitReport> {
    this.#booting += 1;
    const report = await member.environment.init();
    this.#booting -= 1;
    if (!this.#isOld(member)) this.#reloaded(report);
    void this.#serve(member);
    return report;
  }
}
