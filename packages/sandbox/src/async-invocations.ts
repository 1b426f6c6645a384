/**
 * Events that nobody waits for (environment.md 5.4): accepted at once, tried again when they fail, and told of.
 *
 *  (1) Every accepted event ends in exactly one record, unless the sandbox is closed before.
 *  (2) All attempts at an event have the same request id.
 *  (3) A function error is tried again `maximumRetryAttempts` times at most; a refusal is no attempt.
 *  (4) No event is tried again when it is older than `maximumEventAgeSeconds`.
 */
import type { Fleet } from "./fleet.ts";
import { functionArnOf } from "./identifiers.ts";
import type { FleetAnswer, InvokeRequest } from "./waiting.ts";

export interface AsyncOptions {
  /** Takes what a destination would be sent, for successes and failures alike. */
  readonly record?: ((record: DestinationRecord) => void) | undefined;
  /** 0 to 2; Lambda's default 2. */
  readonly maximumRetryAttempts?: number | undefined;
  /** 60 to 21,600 on Lambda; its default 21,600. */
  readonly maximumEventAgeSeconds?: number | undefined;
  /** Every wait and every age is multiplied by it: 0.001 makes a minute 60 ms. */
  readonly clockFactor?: number | undefined;
}

/** The body of a message to a destination, key by key as recorded. */
export interface DestinationRecord {
  readonly version: "1.0";
  readonly timestamp: string;
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: Condition;
    readonly approximateInvokeCount: number;
  };
  readonly requestPayload: unknown;
  /** Absent, as the payload, when the function was never reached. */
  readonly responseContext?: {
    readonly statusCode: 200;
    readonly executedVersion: string;
    readonly functionError?: "Unhandled";
  };
  readonly responsePayload?: unknown;
}

type Condition = "Success" | "RetriesExhausted" | "EventAgeExceeded";

/** Before the second attempt and before the third. */
const retryWaitMs = [60_000, 120_000];
const firstBackOffMs = 1000;
const longestBackOffMs = 300_000;

export class AsyncInvocations {
  readonly #fleet: Fleet;
  readonly #options: AsyncOptions;
  readonly #factor: number;
  /** What waits for its next attempt. */
  readonly #pauses = new Map<NodeJS.Timeout, () => void>();
  #closed = false;

  constructor(fleet: Fleet, options: AsyncOptions = {}) {
    this.#fleet = fleet;
    this.#options = options;
    this.#factor = options.clockFactor ?? 1;
  }

  accept(request: InvokeRequest & { readonly requestId: string }): void {
    void this.#run(request);
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

  async #run(request: InvokeRequest & { readonly requestId: string }): Promise<void> {
    const { maximumRetryAttempts = 2, maximumEventAgeSeconds = 21_600 } = this.#options;
    const tooOld = performance.now() + maximumEventAgeSeconds * 1000 * this.#factor;
    let attempts = 0;
    let refusals = 0;
    let last: FleetAnswer | undefined;
    for (;;) {
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
    { requestId, payload }: InvokeRequest & { readonly requestId: string },
    attempts: number,
    answer: FleetAnswer | undefined,
  ): void {
    const { configuration } = this.#fleet;
    const functionArn = `${functionArnOf(configuration)}:${configuration.version}`;
    this.#options.record?.({
      version: "1.0",
      timestamp: new Date().toISOString(),
      requestContext: { requestId, functionArn, condition, approximateInvokeCount: attempts },
      requestPayload: valueOf(payload),
      ...(answer !== undefined && {
        responseContext: {
          statusCode: 200,
          executedVersion: configuration.version,
          ...(answer.functionError !== undefined && { functionError: answer.functionError }),
        },
        responsePayload: valueOf(answer.payload),
      }),
    });
  }
}

/** A function may answer what is no JSON; it is told as text. */
function valueOf(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
