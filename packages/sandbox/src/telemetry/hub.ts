/**
 * The telemetry of one environment: who subscribed, and what goes to whom (environment.md 3).
 *
 *  (1) Subscriptions are taken during init only.
 *  (2) A new subscriber first gets what was told before it came, from the start of init on; at most 1,000 events.
 *  (3) An extension has one subscription, to one of the two APIs; asking again replaces it.
 *  (4) A subscription lasts as long as the environment: a reset ends the listener, not the wish. What it has not
 *      got waits for the listener of the next boot.
 *  (5) Processes that became a snapshot are subscribed in every copy; what they had not got each copy gets, once.
 *  (6) While nobody subscribed and init is over, an event costs a comparison.
 */
import type { SandboxEvent } from "../events.ts";
import {
  type Destination,
  type Dial,
  dialLoopback,
  knownDestination,
  openDestination,
} from "./destination.ts";
import { logsRecordOf } from "./logs-records.ts";
import type { Gap } from "./outbox.ts";
import { type TelemetryContext, telemetryRecordOf, telemetryTextOf } from "./records.ts";
import { type Patience, Subscriber, usualPatience } from "./subscriber.ts";
import type { SubscriptionApi, SubscriptionRequest } from "./subscription-request.ts";

/** What the hub itself has to tell. */
export type HubNews =
  | Omit<Extract<SandboxEvent, { readonly type: "telemetrySubscription" | "logsSubscription" }>, Common>
  | Omit<Extract<SandboxEvent, { readonly type: "logsDropped" }>, Common>;
type Common = "time" | "environment" | "environmentNumber";

export interface HubOptions {
  readonly context: TelemetryContext;
  /** Takes what happened to subscriptions; comes back through {@link TelemetryHub.take}, as every event does. */
  readonly tell: (news: HubNews) => void;
  readonly patience?: Patience | undefined;
}

/** A subscription of processes that became a snapshot. */
export interface KeptSubscription {
  /** Of the extension. */
  readonly name: string;
  readonly request: SubscriptionRequest;
  /** Records in their envelopes. */
  readonly undelivered: readonly string[];
}

/** Why a subscription was refused. */
export type Refusal =
  | { readonly kind: "closed" }
  | { readonly kind: "otherApi"; readonly api: SubscriptionApi }
  | { readonly kind: "unreachable"; readonly reason: string };

export class TelemetryHub {
  readonly #subscribers = new Map<string, Subscriber>();
  #isOpen = false;
  #isListening = false;
  #isPaused = false;
  #early: SandboxEvent[] = [];
  readonly #context: TelemetryContext;
  readonly #tell: (news: HubNews) => void;
  #dial: Dial = dialLoopback;
  readonly #patience: Patience;

  constructor({ context, tell, patience = usualPatience }: HubOptions) {
    this.#context = context;
    this.#tell = tell;
    this.#patience = patience;
  }

  /** Managed Instances take one schema version only, and have no Logs API. */
  get isManagedInstance(): boolean {
    return this.#context.initializationType === "lambda-managed-instances";
  }

  /** A boot begins; `dial` reaches its processes' localhost. */
  reach(dial: Dial = dialLoopback): void {
    this.#dial = dial;
    this.resume();
  }

  /**
   * Init begins: there may be subscribers from now on (invariant 1). `before` is what they get first: the events of
   * the init that became a snapshot.
   */
  open(before: readonly SandboxEvent[] = []): void {
    this.#isOpen = true;
    this.#isListening = true;
    this.#early = [...before];
  }

  /** What was told since init began. */
  get early(): readonly SandboxEvent[] {
    return this.#early;
  }

  /** Init is over. */
  close(): void {
    this.#isOpen = false;
    this.#early = [];
    this.#isListening = this.#subscribers.size > 0;
  }

  /** Every event of the environment, in order. */
  take(event: SandboxEvent): void {
    if (!this.#isListening) return;
    // Whom it concerns has it already, in the place of the gap.
    if (event.type === "logsDropped") return;
    const type: string = event.type;
    if (type === "frozen") this.pause();
    // Whoever is to end is thawed first, told or not.
    else if (type === "thawed" || type === "shutdown") this.resume();
    if (this.#isOpen && this.#early.length < maxEarly) this.#early.push(event);
    for (const subscriber of this.#subscribers.values()) this.#offer(subscriber, event);
  }

  /** `undefined` when it was taken. */
  async subscribe(name: string, request: SubscriptionRequest): Promise<Refusal | undefined> {
    const before = this.#subscribers.get(name);
    if (before !== undefined && before.request.api !== request.api)
      return { kind: "otherApi", api: before.request.api };
    if (!this.#isOpen) return { kind: "closed" };
    let destination;
    try {
      destination = await openDestination(request.target, this.#dialNow);
    } catch (error) {
      return { kind: "unreachable", reason: (error as Error).message };
    }
    // Looking took a while.
    if (!this.#isOpen) {
      destination.close();
      return { kind: "closed" };
    }
    const known = this.#subscribers.get(name);
    if (known === undefined) {
      const subscriber = this.#add(name, request, destination);
      for (const event of this.#early) this.#offer(subscriber, event);
    } else known.replace(request, destination);
    this.#tell({
      type: request.api === "telemetry" ? "telemetrySubscription" : "logsSubscription",
      name,
      state: known === undefined ? "Subscribed" : "Already subscribed",
      types: request.types,
    });
    return undefined;
  }

  /** Everybody has what they can get; from now on there is no connection into the processes, until there are new ones. */
  async hangUp(ms: number): Promise<void> {
    await this.flush(ms);
    this.#isPaused = true;
    for (const subscriber of this.#subscribers.values()) subscriber.hangUp();
  }

  /** Invariant 5, as of when `next` will have been told: it is yet to happen, and an image is made before. */
  keptWith(next: SandboxEvent): readonly KeptSubscription[] {
    return [...this.#subscribers].map(([name, { request, undelivered }]) => {
      const text = this.#textFor(request, next);
      return { name, request, undelivered: text === undefined ? undelivered : [...undelivered, text] };
    });
  }

  /** Invariant 5, for a copy; nothing is sent until {@link reach} says where its processes are. */
  adopt(kept: readonly KeptSubscription[]): void {
    for (const { name, request, undelivered } of kept) {
      // Restored anew after a failure: what it had not got is known already.
      if (this.#subscribers.has(name)) continue;
      const subscriber = this.#add(name, request, knownDestination(request.target, this.#dialNow));
      subscriber.pause();
      for (const text of undelivered) subscriber.push(text);
    }
    this.pause();
  }

  /** The processes stand still, or there are none: nobody can take anything. */
  pause(): void {
    this.#isPaused = true;
    for (const subscriber of this.#subscribers.values()) subscriber.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const subscriber of this.#subscribers.values()) subscriber.resume();
  }

  /** Resolves when everybody has everything, or after `ms`. */
  async flush(ms: number): Promise<void> {
    await Promise.all([...this.#subscribers.values()].map((subscriber) => subscriber.flush(ms)));
  }

  /** The environment ends. */
  end(): void {
    this.#isListening = false;
    for (const subscriber of this.#subscribers.values()) subscriber.close();
    this.#subscribers.clear();
  }

  /** Into the boot of the moment. */
  readonly #dialNow: Dial = (port) => this.#dial(port);

  #add(name: string, request: SubscriptionRequest, destination: Destination): Subscriber {
    const subscriber = new Subscriber(request, destination, this.#patience, (gap) => this.#missed(name, gap));
    this.#subscribers.set(name, subscriber);
    return subscriber;
  }

  #offer(subscriber: Subscriber, event: SandboxEvent): void {
    const text = this.#textFor(subscriber.request, event);
    if (text !== undefined) subscriber.push(text);
  }

  /** `undefined` when it is not for this subscriber. */
  #textFor(request: SubscriptionRequest, event: SandboxEvent): string | undefined {
    const record =
      request.api === "telemetry"
        ? telemetryRecordOf(event, this.#context, request.schema)
        : logsRecordOf(event, request.schema);
    if (record === undefined || !request.types.includes(record.category)) return undefined;
    return telemetryTextOf(event.time, record);
  }

  /** The record about a gap, for its subscriber; everybody else hears of it as an event. */
  #missed(name: string, gap: Gap): string | undefined {
    const news = { type: "logsDropped", subscriber: name, reason: tooSlow, ...gap } as const;
    this.#tell(news);
    if (this.#subscribers.get(name)?.request.types.includes("platform") !== true) return undefined;
    const record = { reason: tooSlow, ...gap };
    return telemetryTextOf(new Date(), { category: "platform", type: "platform.logsDropped", record });
  }
}

/** As many as AWS's own emulator keeps. */
const maxEarly = 1000;

/** AWS's words. */
const tooSlow = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.";
