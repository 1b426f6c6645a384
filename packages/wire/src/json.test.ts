import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject, objectAt, stringAt, textOf } from "./json.ts";
import { sliceMember } from "./slice-member.ts";
import type { JsonObject } from "./json.ts";

/** Prints JSON with white space from an endless supply, and strings now and then with all characters escaped. */
function printer(spaces: readonly string[], escapes: readonly boolean[]) {
  let count = 0;
  const space = () => spaces[count++ % spaces.length] ?? "";
  function string(text: string): string {
    if (escapes[count++ % escapes.length] !== true) return JSON.stringify(text);
    let escaped = "";
    for (let i = 0; i < text.length; i++) escaped += `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`;
    return `"${escaped}"`;
  }
  function value(json: unknown): string {
    if (typeof json === "string") return string(json);
    if (Array.isArray(json))
      return `[${space()}${json.map((one) => value(one) + space()).join(`,${space()}`)}]`;
    if (isObject(json)) return object(Object.entries(json).map(([key, one]) => [key, value(one)]));
    return JSON.stringify(json);
  }
  function object(members: readonly (readonly [string, string])[]): string {
    const printed = members.map(
      ([key, text]) => `${space()}${string(key)}${space()}:${space()}${text}${space()}`,
    );
    return `{${space()}${printed.join(",")}}`;
  }
  return { space, value, object };
}

const key = fc.oneof(
  fc.constantFrom("a", "b", "body", "__proto__", "", 'q"', "\\", "\\\\", "a\\b", "é", "{", "}", "\ud800"),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const scalar = fc.oneof(
  fc.constantFrom(
    "1.50",
    "12345678901234567890",
    "-0",
    "1e3",
    "true",
    "null",
    '"}"',
    '"\\""',
    '"\\\\"',
    '"a,\\"}{["',
  ),
  fc.string().map((text) => JSON.stringify(text)),
);
const spaces = fc.array(fc.constantFrom("", "", " ", "\n", "\t \r\n"), { minLength: 1, maxLength: 7 });
const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });

describe("sliceMember", () => {
  it("gives the text of the last member with that name, as JSON.parse would take it", () => {
    const values = fc.oneof(scalar, fc.jsonValue({ maxDepth: 3 }));
    const members = fc.array(fc.tuple(key, values), { maxLength: 6 });
    fc.assert(
      fc.property(members, key, spaces, escapes, (members, other, spaces, escapes) => {
        const { space, value, object } = printer(spaces, escapes);
        const texts = members.map(([name, one]): [string, string] => {
          const isText = typeof one === "string" && one !== "" && isJson(one);
          return [name, isText ? one : value(one)];
        });
        const text = `${space()}${object(texts)}${space()}`;
        const parsed = JSON.parse(text) as JsonObject;
        for (const [name] of texts) {
          const slice = sliceMember(text, name);
          expect(slice).toBe(texts.findLast(([one]) => one === name)?.[1]);
          expect(JSON.parse(slice ?? "")).toEqual(parsed[name]);
        }
        expect(sliceMember(text, other) === undefined).toBe(!Object.hasOwn(parsed, other));
      }),
      { numRuns: 1000 },
    );
  });

  it("gives undefined for what is no object", () => {
    const noObject = fc.jsonValue().filter((value) => !isObject(value));
    fc.assert(
      fc.property(noObject, (value) => {
        expect(sliceMember(JSON.stringify(value), "a")).toBeUndefined();
      }),
    );
  });

  it.each([
    ['{"a":1.50}', "1.50"],
    ['{"a":12345678901234567890 }', "12345678901234567890"],
    ['{ "a" : 1.50\n, "b":2}', "1.50"],
    ['{"b":{"a":1},"a":{ "z":1, "a":2 } }', '{ "z":1, "a":2 }'],
    ['{"b":"\\"a\\":1","a":[{"]":"}"}]}', '[{"]":"}"}]'],
    ['{"a":1,"a":2}', "2"],
    ['{"\\u0061":"x"}', '"x"'],
    ['{"b":"\\\\","a":true}', "true"],
  ])("takes a from %s", (text, member) => {
    expect(sliceMember(text, "a")).toBe(member);
  });

  it("does not take an escaped name for the name that its source spells", () => {
    expect(sliceMember('{"a\\\\b":1}', "a\\\\b")).toBeUndefined();
    expect(sliceMember('{"a\\\\b":1}', "a\\b")).toBe("1");
  });

  it("crosses a body of megabytes, whatever is in it", () => {
    const body = '\\"}{[]'.repeat(500_000);
    const began = performance.now();
    expect(sliceMember(JSON.stringify({ body, after: [body], last: 1 }), "last")).toBe("1");
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("readers of odd members", () => {
  it("give undefined for all that is not what they ask for", () => {
    const odd = { n: null, a: [], s: "x", o: {}, i: 1, b: false };
    expect(Object.keys(odd).filter((key) => objectAt(odd, key) !== undefined)).toEqual(["o"]);
    expect(Object.keys(odd).filter((key) => stringAt(odd, key) !== undefined)).toEqual(["s"]);
    expect(Object.values(odd).map(textOf)).toEqual([undefined, undefined, "x", undefined, "1", "false"]);
    expect([objectAt(odd, "absent"), stringAt(odd, "absent")]).toEqual([undefined, undefined]);
  });
});
