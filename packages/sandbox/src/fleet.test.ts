import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SandboxEvent } from "./events.ts";
import { type Rig, fixture, of, processesOf, rig, textOf, until } from "./testing/harness.ts";

/** Sends an event that is answered only when the environment is told to: it hangs until the shutdown or timeout. */
const hang = (r: Rig) => r.fleet.invoke({ payload: Buffer.from(`{"do":"hang"}`) });
const send = (r: Rig, event: unknown) => r.fleet.invoke({ payload: Buffer.from(JSON.stringify(event)) });
const starts = (r: Rig) => of(r.events, "start");

/** The environment's number for each request, as START told it. */
function numberOf(events: readonly SandboxEvent[], requestId: string): number | undefined {
  return of(events, "start").find((event) => event.requestId === requestId)?.environmentNumber;
}

describe("a fleet", () => {
  it("starts environments on demand when all are busy (5), up to the limit (4)", async () => {
    await using r = await rig({}, { maxConcurrency: 3 });
    await r.fleet.initialized;
    expect(of(r.events, "initStart").length).toBe(1);
    const all = [hang(r), hang(r), hang(r), hang(r)];
    await until(() => starts(r).length === 3);
    expect(new Set(starts(r).map(({ environmentNumber }) => environmentNumber))).toEqual(new Set([1, 2, 3]));
    expect(new Set(starts(r).map(({ environment }) => environment)).size).toBe(3);
    await r.fleet.shutdown();
    expect(await all[3]?.answer).toMatchObject({ refused: "ServiceException" });
  });

  it("starts none while one is idle (5), and takes the one used last (6)", async () => {
    await using r = await rig({}, { maxConcurrency: 3 });
    const gate = send(r, { do: "count" });
    const other = send(r, { do: "count" });
    await Promise.all([gate.ended, other.ended]);
    await until(() => of(r.events, "initReport").length === 2);
    const { ended, requestId } = send(r, { do: "count" });
    await ended;
    const first = numberOf(r.events, requestId);
    for (let i = 0; i < 5; i += 1) {
      const next = send(r, { do: "count" });
      await next.ended;
      expect(numberOf(r.events, next.requestId)).toBe(first);
    }
    expect(of(r.events, "initStart").length).toBe(2);
  });

  it("starts none for a client that sends its next request as soon as it is answered (5)", async () => {
    for (const whenBusy of ["wait", "throttle"] as const) {
      await using r = await rig({}, { maxConcurrency: 1, whenBusy });
      await r.fleet.initialized;
      for (let i = 0; i < 50; i += 1) expect((await send(r, {}).answer).refused).toBeUndefined();
    }
    // Patience ends after 50 ms, and a machine that is busy with others can be late: once more then.
    for (let longest = Infinity; longest >= 50;) {
      await using r = await rig({}, { maxConcurrency: 3 });
      await r.fleet.initialized;
      longest = 0;
      for (let i = 0; i < 50; i += 1) {
        const sent = performance.now();
        await send(r, {}).answer;
        longest = Math.max(longest, performance.now() - sent);
      }
      if (longest < 50) expect(of(r.events, "initStart").length).toBe(1);
    }
  });

  it("does not wait for an extension that goes on long after the answer (5)", async () => {
    await using r = await rig({}, { maxConcurrency: 2 });
    await r.fleet.initialized;
    const lingering = send(r, { do: "answer-then-hang" });
    await lingering.answer;
    const next = send(r, { do: "count" });
    await next.answer;
    expect(numberOf(r.events, next.requestId)).toBe(2);
    await r.fleet.shutdown();
  });

  it("takes an environment without processes only when no other is idle (6)", async () => {
    await using r = await rig({}, { maxConcurrency: 2 });
    await r.fleet.initialized;
    const long = hang(r);
    await until(() => starts(r).length === 1);
    await send(r, { do: "count" }).ended;
    // The second environment has lost its processes: last used, but cold.
    await send(r, { do: "exit", code: 1 }).ended;
    const again = send(r, { do: "count" });
    expect(JSON.parse(textOf((await again.answer).payload))).toMatchObject({ count: 1 });
    await r.fleet.shutdown();
    await long.ended;
  });

  it("gives the first in line to whichever environment is free first (1)", async () => {
    await using r = await rig({ command: fixture("runtime.mjs") }, { maxConcurrency: 2 });
    await r.fleet.initialized;
    const all = Array.from({ length: 30 }, (_, i) => send(r, { i }));
    await Promise.all(all.map(({ ended }) => ended));
    const perEnvironment = [1, 2].map((number) =>
      starts(r)
        .filter((event) => event.environmentNumber === number)
        .map(({ requestId }) => all.findIndex((invocation) => invocation.requestId === requestId)),
    );
    expect(starts(r).map(({ requestId }) => requestId)).toEqual(all.map(({ requestId }) => requestId));
    for (const order of perEnvironment) expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it("refuses who comes when all are busy, in Lambda's words, if it throttles", async () => {
    await using r = await rig({}, { maxConcurrency: 2, whenBusy: "throttle" });
    // Two places, also while the second environment is still being started.
    const all = [hang(r), hang(r), hang(r)];
    const refused = await all[2]?.answer;
    expect(refused).toMatchObject({ refused: "TooManyRequestsException" });
    expect(JSON.parse(textOf(refused?.payload ?? Buffer.of()))).toEqual({
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      Type: "User",
      message: "Rate Exceeded.",
    });
    await until(() => starts(r).length === 2);
    await r.fleet.shutdown();
  });

  it("ends an environment that nobody needs (7), and gives its number to the next (4)", async () => {
    await using r = await rig({}, { maxConcurrency: 2, idleMs: 0 });
    await r.fleet.initialized;
    const long = hang(r);
    await until(() => starts(r).length === 1);
    for (const round of [1, 2]) {
      const short = send(r, { do: "count" });
      await short.ended;
      expect(numberOf(r.events, short.requestId)).toBe(2);
      await until(() => of(r.events, "shutdown").length === round);
    }
    expect(of(r.events, "shutdown")).toMatchObject([
      { reason: "spindown", environmentNumber: 2 },
      { reason: "spindown", environmentNumber: 2 },
    ]);
    // The first one was not ended: it is still at its invocation.
    expect(of(r.events, "report").map(({ requestId }) => requestId)).not.toContain(long.requestId);
    await r.fleet.shutdown();
  });

  it("gives each environment its own variables", async () => {
    await using r = await rig(
      { variables: { WHO: "all", SHARED: "yes" } },
      { maxConcurrency: 2, variablesFor: async (number) => (number === 1 ? {} : { WHO: String(number) }) },
    );
    await r.fleet.initialized;
    const long = hang(r);
    await until(() => starts(r).length === 1);
    const second = await r.invoke({ do: "env" });
    expect(JSON.parse(second.text)).toMatchObject({ WHO: "2", SHARED: "yes" });
    await r.fleet.shutdown();
    await long.ended;
  });

  it("answers a caller whose cold start fails, and goes on with the environments there are", async () => {
    await using r = await rig(
      {},
      {
        maxConcurrency: 2,
        variablesFor: async (number) => {
          if (number > 1) throw new Error("no port is left");
          return {};
        },
      },
    );
    const all = [send(r, { i: 1 }), send(r, { i: 2 })];
    const texts = await Promise.all(all.map(async ({ answer }) => textOf((await answer).payload)));
    expect(texts).toEqual([`{"i":1}`, `{"i":2}`]);
  });

  it("leaves no environment after a shutdown in the middle of a cold start (8)", async () => {
    const r = await rig({}, { maxConcurrency: 3 });
    const all = [send(r, {}), send(r, {}), send(r, {})];
    await r.fleet.shutdown();
    for (const { answer } of all) expect(await answer).toMatchObject({ refused: "ServiceException" });
    for (const environment of new Set(r.events.map((event) => event.environment)))
      expect(processesOf(environment)).toEqual([]);
  });
});

describe("any history of invocations of a fleet", () => {
  const steps = ["count", "error", "exit", "answer-then-exit", "pause"] as const;

  const historyOf = (from: readonly (typeof steps)[number][]) =>
    fc.array(fc.constantFrom(...from), { minLength: 1, maxLength: 14 });

  it("never has two in one environment (2), keeps the line (1) and the limit (4), answers all (3), leaves none (8)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(historyOf(steps), historyOf(steps.filter((step) => !step.includes("exit")))),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0, 300_000),
        fc.boolean(),
        async (history, maxConcurrency, idleMs, throttles) => {
          const r = await rig({}, { maxConcurrency, idleMs, whenBusy: throttles ? "throttle" : "wait" });
          const all = [];
          for (const step of history) {
            // A pause lets what came before end; without one everything comes at once.
            if (step === "pause") await Promise.all(all.map(({ ended }) => ended));
            else all.push(send(r, { do: step, code: 1 }));
          }
          const answers = await Promise.all(all.map(({ answer }) => answer));
          const reports = await Promise.all(all.map(({ ended }) => ended));
          await r.fleet.shutdown();
          const served = all.filter((_, i) => answers[i]?.refused === undefined);
          expect(reports.filter((report) => report !== undefined).length).toBe(served.length);
          if (!throttles) expect(served.length).toBe(all.length);
          const order = starts(r).map(({ requestId }) => requestId);
          expect(order.length).toBe(served.length);
          // An environment that has lost its processes tells START when it has booted again: later than it was given
          // the event. Without that, START shows the order in which callers were served.
          if (!history.some((step) => step.includes("exit")))
            expect(order).toEqual(served.map(({ requestId }) => requestId));
          holds(r.events, maxConcurrency);
          await r[Symbol.asyncDispose]();
        },
      ),
      { numRuns: 12 },
    );
  });

  /** Invariants 2 and 4, told by the events alone. */
  function holds(events: readonly SandboxEvent[], maxConcurrency: number): void {
    const running = new Map<string, string>();
    const numbers = new Map<string, number>();
    for (const event of events) {
      const { environment, environmentNumber } = event;
      if (event.type === "initStart") {
        numbers.set(environment, environmentNumber);
        expect(environmentNumber).toBeLessThanOrEqual(maxConcurrency);
      }
      if (event.type === "shutdown" && event.reason === "spindown") numbers.delete(environment);
      expect(new Set(numbers.values()).size).toBe(numbers.size);
      if (event.type === "start") {
        expect(running.get(environment)).toBeUndefined();
        running.set(environment, event.requestId);
        expect(running.size).toBeLessThanOrEqual(maxConcurrency);
      }
      if (event.type === "report") {
        expect(running.get(environment)).toBe(event.requestId);
        running.delete(environment);
      }
    }
  }
});
