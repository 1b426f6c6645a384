import { describe, expect, it } from "vitest";
import { nextInput, readCorpus, tryInput } from "./fuzzer.ts";
import { mutateJson } from "./mutate.ts";
import { randomOf } from "./random.ts";
import { targets } from "./targets.ts";

// The same inputs each time, unless FUZZ_SEED says otherwise: a failure here names its input. `npm run fuzz` is longer.
const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_124);
const iterations = 10_000;

describe.each(targets)("$name", (target) => {
  const corpus = readCorpus(new URL(`corpus/${target.name}/`, import.meta.url));

  it("holds for its corpus", () => {
    expect(corpus.length).toBeGreaterThan(2);
    for (const { bytes } of corpus) tryInput(target, bytes);
  });

  it(`holds for ${iterations} inputs made of it, seed ${seed}`, () => {
    const random = randomOf(seed);
    const inputs = corpus.map(({ bytes }) => bytes);
    for (let i = 0; i < iterations; i++) tryInput(target, nextInput(target, inputs, random));
  });
});

describe("mutateJson", () => {
  it("makes JSON of JSON, of one seed the same", () => {
    const text = '{"a":[1,{"b":null}],"__proto__":"x"}';
    const made = (from: number): (string | undefined)[] => {
      const random = randomOf(from);
      return Array.from({ length: 200 }, () => mutateJson(text, random, ["word"]));
    };
    expect(made(7)).toEqual(made(7));
    expect(made(7)).not.toEqual(made(8));
    for (const one of made(7)) expect(() => JSON.parse(one ?? "") as unknown).not.toThrow();
    expect(new Set(made(7)).size).toBeGreaterThan(100);
  });

  it("makes nothing of what is no JSON", () => {
    expect(mutateJson("{", randomOf(1), [])).toBeUndefined();
  });
});
