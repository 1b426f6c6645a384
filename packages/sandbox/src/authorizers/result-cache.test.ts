import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ResultCache } from "./result-cache.ts";

it("gives what was kept as long as its time has not come (1), and never more than its limit (2)", () => {
  const limit = 3;
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    ms: fc.integer({ min: 0, max: 50 }),
    wait: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let now = 0;
      const cache = new ResultCache<number>(limit, () => now);
      const kept = new Map<string, { value: number; until: number }>();
      for (const [at, { key, ms, wait }] of steps.entries()) {
        now += wait;
        if (ms > 0) {
          kept.delete(key);
          kept.set(key, { value: at, until: now + ms });
        }
        cache.keep(key, at, ms);
        expect(
          ["a", "b", "c", "d", "e"].filter((name) => cache.get(name) !== undefined).length,
        ).toBeLessThanOrEqual(limit);
        const newest = [...kept.entries()].slice(-limit);
        for (const name of ["a", "b", "c", "d", "e"]) {
          const known = newest.find(([one]) => one === name)?.[1];
          const found = cache.get(name);
          // It may have been dropped for the limit while others beside it had run out, never the other way round.
          if (found !== undefined) expect(kept.get(name)).toMatchObject({ value: found });
          if (found !== undefined) expect(kept.get(name)?.until).toBeGreaterThan(now);
          if (known !== undefined && known.until > now && kept.size <= limit) expect(found).toBe(known.value);
        }
      }
    }),
  );
});
