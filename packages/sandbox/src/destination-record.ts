/** What is told of an event that nobody waited for, key by key as recorded on AWS (environment.md 5.4). Pure. */
import type { FunctionConfiguration } from "./function.ts";
import { functionArnOf } from "./identifiers.ts";
import type { FleetAnswer } from "./waiting.ts";

/** The body of a message to a destination. */
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

export type Condition = "Success" | "RetriesExhausted" | "EventAgeExceeded" | "ZeroReservedConcurrency";

/** A message to a dead-letter queue: the event as it was, and three attributes. */
export interface DeadLetter {
  readonly body: Uint8Array;
  readonly requestId: string;
  /** 200 when the function failed, 429 when it was never reached. */
  readonly errorCode: number;
  /** At most 1,024 bytes. */
  readonly errorMessage: string;
}

/** An event at its end. */
export interface Outcome {
  readonly condition: Condition;
  readonly requestId: string;
  readonly payload: Uint8Array;
  readonly attempts: number;
  /** The last one that came from the function. */
  readonly answer: FleetAnswer | undefined;
}

export function recordOf(configuration: FunctionConfiguration, outcome: Outcome): DestinationRecord {
  const { condition, requestId, payload, attempts, answer } = outcome;
  const functionArn = `${functionArnOf(configuration)}:${configuration.version}`;
  return {
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
  };
}

export function deadLetterOf({ requestId, payload, answer }: Outcome): DeadLetter {
  const document = answer === undefined ? undefined : valueOf(answer.payload);
  const told =
    typeof document === "object" && document !== null && "errorMessage" in document
      ? String(document.errorMessage)
      : "";
  return {
    body: payload,
    requestId,
    errorCode: answer === undefined ? 429 : 200,
    errorMessage: answer === undefined ? "Rate Exceeded." : cut(told),
  };
}

/** The first 1,024 bytes, and no half of a character. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= 1024
    ? text
    : bytes
        .subarray(0, 1024)
        .toString()
        .replace(/\uFFFD$/, "");
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
