import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Queue, type QueueLimits } from "./queue.ts";

const limits: QueueLimits = {
  batchSize: 3,
  batchingWindowMs: 0,
  visibilityTimeoutMs: 100,
  maxReceiveCount: 2,
};

function queueOf(more: Partial<QueueLimits> = {}, ...names: string[]): Queue {
  let last = 0;
  const queue = new Queue({ ...limits, ...more }, () => `id-${(last += 1)}`);
  queue.sync(sourceOf(...names), 0);
  return queue;
}

const sourceOf = (...names: string[]) => names.map((name, sentAt) => ({ name, sentAt }));
const namesOf = (messages: readonly { readonly name: string }[]) => messages.map(({ name }) => name);

describe("a queue", () => {
  it("gives each message once, in order, in batches (1, 4)", () => {
    const queue = queueOf({}, "a", "b", "c", "d");
    expect(namesOf(queue.receive(1))).toEqual(["a", "b", "c"]);
    expect(namesOf(queue.receive(1))).toEqual(["d"]);
    expect(queue.receive(1000)).toEqual([]);
  });

  it("counts receptions, and remembers the first (3)", () => {
    const queue = queueOf({}, "a");
    const [first] = queue.receive(5);
    expect(first).toEqual({ id: "id-1", name: "a", sentAt: 0, firstReceivedAt: 5, receiveCount: 1 });
    queue.fail("a");
    expect(queue.receive(104)).toEqual([]);
    expect(queue.receive(105)).toEqual([{ ...first, receiveCount: 2 }]);
  });

  it("has a message dead when it would be received too often, and not before (2)", () => {
    const queue = queueOf({}, "a", "b");
    queue.receive(0);
    for (const name of ["a", "b"]) queue.fail(name);
    expect(queue.takeDead(100)).toEqual([]);
    expect(namesOf(queue.receive(100))).toEqual(["a", "b"]);
    queue.fail("a");
    queue.remove("b");
    expect(queue.takeDead(199)).toEqual([]);
    expect(queue.takeDead(200)).toEqual(["a"]);
    expect(queue.receive(1000)).toEqual([]);
  });

  it("waits for a full batch until the window is over (4)", () => {
    const queue = queueOf({ batchingWindowMs: 50 }, "a");
    expect(queue.receive(49)).toEqual([]);
    queue.sync(sourceOf("a", "b"), 49);
    expect(namesOf(queue.receive(50))).toEqual(["a", "b"]);
    queue.sync(sourceOf("a", "b", "c", "d", "e"), 60);
    expect(namesOf(queue.receive(60))).toEqual(["c", "d", "e"]);
  });

  it("forgets what is gone, but not while it is on its way (5)", () => {
    const queue = queueOf({}, "a", "b");
    queue.receive(0);
    queue.sync([], 1);
    queue.fail("a");
    queue.remove("b");
    queue.sync(sourceOf("a"), 2);
    expect(queue.receive(100)[0]).toMatchObject({ name: "a", receiveCount: 2 });
    queue.fail("a");
    queue.sync([], 3);
    queue.sync(sourceOf("a"), 4);
    expect(queue.receive(100)[0]).toMatchObject({ name: "a", receiveCount: 1, id: "id-3" });
  });

  it("takes a message back as if it had not been received", () => {
    const queue = queueOf({}, "a");
    queue.receive(0);
    queue.putBack("a");
    expect(queue.receive(1)[0]).toMatchObject({ receiveCount: 1 });
  });

  it("keeps (1) to (4) in any history", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("receive" as const) }),
      fc.record({ kind: fc.constantFrom("fail" as const, "remove" as const), which: fc.nat(9) }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(150) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const names = ["a", "b", "c", "d", "e"];
        const queue = queueOf({}, ...names);
        const [inFlight, gone] = [new Map<string, number>(), new Set<string>()];
        const [receptions, visibleAt] = [new Map<string, number>(), new Map<string, number>()];
        let now = 0;
        for (const one of steps) {
          if (one.kind === "wait") now += one.ms;
          else if (one.kind === "receive") {
            for (const name of queue.takeDead(now)) {
              expect(receptions.get(name)).toBe(limits.maxReceiveCount);
              gone.add(name);
            }
            const batch = queue.receive(now);
            expect(batch.length).toBeLessThanOrEqual(limits.batchSize);
            for (const { name, receiveCount } of batch) {
              expect(inFlight.has(name) || gone.has(name)).toBe(false);
              expect(now).toBeGreaterThanOrEqual(visibleAt.get(name) ?? 0);
              receptions.set(name, (receptions.get(name) ?? 0) + 1);
              expect(receiveCount).toBe(receptions.get(name));
              expect(receiveCount).toBeLessThanOrEqual(limits.maxReceiveCount);
              inFlight.set(name, now);
            }
          } else {
            const name = [...inFlight.keys()][one.which];
            if (name === undefined) continue;
            if (one.kind === "remove") gone.add(name);
            else visibleAt.set(name, (inFlight.get(name) ?? 0) + limits.visibilityTimeoutMs);
            queue[one.kind](name);
            inFlight.delete(name);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
