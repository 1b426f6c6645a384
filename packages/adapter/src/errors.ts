/**
 * Ways an invocation or an init can fail in the adapter. The code is what Lambda, Step Functions and alarms see
 * as `errorType`. Compared with `docs/errors.md` by a test.
 */
export const failureCodes: {
  readonly "Adapter.InvalidConfiguration": string;
  readonly "Adapter.InvalidEvent": string;
  readonly "Adapter.AppNotReady": string;
  readonly "Adapter.AppUnreachable": string;
  readonly "Adapter.AppClosedConnection": string;
  readonly "Adapter.AppSentInvalidHttp": string;
  readonly "Adapter.AppErrorStatus": string;
  readonly "Adapter.DeadlineExceeded": string;
  readonly "Adapter.ResponseTooLarge": string;
  readonly "Adapter.InternalError": string;
} = {
  "Adapter.InvalidConfiguration": "A variable holds a value with which the adapter must not start",
  "Adapter.InvalidEvent": "The event is not JSON, or is an HTTP event that no request can be made of",
  "Adapter.AppNotReady": "The app did not become ready in the time it was given",
  "Adapter.AppUnreachable": "No connection to the app could be opened",
  "Adapter.AppClosedConnection": "The app closed the connection before its response was complete",
  "Adapter.AppSentInvalidHttp": "What the app sent is not HTTP/1.1",
  "Adapter.AppErrorStatus": "The app answered with a status that counts as a failure of the invocation",
  "Adapter.DeadlineExceeded": "The app had not answered when the invocation's deadline was near",
  "Adapter.ResponseTooLarge": "The answer is larger than Lambda takes",
  "Adapter.InternalError": "A fault of the adapter itself",
};

export type FailureCode = keyof typeof failureCodes;

/** Ends an invocation as a failure. What is thrown as anything else is a fault of ours. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The Runtime API itself does not work: the one thing that ends the process. */
export class RuntimeApiError extends Error {
  override readonly name = "RuntimeApiError";
}

/** A hook of SnapStart failed; `phase` says where that is to be reported. */
export class HookError extends Error {
  override readonly name = "HookError";
  readonly phase: "init" | "restore";
  /** As the managed runtimes call it. */
  readonly errorType: "Runtime.BeforeSnapshotError" | "Runtime.AfterRestoreError";

  constructor(phase: "init" | "restore", message: string, cause: unknown) {
    super(message, { cause });
    this.phase = phase;
    this.errorType = phase === "init" ? "Runtime.BeforeSnapshotError" : "Runtime.AfterRestoreError";
  }
}

/** `ECONNREFUSED` and the like, from a platform's error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** In the words of QuickJS, and of V8 for what it does not die of. */
export function isOutOfMemory(error: unknown): boolean {
  return /^(out of memory|Array buffer allocation failed)$/.test(messageOf(error));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
