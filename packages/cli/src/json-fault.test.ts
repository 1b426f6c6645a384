import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON with one character replaced by another, or by none. */
const damaged = fc
  .tuple(
    fc.json({ maxDepth: 4 }),
    fc.nat(),
    fc.constantFrom("", ",", "}", "]", "{", '"', ":", "x", "\n", "-", "\\"),
  )
  .map(([text, at, put]) => {
    const place = at % (text.length + 1);
    return { text: text.slice(0, place) + put + text.slice(place + 1), place };
  });

describe("jsonFault", () => {
  it("finds none in JSON", () => {
    fc.assert(fc.property(fc.json(), (text) => jsonFault(text) === undefined));
    expect(jsonFault(' [1, -2.5e+3, "\\u00e9\\n", true, null, {}, {"a": []}] ')).toBeUndefined();
  });
  it("finds one wherever JSON.parse does, not before what was damaged on one line", () => {
    fc.assert(
      fc.property(damaged, ({ text, place }) => {
        const fault = jsonFault(text);
        expect(fault === undefined).toBe(isJson(text));
        if (fault === undefined || text.includes("\n")) return;
        // Words, numbers and escapes are read as a whole: a fault is seen at their beginning, never before it.
        const begins =
          place - (/(?:\\(?:u[0-9a-fA-F]{0,3})?|[-+.\w]*)$/.exec(text.slice(0, place))?.[0].length ?? 0);
        expect(fault.column - 1).toBeGreaterThanOrEqual(begins);
        expect(fault.column - 1).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2000 },
    );
  });

  const cases: [string, string, number, number, string][] = [
    ["nothing", "", 1, 1, "a value"],
    ["a trailing comma in a list", "[1,\n2,\n]", 3, 1, "a value"],
    ["a trailing comma in an object", '{"a": 1,}', 1, 9, "a name in double quotes"],
    ["a missing comma", '{"a": 1\r\n "b": 2}', 2, 2, '"," or "}"'],
    ["a missing colon", '{"a" 1}', 1, 6, '":"'],
    ["single quotes", "{'a': 1}", 1, 2, 'a name in double quotes or "}"'],
    ["a comment", '{\n// why\n"a": 1}', 2, 1, 'a name in double quotes or "}"'],
    ["an open text", '["abc', 1, 6, "the closing quote of the text"],
    ["an unknown escape", '["a\\x"]', 1, 4, "a known escape such as \\n"],
    ["a line break in a text", '["a\nb"]', 1, 4, "the closing quote of the text"],
    ["an open list", "[1, [2]", 1, 8, '"," or "]"'],
    ["a word", "[undefined]", 1, 2, 'a value or "]"'],
    ["a leading zero", "[01]", 1, 3, '"," or "]"'],
    ["something behind the end", "{} {}", 1, 4, "the end of the file"],
  ];
  it.for(cases)("places %s", ([, text, line, column, expected]) => {
    expect(jsonFault(text)).toEqual({ line, column, expected });
  });
});
