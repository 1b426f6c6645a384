/**
 * What an extension may call when: the state machine of the Extensions API (environment.md 2.4), pure.
 * Illegal by default: a call that has no entry is answered with 403 and changes nothing.
 */
import type { ErrorBody } from "@anylambda/wire";

/** AWS's names: they stand in the bodies of the 403 answers. */
export type ExtensionState =
  | "Started"
  | "Registered"
  | "Ready"
  | "Running"
  | "InitError"
  | "ExitError"
  | "ShutdownFailed"
  | "Exited"
  | "LaunchError";

/** What the extension does (`register` to `exitError`), and what happens to it. */
export type ExtensionCall =
  | "register"
  | "next"
  | "initError"
  | "exitError"
  | "delivered"
  | "launchError"
  | "exited"
  | "shutdownFailed";

type Row = Readonly<Partial<Record<ExtensionCall, ExtensionState>>>;

const table: Readonly<Record<ExtensionState, Row>> = {
  Started: { register: "Registered", launchError: "LaunchError" },
  Registered: { next: "Ready", initError: "InitError", exitError: "ExitError" },
  Ready: { delivered: "Running", exitError: "ExitError" },
  Running: { next: "Ready", exitError: "ExitError", exited: "Exited", shutdownFailed: "ShutdownFailed" },
  // Reporting the same error once more is a no-op, not a mistake.
  InitError: { initError: "InitError" },
  ExitError: { exitError: "ExitError" },
  ShutdownFailed: {},
  Exited: {},
  LaunchError: {},
};

/** State name that a refused call would have led to; `exitError` says `Exited`, as AWS does. */
const targets: Readonly<Record<ExtensionCall, ExtensionState>> = {
  register: "Registered",
  next: "Ready",
  initError: "InitError",
  exitError: "Exited",
  delivered: "Running",
  launchError: "LaunchError",
  exited: "Exited",
  shutdownFailed: "ShutdownFailed",
};

/** The state after `call`, or `undefined` when the call is not allowed in `state`. */
export function extensionStateAfter(state: ExtensionState, call: ExtensionCall): ExtensionState | undefined {
  return table[state][call];
}

/** Body of the 403; `extension` is the name for `register`, the identifier for the other calls. */
export function extensionStateError(
  state: ExtensionState,
  call: ExtensionCall,
  extension: string,
): ErrorBody {
  return {
    errorMessage: `State transition from ${state} to ${targets[call]} failed for extension ${extension}. Error: State transition is not allowed`,
    errorType: "Extension.InvalidExtensionState",
  };
}
