import { describe, expect, it } from "vitest";
import { AsyncInvocations, type AsyncOptions } from "./async-invocations.ts";
import type { DeadLetter, DestinationRecord } from "./destination-record.ts";
import { of, rig, until } from "./testing/harness.ts";

function queueOf(fleet: Awaited<ReturnType<typeof rig>>["fleet"], options: AsyncOptions) {
  const records: DestinationRecord[] = [];
  const queue = new AsyncInvocations(fleet, { record: (record) => records.push(record), ...options });
  return { queue, records };
}
const event = (value: unknown) => ({
  payload: Buffer.from(JSON.stringify(value)),
  requestId: crypto.randomUUID(),
});

describe("an event nobody waits for", () => {
  it("is not tried again when it would be too old (4)", async () => {
    await using r = await rig();
    // The first wait is a minute, the age a second: on a clock that runs a thousand times as fast.
    const { queue, records } = queueOf(r.fleet, { maximumEventAgeSeconds: 1, clockFactor: 0.001 });
    queue.accept(event({ do: "error" }));
    await until(() => records.length === 1);
    expect(records[0]).toMatchObject({
      requestContext: { condition: "EventAgeExceeded", approximateInvokeCount: 1 },
      responseContext: { functionError: "Unhandled" },
    });
  });

  it("waits while the fleet refuses it, and that is no attempt (3)", async () => {
    await using r = await rig({ timeoutMs: 1000 }, { whenBusy: "throttle" });
    const busy = r.fleet.invoke({ payload: Buffer.from(`{"do":"hang"}`) });
    const { queue, records } = queueOf(r.fleet, { clockFactor: 0.01 });
    queue.accept(event({ ok: true }));
    await until(() => records.length === 1);
    expect(records[0]?.requestContext).toMatchObject({ condition: "Success", approximateInvokeCount: 1 });
    await busy.ended;
  });

  it("has no response when it never reached the function", async () => {
    await using r = await rig({}, { whenBusy: "throttle" });
    const busy = r.fleet.invoke({ payload: Buffer.from(`{"do":"hang"}`) });
    const { queue, records } = queueOf(r.fleet, { maximumEventAgeSeconds: 60, clockFactor: 0.001 });
    queue.accept(event({ never: true }));
    await until(() => records.length === 1);
    expect(records[0]?.requestContext).toMatchObject({
      condition: "EventAgeExceeded",
      approximateInvokeCount: 0,
    });
    expect(records[0]).not.toHaveProperty("responseContext");
    expect(records[0]).not.toHaveProperty("responsePayload");
    await Promise.all([r.fleet.shutdown(), busy.ended]);
  });

  it("ends in one record each (1), with as many attempts as are allowed (3)", async () => {
    await using r = await rig({}, { maxConcurrency: 2 });
    const { queue, records } = queueOf(r.fleet, { maximumRetryAttempts: 1, clockFactor: 0.0001 });
    const events = ["error", "count", "exit", "error", "count"].map((step) => event({ do: step, code: 1 }));
    for (const one of events) queue.accept(one);
    await until(() => records.length === events.length);
    const counts = events.map(
      ({ requestId }) =>
        records.find((record) => record.requestContext.requestId === requestId)?.requestContext
          .approximateInvokeCount,
    );
    expect(counts).toEqual([2, 1, 2, 2, 1]);
  });

  it("is not tried where no concurrency is reserved (4)", async () => {
    await using r = await rig({ reservedConcurrency: 0 });
    const letters: DeadLetter[] = [];
    const { queue, records } = queueOf(r.fleet, { deadLetter: (letter) => letters.push(letter) });
    queue.accept(event({ never: true }));
    await until(() => records.length === 1);
    expect(records[0]?.requestContext).toMatchObject({
      condition: "ZeroReservedConcurrency",
      approximateInvokeCount: 0,
    });
    expect(records[0]).not.toHaveProperty("responseContext");
    expect(letters).toMatchObject([{ errorCode: 429 }]);
  });

  it("goes to the destination of its end, a failure to the dead letters too", async () => {
    await using r = await rig();
    const told: string[] = [];
    const { queue } = queueOf(r.fleet, {
      clockFactor: 0.0001,
      maximumRetryAttempts: 0,
      onSuccess: (record) => told.push(`success ${JSON.stringify(record.requestPayload)}`),
      onFailure: (record) => told.push(`failure ${JSON.stringify(record.requestPayload)}`),
      deadLetter: ({ errorCode, errorMessage, body }) =>
        told.push(`dead ${errorCode} ${errorMessage} ${Buffer.from(body).toString()}`),
    });
    queue.accept(event({ n: 1 }));
    queue.accept(event({ do: "error" }));
    await until(() => told.length === 3);
    expect(told.toSorted()).toEqual([
      `dead 200 no {"do":"error"}`,
      `failure {"do":"error"}`,
      `success {"n":1}`,
    ]);
  });

  it("is not accepted when the queue is full (5)", async () => {
    const r = await rig();
    await r[Symbol.asyncDispose]();
    const { queue } = queueOf(r.fleet, {});
    const one = event({});
    for (let i = 0; i < 100_000; i += 1) expect(queue.accept(one)).toBe(true);
    expect(queue.accept(one)).toBe(false);
    queue.close();
  });

  it("is dropped when the queue is closed (1)", async () => {
    await using r = await rig();
    const { queue, records } = queueOf(r.fleet, {});
    queue.accept(event({ do: "error" }));
    await until(() => of(r.events, "report").length === 1);
    queue.close();
    await r.fleet.shutdown();
    expect(records).toEqual([]);
  });
});
