import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EnvironmentEvent, type EnvironmentState, transition } from "./state.ts";

const states: EnvironmentState[] = [
  "created",
  "initializing",
  "checkpointing",
  "checkpointed",
  "restoring",
  "idle",
  "invoking",
  "resetting",
  "stopping",
  "stopped",
];
const events: EnvironmentEvent[] = [
  "start",
  "freeze",
  "frozen",
  "restore",
  "invoke",
  "ready",
  "done",
  "fail",
  "reaped",
  "shutdown",
];

/** The table at the head of state.ts, once more. */
const legal: readonly string[] = [
  "created start initializing",
  "created invoke initializing",
  "initializing ready idle",
  "initializing fail resetting",
  "initializing freeze checkpointing",
  "checkpointing frozen checkpointed",
  "checkpointing fail resetting",
  "created restore restoring",
  "restoring ready idle",
  "restoring fail resetting",
  "idle invoke invoking",
  "invoking done idle",
  "invoking fail resetting",
  "resetting reaped created",
  "created shutdown stopping",
  "initializing shutdown stopping",
  "checkpointing shutdown stopping",
  "checkpointed shutdown stopping",
  "restoring shutdown stopping",
  "idle shutdown stopping",
  "invoking shutdown stopping",
  "resetting shutdown stopping",
  "stopping reaped stopped",
];

describe("transition", () => {
  it("allows the rows of the table and nothing else (1)", () => {
    const found: string[] = [];
    for (const state of states) {
      for (const event of events) {
        try {
          found.push(`${state} ${event} ${transition(state, event)}`);
        } catch (error) {
          const { message } = error as Error;
          expect(message).toMatch(
            new RegExp(`^Environment cannot go from ${state} to (${states.join("|")}) `),
          );
        }
      }
    }
    expect(found.sort()).toEqual([...legal].sort());
  });

  it("names both states of a transition that is not listed (1)", () => {
    expect(() => transition("stopped", "invoke")).toThrow(/from stopped to invoking/);
    expect(() => transition("idle", "fail")).toThrow(/from idle to resetting/);
  });

  it("can be shut down from wherever a history has led, and is then stopped (7)", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 40 }), (history) => {
        let state: EnvironmentState = "created";
        let running = 0;
        for (const event of history) {
          try {
            const next = transition(state, event);
            if (next === "invoking") running += 1;
            if (state === "invoking") running -= 1;
            state = next;
          } catch {
            // (1): the state stays.
          }
          // (3): at most one invocation.
          expect(running).toBe(state === "invoking" ? 1 : 0);
        }
        if (state !== "stopping" && state !== "stopped") state = transition(state, "shutdown");
        if (state === "stopping") state = transition(state, "reaped");
        expect(state).toBe("stopped");
      }),
    );
  });
});
