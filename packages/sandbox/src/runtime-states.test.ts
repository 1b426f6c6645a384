import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type RuntimeCall,
  type RuntimeState,
  runtimeStateAfter,
  runtimeStateError,
} from "./runtime-states.ts";

/** environment.md 1.8, in the order of `calls`; `-` for 403. */
const spec: Record<RuntimeState, string> = {
  Started: "Ready - - InitError - - RestoreReady - -",
  Ready: "Ready - - - Running - - - -",
  Running: "Ready InvocationResponse InvocationErrorResponse - - - - - -",
  InvocationResponse: "- - - - - RuntimeResponseSentState - - -",
  InvocationErrorResponse: "- - - - - RuntimeResponseSentState - - -",
  RuntimeResponseSentState: "Ready - - - - - - - -",
  InitError: "- - - - - - - - -",
  RestoreReady: "- - - - - - - - Restoring",
  Restoring: "Ready - - RuntimeRestoreErrorState - - - RuntimeRestoreErrorState -",
  RuntimeRestoreErrorState: "- - - - - - - - -",
};
const calls: RuntimeCall[] = [
  "next",
  "response",
  "error",
  "initError",
  "delivered",
  "responseSent",
  "restoreNext",
  "restoreError",
  "restored",
];

describe("runtime states", () => {
  it("are those of the specification", () => {
    for (const [state, row] of Object.entries(spec) as [RuntimeState, string][])
      expect(calls.map((call) => runtimeStateAfter(state, call) ?? "-").join(" "), state).toBe(row);
  });

  it("give the exact 403 body, with AWS's name for the state after an answer", () => {
    expect(runtimeStateError("RuntimeResponseSentState", "response")).toEqual({
      errorMessage:
        "State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. Error: State transition is not allowed",
      errorType: "InvalidStateTransition",
    });
  });

  it("never leave the table, whatever is called in whatever order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...calls), { maxLength: 50 }), (history) => {
        let state: RuntimeState = "Started";
        let deliveries = 0;
        let answers = 0;
        for (const call of history) {
          const next = runtimeStateAfter(state, call);
          if (next === undefined) {
            expect(runtimeStateError(state, call).errorMessage).toContain(`from ${state} to `);
            continue;
          }
          if (next === "Running") deliveries += 1;
          if (next === "RuntimeResponseSentState") answers += 1;
          state = next;
          expect(answers).toBeLessThanOrEqual(deliveries);
        }
      }),
    );
  });
});
