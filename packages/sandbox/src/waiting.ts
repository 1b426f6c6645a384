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
  /** 1 to 256 characters; what a function with tenant isolation asks for, and no other takes. */
  readonly tenantId?: string;
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
  | "InvalidParameterValueException"
  | "ServiceException"
  | "SnapStartException"
  | "SnapStartTimeoutException"
  | "SnapStartNotReadyException";

export interface Waiting {
  /** Since when it is a caller, on the clock of `performance.now()`. */
  readonly since: number;
  /** It has its whole answer: its environment has only to ask for the next event. */
  answered: boolean;
  /** Environments that had room for it and no worker; absent while there was none. */
  tried: Set<object> | undefined;
  readonly tenantId: string | undefined;
  readonly job: Job;
  readonly invocation: Invocation<FleetAnswer | StreamedAnswer>;
  readonly end: (report: InvocationReport | undefined) => void;
}

export function waitingOf(
  request: InvokeRequest,
  mode: ResponseMode,
  tap: InvocationTap | undefined,
): Waiting {
  const { payload, requestId = randomUUID(), clientContext, qualifier, tenantId, log } = request;
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
    tried: undefined,
    job: {
      requestId,
      payload,
      traceId,
      clientContext,
      qualifier,
      tenantId,
      log,
      mode,
      answer: tap === undefined ? answer : tapped(tap, requestId, answer),
    },
    tenantId,
    invocation: { requestId, answer: answered.promise, ended: ended.promise },
    end: ended.resolve,
  };
  if (tap !== undefined) {
    const event = excerptOf(payload, tap.maxBytes);
    const received = { requestId, time: new Date(), traceId, mode, event };
    const isPlain = clientContext === undefined && qualifier === undefined;
    tap.received(
      isPlain
        ? received
        : {
            ...received,
            ...(clientContext !== undefined && { clientContext }),
            ...(qualifier !== undefined && { qualifier }),
          },
    );
  }
  return waiting;
}

/** Why a caller is turned away: the first two are Lambda's own words for it. */
export type Reason =
  | "ReservedFunctionConcurrentInvocationLimitExceeded"
  | "ConcurrentInvocationLimitExceeded"
  | "shutdown"
  | "noSnapshot"
  /** What is wrong with the tenant. */
  | { readonly tenant: string };

export function refuse({ job, end }: Waiting, reason: Reason): void {
  const { requestId } = job;
  job.answer(refusalOf(requestId, reason));
  end(undefined);
}

function refusalOf(requestId: string, reason: Reason): FleetAnswer {
  if (reason === "noSnapshot") return snapStartRefusal(requestId, "SnapStartNotReadyException");
  const [refused, document] = documentOf(reason);
  return { requestId, payload: Buffer.from(JSON.stringify(document)), refused };
}

function documentOf(reason: Exclude<Reason, "noSnapshot">): [Refusal, object] {
  if (reason === "shutdown")
    return ["ServiceException", { Type: "Service", Message: "The execution environment was shut down" }];
  if (typeof reason === "object")
    return ["InvalidParameterValueException", { Type: "User", message: reason.tenant }];
  return ["TooManyRequestsException", { Reason: reason, Type: "User", message: "Rate Exceeded." }];
}

/** What is wrong with the tenant of a request, in AWS's words where they are known (environment.md 5.7). */
export function tenantFaultOf(tenantIsolation: boolean, tenantId: string | undefined): string | undefined {
  if (tenantIsolation && tenantId === undefined)
    return "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.";
  if (!tenantIsolation && tenantId !== undefined)
    return "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.";
  return undefined;
}

function deferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
