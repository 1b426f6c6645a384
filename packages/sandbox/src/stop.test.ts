import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ExtensionProgram, Program } from "./function.ts";
import { directory, extension, fixture, notesOf, rig, until } from "./testing/harness.ts";

/** Timers count whole milliseconds, and those of two clocks may differ by one. */
const slackMs = 5;

interface End {
  /** From the beginning of the shutdown to its end. */
  readonly wholeMs: number;
  /** To the SHUTDOWN event, where one came. */
  readonly toldMs: number | undefined;
  /** `deadlineMs` of the event, from the beginning. */
  readonly budgetMs: number | undefined;
  readonly notes: readonly string[];
}

/** Shuts a function down that has answered once. Budgets are lower bounds: a busy machine is later, never earlier. */
async function endOf(command: Program, extensions: readonly ExtensionProgram[]): Promise<End> {
  const file = join(directory(), "notes");
  const r = await rig({ command, extensions, variables: { NOTES: file } });
  await r.invoke({});
  const shutdownOf = (): string | undefined => notesOf(file).find((line) => line.includes('"SHUTDOWN"'));
  const [began, beganAt] = [performance.now(), Date.now()];
  const down = r[Symbol.asyncDispose]();
  let toldMs: number | undefined;
  if (extensions.some(({ args }) => args.includes("SHUTDOWN"))) {
    await until(() => shutdownOf() !== undefined);
    toldMs = performance.now() - began;
  }
  await down;
  const wholeMs = performance.now() - began;
  const event = shutdownOf()?.replace(/^\S+ /, "");
  const budgetMs =
    event === undefined ? undefined : (JSON.parse(event) as { deadlineMs: number }).deadlineMs - beganAt;
  return { wholeMs, toldMs, budgetMs, notes: notesOf(file) };
}

const stubborn = fixture("stubborn.mjs");

describe("the budgets of a shutdown (environment.md 2.6)", () => {
  it("are nothing for a runtime that nobody registered with: it is killed, and not asked", async () => {
    expect((await endOf(stubborn, [])).notes).toEqual([]);
  });

  it("are 500 ms for a runtime with internal extensions that does not leave", async () => {
    const { wholeMs, notes } = await endOf(fixture("internal-stubborn.mjs"), []);
    expect(notes).toEqual(["runtime SIGTERM"]);
    expect(wholeMs).toBeGreaterThanOrEqual(500 - slackMs);
  });

  it("are 600 ms for the runtime before extensions hear of it, and 2,000 ms from the start for these", async () => {
    const { toldMs, budgetMs = 0, notes } = await endOf(stubborn, [extension("ext", "SHUTDOWN")]);
    expect(notes[0]).toBe("runtime SIGTERM");
    expect(toldMs).toBeGreaterThanOrEqual(600 - slackMs);
    // The runtime's share is part of it: an extension that works to its deadline is not surprised.
    expect(budgetMs).toBeGreaterThanOrEqual(2000 - slackMs);
    expect(budgetMs).toBeLessThan(2000 + 600 - slackMs);
  });

  it("are waited out for an extension that does not leave, and for no other", async () => {
    const hanging = await endOf(fixture("graceful.mjs"), [extension("ext", "SHUTDOWN", "hang-on-shutdown")]);
    expect(hanging.wholeMs).toBeGreaterThanOrEqual(2000 - slackMs);
    // Subscribed to nothing: it is killed at once, and costs nobody anything.
    const silent = await endOf(fixture("graceful.mjs"), [extension("silent", "-", "sigterm")]);
    expect(silent.notes).toEqual(["runtime SIGTERM"]);
    expect(silent.wholeMs).toBeLessThan(hanging.wholeMs);
  });
});
