import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AsyncInvocations } from "./async-invocations.ts";
import { Chaos } from "./chaos.ts";
import { tortured } from "./chaos-acts.ts";
import type { DestinationRecord } from "./destination-record.ts";
import type { StreamedAnswer } from "./invocation.ts";
import { fixture, of, rig, until } from "./testing/harness.ts";

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const quiet = (): void => undefined;

describe("chaos", () => {
  it("decides the same for the same seed, whatever comes between (1)", () => {
    const kinds = fc.array(fc.constantFrom("invocation", "rest", "event", "stream"), { maxLength: 60 });
    fc.assert(
      fc.property(seed, kinds, (one, order) => {
        const ask = (chaos: Chaos, kinds: readonly (typeof order)[number][]) => {
          const decisions: Record<string, unknown[]> = { invocation: [], rest: [], event: [], stream: [] };
          for (const kind of kinds) decisions[kind]?.push(chaos[kind]());
          return decisions;
        };
        expect(ask(new Chaos(one, quiet), order)).toEqual(ask(new Chaos(one, quiet), order.toSorted()));
      }),
    );
  });

  it("does something of each kind, and leaves most alone", () => {
    const chaos = new Chaos(1, quiet);
    const plans = Array.from({ length: 2000 }, () => chaos.invocation());
    const crashes = plans.filter((plan) => plan?.action === "crash").length;
    const freezes = plans.filter((plan) => plan?.action === "freeze").length;
    expect(crashes).toBeGreaterThan(5);
    expect(freezes).toBeGreaterThan(40);
    expect(crashes + freezes).toBeLessThan(300);
  });
});

describe("a tortured stream", () => {
  const streamOf = (bytes: readonly Uint8Array[], read: { count: number }): StreamedAnswer => ({
    requestId: "r",
    failure: () => undefined,
    stream: {
      contentType: undefined,
      chunks: (async function* () {
        for (const chunk of bytes) {
          read.count += 1;
          yield chunk;
        }
      })(),
    },
  });

  it("comes whole, or is cut where it was told, and the function is read to its end", async () => {
    await fc.assert(
      fc.asyncProperty(
        seed,
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40_000 }), { maxLength: 6 }),
        async (one, bytes) => {
          const told: string[] = [];
          const read = { count: 0 };
          const chaos = new Chaos(one, ({ action, amount }) => told.push(`${action} ${amount}`));
          const answer = tortured(chaos, streamOf(bytes, read));
          if (!("stream" in answer)) throw new Error("it was a stream");
          let length = 0;
          let broken = false;
          try {
            for await (const chunk of answer.stream.chunks) length += chunk.length;
          } catch {
            broken = true;
          }
          const whole = bytes.reduce((sum, { length }) => sum + length, 0);
          expect(read.count).toBe(bytes.length);
          if (broken) expect(told).toContain(`cutStream ${length}`);
          else expect(length).toBe(whole);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("a fleet in chaos", () => {
  const descriptors = (): number => readdirSync("/proc/self/fd").length;

  it.runIf(process.platform === "linux")(
    "loses nothing, answers nothing twice, and leaves nothing behind",
    async () => {
      const before = descriptors();
      const command = fixture("managed-runtime.mjs");
      const r = await rig({ command }, { maxConcurrency: 3, chaosSeed: 20_261_126 });
      await r.fleet.initialized;
      const records: DestinationRecord[] = [];
      const queue = new AsyncInvocations(r.fleet, {
        clockFactor: 0.0001,
        record: (record) => records.push(record),
      });
      const answered = new Map<string, number>();
      const events = new Set<string>();
      let sent = 0;
      const wanted = ["crash", "freeze", "delay", "duplicate"] as const;
      const seen = (): Set<string> => new Set(of(r.events, "chaos").map(({ action }) => action));
      // When something finds nothing to be done to is up to the clock: on until all was seen.
      while (wanted.some((action) => !seen().has(action))) {
        const all = Array.from({ length: 10 }, (_, n) =>
          r.fleet.invoke({ payload: Buffer.from(`{"do":"nap","ms":${n * 3}}`) }),
        );
        for (let n = 0; n < 5; n += 1) {
          const requestId = crypto.randomUUID();
          events.add(requestId);
          expect(queue.accept({ requestId, payload: Buffer.from(`{"n":${n}}`) })).toBe(true);
        }
        sent += all.length;
        for (const { answer, requestId } of all) {
          await answer;
          answered.set(requestId, (answered.get(requestId) ?? 0) + 1);
        }
        await Promise.all(all.map(({ ended }) => ended));
      }
      await until(() => records.length === events.size);
      queue.close();
      await r[Symbol.asyncDispose]();
      expect(answered.size).toBe(sent);
      expect(new Set(answered.values())).toEqual(new Set([1]));
      expect(new Set(records.map(({ requestContext }) => requestContext.requestId))).toEqual(events);
      await until(() => descriptors() <= before + 2);
    },
  );
});
