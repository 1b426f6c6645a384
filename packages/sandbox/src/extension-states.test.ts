import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ExtensionCall,
  type ExtensionState,
  extensionStateAfter,
  extensionStateError,
} from "./extension-states.ts";

/** environment.md 2.4: `register next initError exitError delivered`, `-` for 403. */
const spec: Record<ExtensionState, string> = {
  Started: "Registered - - - -",
  Registered: "- Ready InitError ExitError -",
  Ready: "- - - ExitError Running",
  Running: "- Ready - ExitError -",
  InitError: "- - InitError - -",
  ExitError: "- - - ExitError -",
  ShutdownFailed: "- - - - -",
  Exited: "- - - - -",
  LaunchError: "- - - - -",
};
const calls: ExtensionCall[] = ["register", "next", "initError", "exitError", "delivered"];

describe("extension states", () => {
  it("are those of the specification", () => {
    for (const [state, row] of Object.entries(spec) as [ExtensionState, string][])
      expect(calls.map((call) => extensionStateAfter(state, call) ?? "-").join(" "), state).toBe(row);
  });

  it("give the exact 403 body", () => {
    expect(extensionStateError("Ready", "next", "an-id")).toEqual({
      errorMessage:
        "State transition from Ready to Ready failed for extension an-id. Error: State transition is not allowed",
      errorType: "Extension.InvalidExtensionState",
    });
  });

  it("keep an error for ever, once reported", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...calls), { maxLength: 50 }), (history) => {
        let state: ExtensionState = "Started";
        for (const call of history) {
          const next: ExtensionState = extensionStateAfter(state, call) ?? state;
          if (state === "InitError" || state === "ExitError") expect(next).toBe(state);
          state = next;
        }
      }),
    );
  });
});
