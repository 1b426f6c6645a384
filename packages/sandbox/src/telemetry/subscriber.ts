/**
 * One subscription at work: fills batches, sends them, tries again (environment.md 3.2).
 *
 *  (1) At most one batch is on its way; one that failed is sent again, the same bytes, before anything else.
 *  (2) A batch is sent when it is full, when its first record is `timeoutMs` old, or when told to flush.
 *  (3) While paused nothing is begun and no clock runs out: a frozen listener is not a slow one.
 *  (4) After `close` nothing is sent.
 *  (5) What `undelivered` tells has not been taken by the listener, as far as it said.
 */
import type { Destination, Sending } from "./destination.ts";
import { type Gap, Outbox } from "./outbox.ts";
import type { SubscriptionRequest } from "./subscription-request.ts";

/** Times, ms, that AWS does not tell; tests have shorter ones. */
export interface Patience {
  /** For an answer to one batch. */
  readonly answerMs: number;
  /** Before the second try; doubled for each further one. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
}

export const usualPatience: Patience = { answerMs: 10_000, retryMs: 50, longestRetryMs: 5000 };

/** Failures in a row after which a flush is given up: the listener has died with its extension. */
const hopeless = 3;

export class Subscriber {
  request: SubscriptionRequest;
  #destination: Destination;
  readonly #patience: Patience;
  readonly #outbox: Outbox;
  /** On its way, or to be tried again. */
  #batch: readonly string[] | undefined;
  #sending: Sending | undefined;
  #failures = 0;
  /** When the first of the waiting records is to go, on the clock of `performance.now()`. */
  #dueAt = 0;
  #isPaused = false;
  #isClosed = false;
  #flushed: (() => void)[] = [];
  /** One clock at a time: for the batch to fill, for the next try, or for an answer. */
  #clock: NodeJS.Timeout | undefined;

  constructor(
    request: SubscriptionRequest,
    destination: Destination,
    patience: Patience,
    tell: (gap: Gap) => string | undefined,
  ) {
    this.request = request;
    this.#destination = destination;
    this.#patience = patience;
    this.#outbox = new Outbox(request.buffering, tell);
  }

  /** The same extension asked again: what waits goes to the new place. */
  replace(request: SubscriptionRequest, destination: Destination): void {
    this.request = request;
    const before = this.#destination;
    this.#destination = destination;
    // What is on its way may have arrived: cutting it off would deliver it twice.
    const close = (): void => before.close();
    if (this.#sending === undefined) close();
    else this.#sending.done.then(close, close);
    this.#outbox.configure(request.buffering);
    this.#dueAt = Math.min(this.#dueAt, performance.now() + request.buffering.timeoutMs);
    this.#failures = 0;
    this.#pump();
  }

  /** `text` is one record in its envelope. */
  push(text: string): void {
    if (this.#outbox.isEmpty) this.#dueAt = performance.now() + this.request.buffering.timeoutMs;
    this.#outbox.push(text);
    // A batch that is on its way, or to be tried again, comes first: there will be another look after it.
    if (this.#batch !== undefined) return;
    if (this.#clock === undefined || this.#outbox.isFull) this.#pump();
  }

  pause(): void {
    this.#isPaused = true;
    this.#stopClock();
  }

  /** Pauses, and ends the connection: its listener is about to be frozen into an image, this end of it is not. */
  hangUp(): void {
    this.pause();
    this.#sending?.cancel();
    this.#destination.close();
  }

  /** Invariant 5. */
  get undelivered(): readonly string[] {
    return [...(this.#batch ?? []), ...this.#outbox.waiting];
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#sending !== undefined) this.#awaitAnswer(this.#sending);
    else this.#pump();
  }

  /** Resolves when all that was pushed has arrived, after `ms`, or when it is clear that nobody listens any more. */
  async flush(ms: number): Promise<void> {
    if (this.#isDrained || this.#isClosed) return;
    let limit: NodeJS.Timeout | undefined;
    const drained = new Promise<void>((resolve) => {
      this.#flushed.push(resolve);
      limit = setTimeout(resolve, ms);
    });
    if (this.#sending === undefined) this.#pump();
    await drained;
    clearTimeout(limit);
    this.#flushed = [];
  }

  close(): void {
    this.#isClosed = true;
    this.#stopClock();
    this.#sending?.cancel();
    this.#destination.close();
  }

  get #isDrained(): boolean {
    return this.#batch === undefined && this.#outbox.isEmpty;
  }

  /** Begins what can be begun, else sets the clock for it. */
  #pump(): void {
    if (this.#isPaused || this.#isClosed || this.#sending !== undefined) return;
    this.#stopClock();
    if (this.#batch === undefined) {
      if (this.#outbox.isEmpty) return;
      const rest = this.#dueAt - performance.now();
      // Invariant 2.
      if (!this.#outbox.isFull && rest > 0 && this.#flushed.length === 0) {
        this.#startClock(rest, () => this.#pump());
        return;
      }
      this.#batch = this.#outbox.take();
      this.#dueAt = performance.now() + this.request.buffering.timeoutMs;
    }
    if (this.#batch === undefined) return;
    const sending = this.#destination.send(this.#batch);
    this.#sending = sending;
    this.#awaitAnswer(sending);
    sending.done.then(
      () => this.#arrived(),
      () => this.#failed(),
    );
  }

  #arrived(): void {
    this.#stopClock();
    this.#sending = undefined;
    this.#batch = undefined;
    this.#failures = 0;
    this.#outbox.arrived();
    if (this.#isDrained) for (const resolve of this.#flushed.splice(0)) resolve();
    this.#pump();
  }

  #failed(): void {
    this.#stopClock();
    this.#sending = undefined;
    if (this.#isPaused || this.#isClosed) return;
    const { retryMs, longestRetryMs } = this.#patience;
    const pause = Math.min(retryMs * 2 ** this.#failures, longestRetryMs);
    this.#failures += 1;
    if (this.#failures >= hopeless) for (const resolve of this.#flushed.splice(0)) resolve();
    this.#startClock(pause, () => this.#pump());
  }

  #awaitAnswer(sending: Sending): void {
    if (this.#isPaused || !this.#destination.acknowledges) return;
    this.#startClock(this.#patience.answerMs, () => sending.cancel());
  }

  #startClock(ms: number, then: () => void): void {
    this.#stopClock();
    this.#clock = setTimeout(() => {
      this.#clock = undefined;
      then();
    }, Math.ceil(ms));
    // The sandbox does not stay alive for a subscriber.
    this.#clock.unref();
  }

  #stopClock(): void {
    clearTimeout(this.#clock);
    this.#clock = undefined;
  }
}
