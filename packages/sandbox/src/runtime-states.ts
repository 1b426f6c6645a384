/**
 * What a runtime may call when: the state machine of the Runtime API (environment.md 1.8), pure.
 * Illegal by default: a call that has no entry is answered with 403 and changes nothing.
 */
import type { ErrorBody } from "@anylambda/wire";

/** AWS's names: they stand in the bodies of the 403 answers. */
export type RuntimeState =
  | "Started"
  | "Ready"
  | "Running"
  | "InvocationResponse"
  | "InvocationErrorResponse"
  | "RuntimeResponseSentState"
  | "InitError"
  | "RestoreReady"
  | "Restoring"
  | "RuntimeRestoreErrorState";

/** What the runtime does (`next` to `restoreError`), and what the environment does to it. */
export type RuntimeCall =
  | "next"
  | "response"
  | "error"
  | "initError"
  | "restoreNext"
  | "restoreError"
  | "delivered"
  | "responseSent"
  | "restored";

type Row = Readonly<Partial<Record<RuntimeCall, RuntimeState>>>;

const table: Readonly<Record<RuntimeState, Row>> = {
  Started: { next: "Ready", initError: "InitError", restoreNext: "RestoreReady" },
  // A second poll before the first was answered is legal: both get the event.
  Ready: { next: "Ready", delivered: "Running" },
  // Polling instead of answering is legal too: the same event is delivered again.
  Running: { next: "Ready", response: "InvocationResponse", error: "InvocationErrorResponse" },
  InvocationResponse: { responseSent: "RuntimeResponseSentState" },
  InvocationErrorResponse: { responseSent: "RuntimeResponseSentState" },
  RuntimeResponseSentState: { next: "Ready" },
  InitError: {},
  RestoreReady: { restored: "Restoring" },
  // Runtimes report a failed hook to whichever path they know.
  Restoring: {
    next: "Ready",
    initError: "RuntimeRestoreErrorState",
    restoreError: "RuntimeRestoreErrorState",
  },
  RuntimeRestoreErrorState: {},
};

/** State name that a refused call would have led to. */
const targets: Readonly<Record<RuntimeCall, RuntimeState>> = {
  next: "Ready",
  response: "InvocationResponse",
  error: "InvocationErrorResponse",
  initError: "InitError",
  restoreNext: "RestoreReady",
  restoreError: "RuntimeRestoreErrorState",
  delivered: "Running",
  responseSent: "RuntimeResponseSentState",
  restored: "Restoring",
};

/** The state after `call`, or `undefined` when the call is not allowed in `state`. */
export function runtimeStateAfter(state: RuntimeState, call: RuntimeCall): RuntimeState | undefined {
  return table[state][call];
}

/** Body of the 403 for a call that {@link runtimeStateAfter} does not allow. */
export function runtimeStateError(state: RuntimeState, call: RuntimeCall): ErrorBody {
  return {
    errorMessage: `State transition from ${state} to ${targets[call]} failed for runtime. Error: State transition is not allowed`,
    errorType: "InvalidStateTransition",
  };
}
