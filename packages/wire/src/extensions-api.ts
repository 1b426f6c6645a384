/** Words of the Lambda Extensions API, version 2020-01-01 (spec/environment.md, section 2). */

export const extensionPaths = {
  register: "/2020-01-01/extension/register",
  next: "/2020-01-01/extension/event/next",
  initError: "/2020-01-01/extension/init/error",
  exitError: "/2020-01-01/extension/exit/error",
} as const;

/** Header names of the Extensions API, in lower case. */
export const extensionHeaders = {
  name: "lambda-extension-name",
  identifier: "lambda-extension-identifier",
  eventIdentifier: "lambda-extension-event-identifier",
  errorType: "lambda-extension-function-error-type",
  acceptFeature: "lambda-extension-accept-feature",
} as const;

/** Events an extension can subscribe to. */
export type ExtensionEventType = "INVOKE" | "SHUTDOWN";

export type ShutdownReason = "spindown" | "timeout" | "failure";

export interface InvokeEvent {
  readonly eventType: "INVOKE";
  /** Unix time, ms. */
  readonly deadlineMs: number;
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  readonly tracing?: { readonly type: "X-Amzn-Trace-Id"; readonly value: string };
}

export interface ShutdownEvent {
  readonly eventType: "SHUTDOWN";
  readonly shutdownReason: ShutdownReason;
  /** Unix time, ms. */
  readonly deadlineMs: number;
}

export type ExtensionEvent = InvokeEvent | ShutdownEvent;
