import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExtensionRegistry } from "./extension-registry.ts";
import {
  type Rig,
  directory,
  extension,
  fixture,
  notesOf,
  of,
  rig,
  textOf,
  until,
} from "./testing/harness.ts";

type More = Parameters<typeof rig>[0];
const managed = (environmentConcurrency: number, more: More = {}, options: Parameters<typeof rig>[1] = {}) =>
  rig({ command: fixture("managed-runtime.mjs"), environmentConcurrency, ...more }, options);
const waiting = { whenBusy: "wait" } as const;
const send = (r: Rig, event: unknown) => r.fleet.invoke({ payload: Buffer.from(JSON.stringify(event)) });
const jsonOf = async (sent: ReturnType<typeof send>): Promise<unknown> =>
  JSON.parse(textOf((await sent.answer).payload));

describe("an environment on Managed Instances", () => {
  it("takes several invocations at once, in one process", async () => {
    await using r = await managed(3);
    const all = [1, 2, 3].map(() => send(r, { do: "meet", count: 3 }));
    const answers = (await Promise.all(all.map(jsonOf))) as { pid: number }[];
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    await Promise.all(all.map(({ ended }) => ended));
    expect(of(r.events, "report").map(({ status }) => status)).toEqual(["success", "success", "success"]);
  });

  it("is told how many, and what it is", async () => {
    await using r = await managed(2);
    expect(await jsonOf(send(r, { do: "env" }))).toMatchObject({
      AWS_LAMBDA_MAX_CONCURRENCY: "2",
      AWS_LAMBDA_INITIALIZATION_TYPE: "lambda-managed-instances",
      AWS_LAMBDA_LOG_FORMAT: "json",
    });
  });

  it("logs JSON", async () => {
    await using r = await managed(2);
    await send(r, {}).ended;
    const told = r.lines().map((line) => JSON.parse(line) as { type: string; record: object });
    expect(told.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["platform.start", "platform.report"]),
    );
    expect(told.map(({ type }) => type)).not.toContain("platform.runtimeDone");
  });

  it("turns away, with 429, whom no environment has room for, and starts another for who comes later", async () => {
    await using r = await managed(2, {}, { maxConcurrency: 2 });
    await r.fleet.initialized;
    const two = [1, 2].map(() => send(r, { do: "nap", ms: 60_000 }));
    const third = await send(r, {}).answer;
    expect(third).toMatchObject({ refused: "TooManyRequestsException" });
    expect(textOf(third.payload)).toContain("Rate Exceeded.");
    await until(() => of(r.events, "initReport").length === 2);
    const fourth = send(r, {});
    expect(await fourth.answer).not.toHaveProperty("refused");
    await fourth.ended;
    expect(of(r.events, "report").map(({ environmentNumber }) => environmentNumber)).toEqual([2]);
    await r.fleet.shutdown();
    await Promise.all(two.map(({ ended }) => ended));
  });

  it("starts no more than it may, however many are turned away", async () => {
    await using r = await managed(1, {}, { maxConcurrency: 2 });
    await r.fleet.initialized;
    const napping = [send(r, { do: "nap", ms: 60_000 })];
    const refused = await Promise.all([1, 2, 3].map(() => send(r, {}).answer));
    await until(() => of(r.events, "initReport").length === 2);
    napping.push(send(r, { do: "nap", ms: 60_000 }));
    refused.push(await send(r, {}).answer);
    for (const answer of refused) expect(answer).toMatchObject({ refused: "TooManyRequestsException" });
    expect(of(r.events, "initStart")).toHaveLength(2);
    await r.fleet.shutdown();
    await Promise.all(napping.map(({ ended }) => ended));
  });

  /** Two environments with room for two each; in the first there is one worker. */
  async function uneven(): Promise<Rig> {
    const variablesFor = async (number: number) => ({ WORKERS: String(number) });
    const r = await managed(2, {}, { maxConcurrency: 2, variablesFor });
    // As many as need both.
    const first = [1, 2, 3].map(() => send(r, {}));
    await until(() => of(r.events, "initReport").length === 2);
    await Promise.all(first.map(({ ended }) => ended));
    return r;
  }

  it("goes to an environment with a worker before one that has only room", async () => {
    await using r = await uneven();
    const before = of(r.events, "start").length;
    const three = [];
    for (let n = 1; n <= 3; n += 1) {
      three.push(send(r, { do: "nap", ms: 60_000 }));
      await until(() => of(r.events, "start").length === before + n);
    }
    expect(await send(r, {}).answer).toMatchObject({ refused: "TooManyRequestsException" });
    await r.fleet.shutdown();
    await Promise.all(three.map(({ ended }) => ended));
  });

  it("sends on whom it has room for but no worker (5)", async () => {
    await using r = await uneven();
    // In time by chance alone: the others have to end within what a worker is given to come back.
    const attempt = async (): Promise<boolean> => {
      const three = [{ do: "nap", ms: 1000 }, {}, {}].map((event) => send(r, event));
      const fourth = send(r, { sent: "on" });
      const given = await fourth.answer;
      await Promise.all([...three, fourth].map(({ ended }) => ended));
      return textOf(given.payload) === `{"sent":"on"}`;
    };
    let isSentOn = false;
    for (let tries = 0; tries < 10 && !isSentOn; tries += 1) isSentOn = await attempt();
    expect(isSentOn).toBe(true);
  });

  it("turns away whom it has room for but no worker, without START and REPORT (5)", async () => {
    await using r = await managed(2, { variables: { WORKERS: "1" } });
    await r.fleet.initialized;
    const first = send(r, { do: "nap", ms: 1000 });
    await until(() => of(r.events, "start").length === 1);
    expect(await send(r, {}).answer).toMatchObject({ refused: "TooManyRequestsException" });
    await first.ended;
    expect(of(r.events, "start").length).toBe(1);
    expect(of(r.events, "report").length).toBe(1);
    // The worker that has just answered is given the time to come back.
    for (let n = 0; n < 20; n += 1) expect(await jsonOf(send(r, { n }))).toEqual({ n });
  });

  it("gives what is too much to another environment, or lets it wait when told to", async () => {
    await using two = await managed(2, {}, { maxConcurrency: 2 });
    const all = [1, 2, 3, 4].map(() => send(two, { do: "hang" }));
    await until(() => of(two.events, "start").length === 4);
    const starts = of(two.events, "start").map(({ environmentNumber }) => environmentNumber);
    expect(starts.toSorted((a, b) => a - b)).toEqual([1, 1, 2, 2]);
    await two.fleet.shutdown();
    await Promise.all(all.map(({ ended }) => ended));
    await using one = await managed(2, {}, { maxConcurrency: 1, ...waiting });
    expect(await Promise.all([1, 2, 3, 4, 5].map((n) => jsonOf(send(one, { n }))))).toHaveLength(5);
    expect(of(one.events, "initStart").length).toBe(1);
  });

  it("goes on after a time-out; the late answer is 410 once, then 400 (2)", async () => {
    const file = join(directory(), "notes");
    await using r = await managed(2, { timeoutMs: 1000, variables: { NOTES: file } });
    const late = send(r, { do: "late", ms: 1300 });
    expect(await jsonOf(late)).toMatchObject({ errorType: "Sandbox.Timedout" });
    expect(await jsonOf(send(r, { still: "here" }))).toEqual({ still: "here" });
    await until(() => notesOf(file).length === 2);
    expect(notesOf(file)).toEqual([
      `late 410 {"errorMessage":"Invoke timeout","errorType":"InvokeTimeout"}`,
      "again 400",
    ]);
    expect(of(r.events, "shutdown")).toEqual([]);
    expect(of(r.events, "report").map(({ status }) => status)).toContain("timeout");
  });

  it("takes the first answer of each, and knows no other ids", async () => {
    const file = join(directory(), "notes");
    await using r = await managed(1, { variables: { NOTES: file } });
    expect(await jsonOf(send(r, { do: "twice" }))).toBe("once");
    await until(() => notesOf(file).length === 1);
    expect(notesOf(file)).toEqual([
      `202 400 400 {"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`,
    ]);
  });

  it("goes down with everything in it when a process ends, and is replaced (3, 4)", async () => {
    await using r = await managed(3);
    await r.fleet.initialized;
    const all = [send(r, { do: "hang" }), send(r, { do: "hang" })];
    await until(() => of(r.events, "start").length === 2);
    all.push(send(r, { do: "exit", code: 4 }));
    for (const sent of all)
      expect(await jsonOf(sent)).toMatchObject({
        errorType: "Runtime.ExitError",
        errorMessage: expect.stringMatching(/exit status 4$/),
      });
    expect(of(r.events, "report").length).toBe(3);
    expect(await jsonOf(send(r, { n: 1 }))).toEqual({ n: 1 });
    expect(of(r.events, "shutdown").map(({ reason }) => reason)).toEqual(["failure"]);
  });

  it("ends when its init fails", async () => {
    await using r = await rig({ environmentConcurrency: 2, command: fixture("exits.mjs") });
    expect(await r.fleet.initialized).toMatchObject({ status: "error", errorType: "Runtime.ExitError" });
  });

  it("lets extensions hear of the end only", async () => {
    const file = join(directory(), "notes");
    const r = await managed(2, { extensions: [extension("ears", "SHUTDOWN")], variables: { NOTES: file } });
    await r.fleet.initialized;
    await send(r, {}).ended;
    await r[Symbol.asyncDispose]();
    expect(notesOf(file)).toEqual([
      expect.stringContaining(`ears {"eventType":"SHUTDOWN","shutdownReason":"spindown"`),
    ]);
    const registry = new ExtensionRegistry(() => undefined, "managed");
    registry.expect("ears");
    expect(registry.register("ears", ["INVOKE"])).toMatchObject({
      ok: false,
      error: { errorType: "Extension.InvalidEventType" },
    });
    expect(registry.register("within", ["INVOKE"])).toMatchObject({
      ok: false,
      error: { errorMessage: "No events allowed for internal extensions" },
    });
    expect(registry.register("within", [])).toMatchObject({ ok: true });
  });

  it("answers and reports every invocation once, in any history (4), with never more than it takes (2)", async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant("nap"), ms: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.constant({ do: "error" }) },
      { weight: 1, arbitrary: fc.constant({ do: "exit", code: 1 }) },
      { weight: 2, arbitrary: fc.constant({ do: "pause" }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 2 }),
        async (history, environmentConcurrency, maxConcurrency) => {
          await using r = await managed(environmentConcurrency, {}, { maxConcurrency, ...waiting });
          const all: ReturnType<typeof send>[] = [];
          for (const event of history) {
            if (event.do === "pause") await Promise.all(all.map(({ ended }) => ended));
            else all.push(send(r, event));
          }
          await Promise.all(all.map(({ answer }) => answer));
          await Promise.all(all.map(({ ended }) => ended));
          const running = new Map<string, number>();
          for (const event of r.events) {
            const now = running.get(event.environment) ?? 0;
            if (event.type === "start") running.set(event.environment, now + 1);
            if (event.type === "report") running.set(event.environment, now - 1);
            expect(running.get(event.environment) ?? 0).toBeLessThanOrEqual(environmentConcurrency);
          }
          const reported = of(r.events, "report").map(({ requestId }) => requestId);
          expect(reported.toSorted()).toEqual(all.map(({ requestId }) => requestId).toSorted());
        },
      ),
      { numRuns: 10 },
    );
  });
});
