/** Errors of the Invoke API, byte for byte where AWS's are recorded (environment.md 5.2). Pure. */
import type { FleetAnswer, Refusal } from "../waiting.ts";

export interface InvokeError {
  readonly status: number;
  /** As `x-amzn-ErrorType` names it. */
  readonly type: string;
  readonly body: Uint8Array;
  readonly retryAfter?: number;
}

export function malformed(message: string): InvokeError {
  return userError(400, "InvalidParameterValueException", { message });
}

/** What is wrong with the body, or with what belongs to it. */
export function invalidContent(message: string): InvokeError {
  return userError(400, "InvalidRequestContentException", { message });
}

export function notJson(parserText: string): InvokeError {
  return invalidContent(
    `Could not parse request body into json: Could not parse payload into json: ${parserText}`,
  );
}

export function functionNotFound(arn: string): InvokeError {
  return userError(404, "ResourceNotFoundException", { Message: `Function not found: ${arn}` });
}

/** AWS's own answer to a path it does not know is XML of another service; nobody depends on it. */
export const unknownOperation: InvokeError = userError(404, "UnknownOperationException", {
  Message: "The Invoke API has POST on invocations, response-streaming-invocations and invoke-async only",
});

export function requestTooLarge(limit: number): InvokeError {
  const message = `Request must be smaller than ${limit} bytes for the InvokeFunction operation`;
  return userError(413, "RequestTooLargeException", { message });
}

/** What the fleet did not take. Its payload is the document AWS sends. */
export function fromRefusal(answer: FleetAnswer): InvokeError | undefined {
  if (answer.refused === undefined) return undefined;
  const { refused: type, payload: body } = answer;
  const status = refusalStatuses[type];
  return type === "TooManyRequestsException" ? { status, type, body, retryAfter: 1 } : { status, type, body };
}

const refusalStatuses: Readonly<Record<Refusal, number>> = {
  TooManyRequestsException: 429,
  InvalidParameterValueException: 400,
  ServiceException: 500,
  SnapStartException: 400,
  SnapStartTimeoutException: 408,
  SnapStartNotReadyException: 409,
};

/** Lambda's queue has no end; ours is as long as this machine bears. */
export const queueFull: InvokeError = {
  ...userError(429, "TooManyRequestsException", {
    Reason: "FunctionInvocationRateLimitExceeded",
    message: "Rate Exceeded.",
  }),
  retryAfter: 1,
};

export const serviceError: InvokeError = {
  status: 500,
  type: "ServiceException",
  body: Buffer.from(`{"Type":"Service","Message":"Service error."}`),
};

function userError(status: number, type: string, message: object): InvokeError {
  return { status, type, body: Buffer.from(JSON.stringify({ Type: "User", ...message })) };
}
