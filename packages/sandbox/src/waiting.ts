/** A caller between its request and its answer, and how it is turned away (environment.md 5.2). */
import { randomUUID } from "node:crypto";
import type { InvocationReport } from "./events.ts";
import { completeTraceId } from "./identifiers.ts";
import { snapStartRefusal } from "./snapstart/refusals.ts";
import type { InvocationAnswer, Job, ResponseMode, StreamedAnswer } from "./invocation.ts";
import { type InvocationTap, excerptOf, tapped } from "./tap.ts";

export interface InvokeRequest {
  /** The event: JSON. */
  readonly payload: Uint8Array;
  /** A UUID; made up when absent. */
  readonly requestId?: string;
  /** `Root=…`, with or without the rest; made up when absent. */
  readonly traceId?: string;
  /** JSON text. */
  readonly clientContext?: string;
  /** As the caller named the version or alias; the function sees it in its ARN. */
  readonly qualifier?: string;
  /** Takes the invocation's log, line by line, as Lambda writes it: up to REPORT, which comes before `ended`. */
  readonly log?: (line: string) => void;
}

/** An invocation has two ends: the caller waits for the first, the environment is free after the second. */
export interface Invocation<Answer = FleetAnswer> {
  readonly requestId: string;
  /** As soon as the runtime posted it, or began to. Never rejects. */
  readonly answer: Promise<Answer>;
  /** The end of the invocation; `undefined` when it was refused. Never rejects. */
  readonly ended: Promise<InvocationReport | undefined>;
}

/** `refused`: no environment took the event, for the reason the Invoke API has for it (environment.md 5.2). */
export type FleetAnswer = InvocationAnswer & { readonly refused?: Refusal };

export type Refusal =
  | "TooManyRequestsException"
  | "ServiceException"
  | "SnapStartException"
  | "SnapStartTimeoutException"
  | "SnapStartNotReadyException";

export interface Waiting {
  /** Since when it is a caller, on the clock of `performance.now()`. */
  readonly since: number;
  /** It has its whole answer: its environment has only to ask for the next event. */
  answered: boolean;
  readonly job: Job;
  readonly invocation: Invocation<FleetAnswer | StreamedAnswer>;
  readonly end: (report: InvocationReport | undefined) => void;
}

export function waitingOf(
  request: InvokeRequest,
  mode: ResponseMode,
  tap: InvocationTap | undefined,
): Waiting {
  const { payload, requestId = randomUUID(), clientContext, qualifier, log } = request;
  const traceId = completeTraceId(request.traceId);
  const answered = deferred<FleetAnswer | StreamedAnswer>();
  const ended = deferred<InvocationReport | undefined>();
  const answer = (given: FleetAnswer | StreamedAnswer): void => {
    waiting.answered = !("stream" in given);
    answered.resolve(given);
  };
  const waiting: Waiting = {
    since: performance.now(),
    answered: false,
    job: {
      requestId,
      payload,
      traceId,
      clientContext,
      qualifier,
      log,
      mode,
      answer: tap === undefined ? answer : tapped(tap, requestId, answer),
    },
    invocation: { requestId, answer: answered.promise, ended: ended.promise },
    end: ended.resolve,
  };
  tap?.received({
    requestId,
    time: new Date(),
    traceId,
    mode,
    ...(clientContext !== undefined && { clientContext }),
    ...(qualifier !== undefined && { qualifier }),
    event: excerptOf(payload, tap.maxBytes),
  });
  return waiting;
}

/** Why a caller is turned away: the first two are Lambda's own words for it. */
export type Reason =
  | "ReservedFunctionConcurrentInvocationLimitExceeded"
  | "ConcurrentInvocationLimitExceeded"
  | "shutdown"
  | "noSnapshot";

export function refuse({ job, end }: Waiting, reason: Reason): void {
  const { requestId } = job;
  job.answer(refusalOf(requestId, reason));
  end(undefined);
}

function refusalOf(requestId: string, reason: Reason): FleetAnswer {
  if (reason === "noSnapshot") return snapStartRefusal(requestId, "SnapStartNotReadyException");
  const document =
    reason === "shutdown"
      ? { Type: "Service", Message: "The execution environment was shut down" }
      : { Reason: reason, Type: "User", message: "Rate Exceeded." };
  const refused = reason === "shutdown" ? "ServiceException" : "TooManyRequestsException";
  return { requestId, payload: Buffer.from(JSON.stringify(document)), refused };
}

function deferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
