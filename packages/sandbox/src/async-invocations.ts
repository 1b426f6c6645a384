/**
 * Events that nobody waits for (environment.md 5.4): accepted at once, tried again when they fail, and told of.
 *
 *  (1) Every accepted event ends in exactly one outcome, unless the sandbox is closed before.
 *  (2) All attempts at an event have the same request id.
 *  (3) A function error is tried again `maximumRetryAttempts` times at most; a refusal is no attempt.
 *  (4) No event is tried again when it is older than `maximumEventAgeSeconds`; none is tried where no concurrency is
 *      reserved.
 *  (5) The queue has an end: what would make it longer is not accepted.
 *  (6) A second delivery, which chaos may ask for, changes nothing of the outcome.
 */
import {
  type Condition,
  type DeadLetter,
  type DestinationRecord,
  deadLetterOf,
  recordOf,
} from "./destination-record.ts";
import type { Fleet } from "./fleet.ts";
import type { FleetAnswer, InvokeRequest } from "./waiting.ts";

export interface AsyncOptions {
  /** Takes what a destination would be sent, for successes and failures alike. */
  readonly record?: ((record: DestinationRecord) => void) | undefined;
  /** The same, for successes only. */
  readonly onSuccess?: ((record: DestinationRecord) => void) | undefined;
  /** The same, for failures only. */
  readonly onFailure?: ((record: DestinationRecord) => void) | undefined;
  /** Takes what a dead-letter queue would be sent: events that failed. */
  readonly deadLetter?: ((letter: DeadLetter) => void) | undefined;
  /** 0 to 2; Lambda's default 2. */
  readonly maximumRetryAttempts?: number | undefined;
  /** 60 to 21,600 on Lambda; its default 21,600. */
  readonly maximumEventAgeSeconds?: number | undefined;
  /** Every wait and every age is multiplied by it: 0.001 makes a minute 60 ms. */
  readonly clockFactor?: number | undefined;
}

type EventRequest = InvokeRequest & { readonly requestId: string };

/** Before the second attempt and before the third. */
const retryWaitMs = [60_000, 120_000];
const firstBackOffMs = 1000;
const longestBackOffMs = 300_000;

/** What fits into the memory of a laptop beside everything else. */
const mostBytes = 256 * 1024 * 1024;
const mostEvents = 100_000;

export class AsyncInvocations {
  readonly #fleet: Fleet;
  readonly #options: AsyncOptions;
  readonly #factor: number;
  /** What waits for its next attempt. */
  readonly #pauses = new Map<NodeJS.Timeout, () => void>();
  #events = 0;
  #bytes = 0;
  #closed = false;

  constructor(fleet: Fleet, options: AsyncOptions = {}) {
    this.#fleet = fleet;
    this.#options = options;
    this.#factor = options.clockFactor ?? 1;
  }

  /** Returns false when the queue is full. */
  accept(request: EventRequest): boolean {
    const bytes = request.payload.length;
    if (this.#events >= mostEvents || this.#bytes + bytes > mostBytes) return false;
    this.#events += 1;
    this.#bytes += bytes;
    void this.#hold(request);
    return true;
  }

  /** Drops what is not done: on this machine the queue lives as long as the command. */
  close(): void {
    this.#closed = true;
    for (const [timer, resume] of this.#pauses) {
      clearTimeout(timer);
      resume();
    }
    this.#pauses.clear();
  }

  /** Invariant 5: an event counts from its acceptance to its end. */
  async #hold(request: EventRequest): Promise<void> {
    await this.#run(request);
    this.#events -= 1;
    this.#bytes -= request.payload.length;
  }

  async #run(request: EventRequest): Promise<void> {
    const accepted = performance.now();
    const { chaos } = this.#fleet;
    const { requestId } = request;
    const plan = chaos?.event();
    if (plan !== undefined && plan.delayMs > 0) {
      chaos?.tell({ action: "delay", requestId, amount: plan.delayMs });
      await this.#pause(plan.delayMs);
    }
    await this.#attempt(request, accepted);
    if (plan?.duplicateAfterMs === undefined || this.#closed) return;
    await this.#pause(plan.duplicateAfterMs);
    if (this.#closed) return;
    chaos?.tell({ action: "duplicate", requestId, amount: plan.duplicateAfterMs });
    // Invariant 6.
    await this.#fleet.invoke(request).ended;
  }

  async #attempt(request: EventRequest, accepted: number): Promise<void> {
    const { maximumRetryAttempts = 2, maximumEventAgeSeconds = 21_600 } = this.#options;
    const tooOld = accepted + maximumEventAgeSeconds * 1000 * this.#factor;
    let attempts = 0;
    let refusals = 0;
    let last: FleetAnswer | undefined;
    for (;;) {
      if (this.#closed) return;
      if (this.#fleet.configuration.reservedConcurrency === 0)
        return this.#tell("ZeroReservedConcurrency", request, attempts, last);
      const answer = await this.#fleet.invoke(request).answer;
      if (this.#closed) return;
      let wait: number;
      if (answer.refused === undefined) {
        last = answer;
        attempts += 1;
        refusals = 0;
        if (answer.functionError === undefined) return this.#tell("Success", request, attempts, last);
        if (attempts > maximumRetryAttempts) return this.#tell("RetriesExhausted", request, attempts, last);
        wait = (retryWaitMs[attempts - 1] ?? longestBackOffMs) * this.#factor;
      } else {
        wait = Math.min(firstBackOffMs * 2 ** refusals, longestBackOffMs) * this.#factor;
        refusals += 1;
      }
      const left = tooOld - performance.now();
      await this.#pause(Math.min(wait, left));
      if (this.#closed) return;
      if (wait >= left) return this.#tell("EventAgeExceeded", request, attempts, last);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          this.#pauses.delete(timer);
          resolve();
        },
        Math.max(0, ms),
      );
      this.#pauses.set(timer, resolve);
    });
  }

  #tell(
    condition: Condition,
    { requestId, payload }: EventRequest,
    attempts: number,
    answer: FleetAnswer | undefined,
  ): void {
    const { record, onSuccess, onFailure, deadLetter } = this.#options;
    const outcome = { condition, requestId, payload, attempts, answer };
    const told = recordOf(this.#fleet.configuration, outcome);
    record?.(told);
    if (condition === "Success") return onSuccess?.(told);
    onFailure?.(told);
    deadLetter?.(deadLetterOf(outcome));
  }
}
