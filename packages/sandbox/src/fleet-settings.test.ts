import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startFleet } from "./fleet.ts";
import { type Rig, configured, fixture, of, rig, textOf, until } from "./testing/harness.ts";

const send = (r: Rig, event: unknown, tenantId?: string) =>
  r.fleet.invoke({
    payload: Buffer.from(JSON.stringify(event)),
    ...(tenantId !== undefined && { tenantId }),
  });
const starts = (r: Rig) => of(r.events, "start");

describe("reserved concurrency (10)", () => {
  it("of 0 refuses everybody, also while an environment is idle", async () => {
    await using r = await rig({ reservedConcurrency: 0 });
    await r.fleet.initialized;
    expect(await send(r, {}).answer).toMatchObject({ refused: "TooManyRequestsException" });
  });

  it("refuses who comes beyond it, in Lambda's words, though more environments were allowed", async () => {
    await using r = await rig({ reservedConcurrency: 2 }, { maxConcurrency: 5 });
    const all = [send(r, { do: "hang" }), send(r, { do: "hang" }), send(r, {})];
    const refused = await all[2]?.answer;
    expect(JSON.parse(textOf(refused?.payload ?? Buffer.of()))).toEqual({
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      Type: "User",
      message: "Rate Exceeded.",
    });
    await until(() => starts(r).length === 2);
    await r.fleet.shutdown();
  });

  it("waits for a machine that bears fewer environments", async () => {
    await using r = await rig({ reservedConcurrency: 3 }, { maxConcurrency: 1 });
    const answers = await Promise.all([1, 2, 3].map((n) => send(r, { n }).answer));
    expect(answers.map(({ payload }) => textOf(payload))).toEqual([`{"n":1}`, `{"n":2}`, `{"n":3}`]);
  });
});

describe("provisioned concurrency (11)", () => {
  it("initialises its environments before anybody asks, and they know what they are", async () => {
    await using r = await rig({ provisionedConcurrency: 3 });
    expect(await r.fleet.allocated).toEqual({ status: "READY", requested: 3, available: 3 });
    expect(of(r.events, "initReport").map(({ status }) => status)).toEqual(["success", "success", "success"]);
    const { text } = await r.invoke({ do: "env" });
    expect(JSON.parse(text)).toMatchObject({ AWS_LAMBDA_INITIALIZATION_TYPE: "provisioned-concurrency" });
  });

  it("spills over to environments on demand, and is preferred to them (6)", async () => {
    await using r = await rig({ provisionedConcurrency: 1 }, { maxConcurrency: 2 });
    await r.fleet.allocated;
    const long = send(r, { do: "hang" });
    await until(() => starts(r).length === 1);
    const second = await r.invoke({ do: "env" });
    expect(JSON.parse(second.text)).toMatchObject({ AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand" });
    await r.fleet.shutdown();
    await long.ended;
  });

  it("is initialised again at once after a failure", async () => {
    await using r = await rig({ provisionedConcurrency: 1 });
    await r.fleet.allocated;
    await r.invoke({ do: "exit", code: 1 });
    await until(() => of(r.events, "initReport").length === 2);
    expect(of(r.events, "initReport")[1]).toMatchObject({ phase: "init", status: "success" });
    expect(JSON.parse((await r.invoke({ do: "count" })).text)).toMatchObject({ count: 1 });
  });

  it("says when it failed, as Lambda does, and leaves the rest to environments on demand", async () => {
    // Only the second environment cannot start.
    const variablesFor = async (number: number) => (number === 2 ? { FAIL: "1" } : {});
    const command = fixture("fail-if-told.mjs");
    await using r = await rig({ provisionedConcurrency: 2, command }, { maxConcurrency: 3, variablesFor });
    expect(await r.fleet.allocated).toEqual({
      status: "FAILED",
      statusReason: "FUNCTION_ERROR_INIT_FAILURE",
      requested: 2,
      available: 1,
    });
    expect((await r.invoke({ n: 1 })).text).toBe(`{"n":1}`);
  });
});

describe("settings that exclude each other on Lambda", () => {
  it.each([
    { tenantIsolation: true, provisionedConcurrency: 1 },
    { environmentConcurrency: 4, tenantIsolation: true },
    { environmentConcurrency: 4, provisionedConcurrency: 1 },
    { reservedConcurrency: 1, provisionedConcurrency: 2 },
  ])("%j", async (settings) => {
    await expect(startFleet(configured(settings), { report: () => undefined })).rejects.toThrow(RangeError);
  });
});

describe("tenants", () => {
  it("have environments of their own (9), and the function hears whose it is", async () => {
    await using r = await rig({ tenantIsolation: true }, { maxConcurrency: 2 });
    const blue = await send(r, { do: "head" }, "blue").answer;
    expect(JSON.parse(textOf(blue.payload))).toMatchObject({ "lambda-runtime-aws-tenant-id": "blue" });
    expect(JSON.parse(textOf((await send(r, { do: "count" }, "green").answer).payload))).toMatchObject({
      count: 1,
    });
    expect(JSON.parse(textOf((await send(r, { do: "count" }, "blue").answer).payload))).toMatchObject({
      count: 2,
    });
  });

  it("are asked for, and refused where there are none (9)", async () => {
    await using r = await rig({ tenantIsolation: true });
    const refused = await send(r, {}).answer;
    expect(refused.refused).toBe("InvalidParameterValueException");
    expect(textOf(refused.payload)).toContain("Add a valid tenant ID in your request and try again.");
    await using none = await rig();
    expect((await send(none, {}, "blue").answer).refused).toBe("InvalidParameterValueException");
  });

  it("make room for each other where there is no more (7)", async () => {
    await using r = await rig({ tenantIsolation: true }, { maxConcurrency: 1 });
    for (const tenantId of ["blue", "green", "blue"]) {
      const answer = await send(r, { do: "count" }, tenantId).answer;
      expect(JSON.parse(textOf(answer.payload))).toMatchObject({ count: 1 });
    }
    expect(of(r.events, "shutdown").map(({ reason }) => reason)).toEqual(["spindown", "spindown"]);
  });

  it("never share an environment (9), and all are answered in their order (1, 3), in any history", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            tenant: fc.constantFrom("a", "b", "c"),
            step: fc.constantFrom("count", "exit", "pause"),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        fc.integer({ min: 1, max: 3 }),
        async (history, maxConcurrency) => {
          await using r = await rig({ tenantIsolation: true }, { maxConcurrency });
          const all: { tenant: string; sent: ReturnType<typeof send> }[] = [];
          for (const { tenant, step } of history) {
            if (step === "pause") await Promise.all(all.map(({ sent }) => sent.ended));
            else all.push({ tenant, sent: send(r, { do: step, code: 1 }, tenant) });
          }
          await Promise.all(all.map(({ sent }) => sent.ended));
          const tenantOf = new Map(all.map(({ tenant, sent }) => [sent.requestId, tenant]));
          const seen = new Map<string, string>();
          for (const { environment, requestId } of starts(r)) {
            const tenant = tenantOf.get(requestId) ?? "";
            expect(seen.get(environment) ?? tenant).toBe(tenant);
            seen.set(environment, tenant);
          }
          expect(starts(r).length).toBe(all.length);
        },
      ),
      { numRuns: 10 },
    );
  });
});
