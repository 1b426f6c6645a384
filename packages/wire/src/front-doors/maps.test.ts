import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinedMap, lastOfEach, lowered, multiMap, pairsOfMaps } from "./maps.ts";

const key = fc.oneof(
  fc.constantFrom("a", "A", "b", "__proto__", "toString", "7"),
  fc.string({ maxLength: 3 }),
);
const pairs = fc.array(fc.tuple(key, fc.string({ maxLength: 4 })), { maxLength: 8 });

describe("pairsOfMaps", () => {
  it("reads a name from the single map only when the multi map lacks it (D28)", () => {
    const single = { a: "2", c: "3" };
    expect(pairsOfMaps({ A: ["1", "2"] }, single, true)).toEqual([
      ["A", "1"],
      ["A", "2"],
      ["c", "3"],
    ]);
    expect(pairsOfMaps({ A: ["1"], c: [] }, single, false)).toEqual([
      ["A", "1"],
      ["a", "2"],
      ["c", "3"],
    ]);
  });

  it("takes text where a list belongs and a list where text belongs, numbers and booleans written out", () => {
    expect(pairsOfMaps({ a: "1", b: [2, true, null, {}, []] }, { c: ["x", 3], d: null }, true)).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["b", "true"],
      ["c", "x"],
      ["c", "3"],
    ]);
  });

  it("takes anything that is no map for none", () => {
    for (const odd of [null, undefined, "a", 7, ["a"]]) expect(pairsOfMaps(odd, odd, true)).toEqual([]);
  });
});

describe("multiMap", () => {
  it("holds the values of each name in order, read back by pairsOfMaps", () => {
    fc.assert(
      fc.property(pairs, (pairs) => {
        const map: unknown = JSON.parse(JSON.stringify(multiMap(pairs, false)));
        const back = pairsOfMaps(map, undefined, false);
        const of = (list: readonly (readonly [string, string])[], name: string) =>
          list.filter(([other]) => other === name).map(([, value]) => value);
        expect(back).toHaveLength(pairs.length);
        for (const [name] of pairs) expect(of(back, name)).toEqual(of(pairs, name));
      }),
    );
  });

  it("keeps the first spelling when case does not count", () => {
    const map = multiMap(
      [
        ["X-a", "1"],
        ["x-A", "2"],
      ],
      true,
    );
    expect({ ...map }).toEqual({ "X-a": ["1", "2"] });
  });
});

describe("lastOfEach", () => {
  it("keeps the last value of each name", () => {
    expect(lastOfEach({ a: ["1", "2"], b: [""], c: [] })).toEqual({ a: "2", b: "", c: "" });
  });
});

describe("lowered", () => {
  it("writes names in lower case and leaves values alone", () => {
    expect(lowered([["X-A", "B"]])).toEqual([["x-a", "B"]]);
  });
});

describe("joinedMap", () => {
  it("joins repeated fields, but keeps the last cookie", () => {
    const map = joinedMap([
      ["Vary", "a"],
      ["Set-Cookie", "a=1, 2"],
      ["vary", "b"],
      ["set-cookie", "b"],
    ]);
    expect(map).toEqual({ vary: "a, b", "set-cookie": "b" });
  });
});
