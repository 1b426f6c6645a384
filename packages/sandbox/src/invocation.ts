/**
 * One invocation between the fleet and an environment: what goes in, what comes out, and that it comes out once.
 */
import { type InvokeEvent, fromInvocationHead } from "@anylambda/wire";
import type { AnswerStream, RuntimeAnswer } from "./answers.ts";
import { type Failure, payloadOf } from "./failures.ts";
import type { InvocationTimes } from "./invocation-times.ts";
import type { Delivery } from "./runtime-api.ts";

/** What the caller gets (environment.md 4.5). */
export interface InvocationAnswer {
  readonly requestId: string;
  readonly payload: Uint8Array;
  /** As `X-Amz-Function-Error`: present when the function failed. */
  readonly functionError?: "Unhandled";
  readonly errorType?: string;
}

/** What a caller gets who asked for a stream, once its first bytes are on their way. */
export interface StreamedAnswer {
  readonly requestId: string;
  readonly stream: AnswerStream;
  /** Why it broke off, as the document a buffered caller would have had: known when the invocation has ended. */
  readonly failure: () => Uint8Array | undefined;
}

/** Whether the caller wants the answer in one piece or as it comes: the invoker decides (environment.md 1.5). */
export type ResponseMode = "buffered" | "streaming";

/** An invocation on its way to an environment. */
export interface Job {
  readonly requestId: string;
  readonly payload: Uint8Array;
  readonly traceId: string;
  /** JSON text. */
  readonly clientContext: string | undefined;
  /** As the caller named the version or alias. */
  readonly qualifier: string | undefined;
  /** Takes the lines of its log. */
  readonly log: ((line: string) => void) | undefined;
  readonly mode: ResponseMode;
  /** Of functions that keep their tenants apart (environment.md 5.7). */
  readonly tenantId?: string | undefined;
  /** Takes the answer, as early as possible. */
  readonly answer: (answer: InvocationAnswer | StreamedAnswer) => void;
}

/** Gives the caller the first of all answers and drops the others (state.ts, invariant 4). */
export class OneAnswer {
  errorType: string | undefined;
  /** What the runtime reported for X-Ray: JSON. */
  errorCause: string | undefined;
  /** The runtime broke the protocol: what the log says of it. */
  fault: { readonly errorType: string; readonly message: string } | undefined;
  #given = false;
  /** What a stream that broke off would have told if it had not begun. */
  #failure: Uint8Array | undefined;
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
  }

  give(answer: RuntimeAnswer): void {
    if ("failed" in answer) {
      this.fault ??= { errorType: answer.failed, message: answer.message };
      this.fail({ errorType: answer.failed, message: answer.message, sentence: answer.message });
    } else if ("stream" in answer) {
      if (this.#given) return;
      this.#given = true;
      this.#job.answer({
        requestId: this.#job.requestId,
        stream: answer.stream,
        failure: () => this.#failure,
      });
    } else {
      this.errorCause = answer.errorCause;
      this.#send(answer.payload, answer.errorType);
    }
  }

  /** No runtime ever saw the event: the caller is turned away. */
  refuse(answer: InvocationAnswer): void {
    if (this.#given) return;
    this.#given = true;
    this.#job.answer(answer);
  }

  /** The streamed answer failed in its middle: the caller has seen that, the report is still to say so. */
  break(errorType: string, document: Uint8Array): void {
    this.errorType ??= errorType;
    this.#failure ??= document;
  }

  fail(failure: Failure): void {
    // The stream of a process that died breaks off as well, before or after: this says more.
    this.#failure = payloadOf(failure, this.#job.requestId);
    this.#send(this.#failure, failure.errorType);
  }

  #send(payload: Uint8Array, errorType: string | undefined): void {
    if (this.#given) return;
    this.#given = true;
    this.errorType = errorType;
    const { requestId, answer } = this.#job;
    answer(
      errorType === undefined
        ? { requestId, payload }
        : { requestId, payload, functionError: "Unhandled", errorType },
    );
  }
}

/** What becomes of an invocation on its way. */
export interface Course {
  readonly answer: OneAnswer;
  readonly times: InvocationTimes;
  /** The runtime is through with it. */
  readonly done: () => void;
}

/** The invocation as `/invocation/next` tells it. */
export function deliveryOf(
  job: Job,
  functionArn: string,
  deadlineMs: number,
  { answer, times, done }: Course,
): Delivery {
  const { requestId, payload, traceId, clientContext, tenantId } = job;
  const head = ["Content-Type", "application/json", "Content-Length", String(payload.length)];
  const fields = fromInvocationHead({
    requestId,
    deadlineMs,
    functionArn,
    traceId: headerText(traceId),
    clientContext: clientContext === undefined ? undefined : headerText(clientContext),
    cognitoIdentity: undefined,
    tenantId: tenantId === undefined ? undefined : headerText(tenantId),
  });
  for (const [name, value] of fields) head.push(name, value);
  return {
    requestId,
    head,
    payload,
    mode: job.mode,
    answer: (given) => answer.give(given),
    broke: (errorType, document) => answer.break(errorType, document),
    times,
    done,
  };
}

/** The invocation as extensions hear of it. */
export function invokeEventOf(job: Job, functionArn: string, deadlineMs: number): InvokeEvent {
  return {
    eventType: "INVOKE",
    deadlineMs,
    requestId: job.requestId,
    invokedFunctionArn: functionArn,
    tracing: { type: "X-Amzn-Trace-Id", value: job.traceId },
  };
}

/** Text that came from outside, as a header value: UTF-8 bytes, no control characters. */
function headerText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  const clean = text.replaceAll(/[\u0000-\u001f\u007f]/g, " ");
  return Buffer.from(clean, "utf8").toString("latin1");
}
