/**
 * The environments of one function and the callers waiting for them. Which of them, and how many, is decided in
 * `placement.ts`; here are their lives.
 *
 *  (1) First in, first out; among tenants, each tenant's own.
 *  (2) An environment never sees a second invocation before the first has ended, unless the function is on Managed
 *      Instances, where it sees as many as are configured.
 *  (3) Every invocation is answered: by the function, or, when it never reached an environment, as `refused`.
 *  (4) At most `maxConcurrency` environments exist; each has a number of its own, the lowest that is free.
 *  (5) Nobody waits while an environment is idle that may serve it, and for whoever waits one is started, as long as
 *      (4) allows; but not while as many have answered and are about to ask for the next event, and nobody has waited
 *      for 50 ms. A caller is not bound to the environment started for it: whichever is free first takes the first in
 *      line.
 *      On Managed Instances nobody waits for an environment as long as there is another; one that has room and no
 *      worker sends its caller on.
 *  (6) Of the idle environments the warmest is taken: a provisioned one before others, none without processes before
 *      one that has them, the one used last before others.
 *  (7) Environment 1 and those provisioned live as long as the fleet, every other until nobody needed it for `idleMs`;
 *      with tenants every one, and sooner when another tenant needs its place.
 *  (8) After shutdown no environment is left.
 *  (9) An environment serves one tenant for its whole life; who names none, or one where there are none, is refused.
 * (10) At most `reservedConcurrency` invocations wait or run; who comes then is refused. 0 refuses everybody.
 * (11) As many environments as are provisioned are initialised before anybody asks. One whose init fails is ended, and
 *      told of in `allocated`; one that fails later is initialised again at once.
 * (12) After `reload` no environment of before takes an invocation any more. What it is at comes to its end, then the
 *      environment is shut down, and only then its number is free. Callers that wait are served by the new ones.
 */
import type { ShutdownReason } from "@anylambda/wire";
import type { Environment } from "./environment.ts";
import { type Chaos, chaosOf } from "./chaos.ts";
import { crash, disturb, tellOf, tortured } from "./chaos-acts.ts";
import type { InitReport } from "./events.ts";
import type { Allocation, Fleet, FleetOptions } from "./fleet.ts";
import type { FunctionConfiguration } from "./function.ts";
import type { ResponseMode, StreamedAnswer } from "./invocation.ts";
import { type AnyEnvironment, type Crew, type Member, type Origin, limitsOf, memberOf } from "./member.ts";
import { type Limits, callerFor, evictionFor, growthFor, refusalFor, seatFor } from "./placement.ts";
import type { RefusedVariable } from "./variables.ts";
import {
  type FleetAnswer,
  type Invocation,
  type InvokeRequest,
  type Waiting,
  refuse,
  tenantFaultOf,
  waitingOf,
} from "./waiting.ts";

/**
 * A client that sends its next request as soon as it has an answer finds the environment not quite at rest: on Lambda
 * the network is slower than that. It should not meet a cold start for it, nor a 429. A slow extension takes longer.
 */
const patienceMs = 50;

export class Environments implements Fleet {
  configuration: FunctionConfiguration;
  readonly refusedVariables: readonly RefusedVariable[];
  readonly initialized: Promise<InitReport>;
  readonly allocated: Promise<Allocation | undefined>;
  readonly chaos: Chaos | undefined;
  readonly #create: Crew["create"];
  readonly #discard: Crew["discard"];
  readonly #options: FleetOptions;
  #limits: Limits;
  readonly #provisioned: number;
  readonly #idleMs: number;
  /** Every environment that exists or is being made, by its number. */
  readonly #all = new Map<number, Promise<AnyEnvironment>>();
  /** Those that can take an invocation. The warmest is the last. */
  readonly #withRoom: Member[] = [];
  /** Those that take invocations, with room or without. */
  readonly #standing = new Set<Member>();
  readonly #waiting: Waiting[] = [];
  /** The invocations that environments are at. */
  readonly #running = new Set<Waiting>();
  #booting = 0;
  #leaving = 0;
  #patience: NodeJS.Timeout | undefined;
  #closed = false;
  #generation = 0;
  /** Takes the init of the first environment since the last reload. */
  #reloaded: (init: InitReport | undefined) => void = () => undefined;

  constructor({ configuration, options, first, create, discard }: Crew) {
    const { provisionedConcurrency = 0 } = configuration;
    this.configuration = configuration;
    this.refusedVariables = first.variables.refused;
    this.#create = create;
    this.#discard = discard;
    this.#options = options;
    this.chaos = chaosOf(options);
    this.#limits = limitsOf(configuration, options);
    this.#provisioned = provisionedConcurrency;
    this.#idleMs = options.idleMs ?? 300_000;
    this.#all.set(1, Promise.resolve(first));
    this.initialized = this.#boot(
      memberOf(first, { generation: 0, provisioned: provisionedConcurrency > 0 }),
    );
    this.allocated = this.#allocate();
  }

  invoke(request: InvokeRequest): Invocation {
    // The Runtime API hands out a stream only to callers in streaming mode.
    return this.#enqueue(request, "buffered") as Invocation;
  }

  invokeStreaming(request: InvokeRequest): Invocation<FleetAnswer | StreamedAnswer> {
    const invocation = this.#enqueue(request, "streaming");
    const { chaos } = this;
    if (chaos === undefined) return invocation;
    return { ...invocation, answer: invocation.answer.then((answer) => tortured(chaos, answer)) };
  }

  reload(configuration: FunctionConfiguration = this.configuration): Promise<InitReport | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    this.configuration = configuration;
    this.#limits = limitsOf(configuration, this.#options);
    this.#generation += 1;
    this.#standing.clear();
    this.#reloaded(undefined);
    const init = new Promise<InitReport | undefined>((resolve) => (this.#reloaded = resolve));
    const resting = this.#withRoom.splice(0).filter(({ busy }) => busy === 0);
    for (const member of resting) void this.#drop(member, "spindown");
    // Number 1 may be busy for long: what is wrong with the new code should be seen before.
    const soon = resting.some(({ number }) => number === 1) || this.#all.size >= this.#limits.most;
    if (!soon) void this.#start(false);
    return init;
  }

  async shutdown(reason: ShutdownReason = "spindown"): Promise<void> {
    this.#closed = true;
    this.#reloaded(undefined);
    clearTimeout(this.#patience);
    for (const waiting of this.#waiting.splice(0)) refuse(waiting, "shutdown");
    for (const member of this.#withRoom.splice(0)) clearTimeout(member.reaper);
    const end = (environment: AnyEnvironment): Promise<void> => environment.shutdown(reason);
    // What could not be made need not be ended.
    await Promise.all([...this.#all.values()].map((made) => made.then(end, () => undefined)));
    await this.#discard?.();
  }

  #enqueue(request: InvokeRequest, mode: ResponseMode): Invocation<FleetAnswer | StreamedAnswer> {
    const waiting = waitingOf(request, mode, this.#options.tap);
    const tenant = tenantFaultOf(this.configuration.tenantIsolation === true, request.tenantId);
    if (this.#closed) refuse(waiting, "shutdown");
    else if (tenant !== undefined) refuse(waiting, { tenant });
    else if (this.#limits.reserved !== undefined && this.#unanswered() >= this.#limits.reserved)
      refuse(waiting, "ReservedFunctionConcurrentInvocationLimitExceeded");
    else {
      const member = this.#withRoom[seatFor(this.#withRoom, waiting)];
      if (member === undefined) this.#queue(waiting);
      else {
        this.#seat(member);
        void this.#serve(member, waiting);
      }
    }
    return waiting.invocation;
  }

  #queue(waiting: Waiting): void {
    const unanswered = this.#unanswered();
    const standing = this.#standing.size;
    const reason = refusalFor({ unanswered, waiting: this.#waiting.length, standing }, this.#limits);
    if (reason !== undefined) {
      refuse(waiting, reason);
      return this.#growForLater();
    }
    this.#waiting.push(waiting);
    this.#grow();
  }

  #seat(member: Member): void {
    clearTimeout(member.reaper);
    member.busy += 1;
    if (member.busy >= this.#limits.capacity) this.#unlist(member);
  }

  #unlist(member: Member): void {
    const index = this.#withRoom.indexOf(member);
    if (index >= 0) this.#withRoom.splice(index, 1);
  }

  /** Invariants 1, 2 and 9: a loop for each invocation that an environment takes at once. */
  async #serve(member: Member, first: Waiting | undefined): Promise<void> {
    const { environment } = member;
    for (let waiting = first; waiting !== undefined; waiting = this.#nextFor(member)) {
      member.tenantId ??= waiting.tenantId;
      this.#running.add(waiting);
      const calm = this.chaos && disturb(this.chaos, waiting.job.requestId, environment);
      const report = await environment.invoke(waiting.job);
      calm?.();
      this.#running.delete(waiting);
      if (report === "noWorker") this.#elsewhere(member, waiting);
      else waiting.end(report);
      if (environment.state !== "idle" && !(await this.#mended(member))) return this.#drop(member, "failure");
    }
    this.#rest(member);
  }

  /** For whom no worker was free where there was room: another environment, or none. */
  #elsewhere({ environment }: Member, waiting: Waiting): void {
    const tried = (waiting.tried ??= new Set()).add(environment);
    const others = this.#withRoom.filter((one) => !tried.has(one.environment));
    const member = others[seatFor(others, waiting)];
    if (member === undefined) return refuse(waiting, "ConcurrentInvocationLimitExceeded");
    this.#seat(member);
    void this.#serve(member, waiting);
  }

  #nextFor(member: Member): Waiting | undefined {
    if (this.#isOld(member)) return undefined;
    const index = callerFor(this.#waiting, member.tenantId);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #isOld({ generation }: Member): boolean {
    return generation !== this.#generation;
  }

  /** Whether an environment that has lost its processes may stay. */
  async #mended({ environment, provisioned }: Member): Promise<boolean> {
    if (this.#closed || environment.state !== "created") return this.#closed;
    // On demand the next invocation repeats the init (environment.md 4.2); invariant 11.
    return !provisioned || (await (environment as Environment).init()).status === "success";
  }

  /** Invariants 6 and 7. */
  #rest(member: Member): void {
    if (this.#closed || member.leaving) return;
    member.busy -= 1;
    this.#unlist(member);
    if (this.#isOld(member)) {
      if (member.busy === 0) void this.#drop(member, "spindown");
      return;
    }
    if (member.environment.state === "idle") this.#withRoom.push(member);
    else this.#withRoom.unshift(member);
    if (this.#waiting.length > 0) this.#grow();
    if (member.busy > 0 || member.leaving || this.#isSurprised(member) || this.#isPermanent(member)) return;
    member.reaper = setTimeout(() => void this.#drop(member, "spindown"), this.#idleMs);
    member.reaper.unref();
  }

  /** Whether chaos has plans for an environment at rest. */
  #isSurprised(member: Member): boolean {
    const { chaos } = this;
    const plan = chaos?.rest();
    if (chaos === undefined || plan === undefined) return false;
    const { action, afterMs } = plan;
    member.reaper = setTimeout(() => {
      if (action === "crash") return crash(chaos, member.environment, afterMs);
      tellOf(chaos, member.environment, { action, amount: afterMs });
      void this.#drop(member, "spindown");
    }, afterMs).unref();
    return true;
  }

  #isPermanent({ number, provisioned }: Member): boolean {
    return provisioned || (number === 1 && this.configuration.tenantIsolation !== true);
  }

  /** Ends an environment. It counts until its last process is gone (invariant 4). */
  async #drop(member: Member, reason: ShutdownReason): Promise<void> {
    if (this.#closed || member.leaving) return;
    member.leaving = true;
    this.#standing.delete(member);
    clearTimeout(member.reaper);
    this.#unlist(member);
    this.#leaving += 1;
    await member.environment.shutdown(reason);
    this.#leaving -= 1;
    this.#all.delete(member.number);
    if (this.#isOld(member) && (member.number === 1 || member.provisioned))
      void this.#start(member.provisioned);
    else this.#grow();
  }

  /** Invariants 4 and 5. */
  #grow(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#closed) return;
    const patient = performance.now() - first.since < patienceMs;
    const finishing = patient ? this.#finishing() : 0;
    if (finishing > 0) this.#growLater();
    const { most, capacity } = this.#limits;
    const { start, evict } = growthFor(this.#waiting.length, {
      existing: this.#all.size,
      most,
      booting: this.#booting,
      leaving: this.#leaving,
      finishing,
      capacity,
    });
    for (let started = 0; started < start; started += 1) void this.#start(false);
    for (let evicted = 0; evicted < evict; evicted += 1) {
      const member = this.#withRoom[evictionFor(this.#withRoom, this.#waiting)];
      if (member === undefined) return;
      void this.#drop(member, "spindown");
    }
  }

  /** One after another: who is turned away comes again, or others do. */
  #growForLater(): void {
    const { scalesLater, most } = this.#limits;
    if (scalesLater && this.#booting === 0 && this.#all.size < most) void this.#start(false);
  }

  #start(provisioned: boolean): Promise<InitReport | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    let number = 1;
    while (this.#all.has(number)) number += 1;
    const origin = { generation: this.#generation, provisioned };
    const made = this.#create(number, this.configuration, origin);
    this.#all.set(number, made);
    return this.#add(number, made, origin);
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
    return [...this.#running].filter(({ answered }) => answered).length;
  }

  #unanswered(): number {
    return this.#waiting.length + this.#running.size - this.#finishing();
  }

  async #add(number: number, made: Promise<AnyEnvironment>, origin: Origin): Promise<InitReport | undefined> {
    this.#booting += 1;
    const environment = await made.catch(() => undefined);
    this.#booting -= 1;
    // No port or no descriptor was left: those who wait are served by the environments there are.
    if (environment === undefined) this.#all.delete(number);
    else if (!this.#closed) return this.#boot(memberOf(environment, origin));
    return undefined;
  }

  /** An init that failed is repeated inside the first invocation, which answers the caller (environment.md 4.2). */
  async #boot(member: Member): Promise<InitReport> {
    const { environment, provisioned } = member;
    this.#booting += 1;
    const report = await environment.init();
    this.#booting -= 1;
    if (!this.#isOld(member)) {
      this.#reloaded(report);
      if (report.status === "success") this.#standing.add(member);
    }
    if (report.status !== "success" && (provisioned || "ended" in environment)) {
      void this.#drop(member, "failure");
      return report;
    }
    if ("ended" in environment) void environment.ended.then(() => this.#drop(member, "failure"));
    for (let seat = 0; seat < this.#limits.capacity; seat += 1) {
      const waiting = this.#nextFor(member);
      if (waiting === undefined && seat > 0) break;
      member.busy += 1;
      void this.#serve(member, waiting);
    }
    return report;
  }

  /** Invariant 11. */
  async #allocate(): Promise<Allocation | undefined> {
    const requested = this.#provisioned;
    if (requested === 0) return undefined;
    const inits = [this.initialized, ...Array.from({ length: requested - 1 }, () => this.#start(true))];
    const reports = await Promise.all(inits);
    const available = reports.filter((report) => report?.status === "success").length;
    return available === requested
      ? { status: "READY", requested, available }
      : { status: "FAILED", statusReason: "FUNCTION_ERROR_INIT_FAILURE", requested, available };
  }
}
