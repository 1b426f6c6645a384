import { describe, expect, it } from "vitest";
import { nodeCodec } from "../../node/codec.ts";
import { bytesOfBody, fieldsOfMaps, parseAnswer, statusOf, withDefaultType } from "./answer-response.ts";
import { bytesOf, textOf } from "./testing/subject.ts";

describe("parseAnswer", () => {
  it("gives what the payload means, and undefined for what means nothing", () => {
    for (const text of ["null", "7", '"é"', '[1,{"a":null}]', ' {"a" : "b"} '])
      expect(parseAnswer(bytesOf(text), nodeCodec)).toEqual(JSON.parse(text));
    for (const text of ["", "{", "undefined", "{} {}"])
      expect(parseAnswer(bytesOf(text), nodeCodec)).toBeUndefined();
  });
});

describe("statusOf", () => {
  it("takes 200 to 599, as a number or as three digits, and nothing else (U9)", () => {
    const numbers = Array.from({ length: 1100 }, (_, status) => status);
    const taken = numbers.filter((status) => status >= 200 && status <= 599);
    expect(numbers.filter((status) => statusOf(status) === status)).toEqual(taken);
    expect(numbers.filter((status) => statusOf(String(status)) === status)).toEqual(taken);
    const odd = [
      200.5,
      Number.NaN,
      "0xC8",
      " 200",
      "2e2",
      "0200",
      "",
      "OK",
      null,
      undefined,
      true,
      [200],
      {},
    ];
    for (const one of odd) expect(statusOf(one)).toBeUndefined();
  });
});

describe("bytesOfBody", () => {
  it("gives no bytes for no body, and undefined for what is none", () => {
    for (const body of [undefined, null, ""])
      for (const flag of [true, false]) expect(bytesOfBody(body, flag, nodeCodec)).toHaveLength(0);
    for (const body of [1, {}, [], true]) expect(bytesOfBody(body, false, nodeCodec)).toBeUndefined();
    expect(bytesOfBody("@@@", true, nodeCodec)).toBeUndefined();
  });

  it("decodes when the flag is true and nothing else", () => {
    expect(textOf(bytesOfBody("YT0x", true, nodeCodec) ?? bytesOf("?"))).toBe("a=1");
    for (const flag of [false, "true", 1, null, undefined])
      expect(textOf(bytesOfBody("YT0x", flag, nodeCodec) ?? bytesOf("?"))).toBe("YT0x");
  });
});

describe("withDefaultType", () => {
  it("adds a type where content may be and none is named", () => {
    expect(withDefaultType(200, [], "a/b")).toEqual([["Content-Type", "a/b"]]);
    expect(withDefaultType(200, [["CONTENT-TYPE", ""]], "a/b")).toEqual([["CONTENT-TYPE", ""]]);
    for (const status of [204, 304]) expect(withDefaultType(status, [], "a/b")).toEqual([]);
  });
});

describe("fieldsOfMaps", () => {
  const single = { "x-a": "1", "X-B": "2" };
  const multi = { "X-A": ["1", "3", "3"], "x-c": [] };

  it("gives the maps in the order asked for, a pair that both have once, the first spelling (4.7)", () => {
    expect(fieldsOfMaps(single, multi, "multi-first", () => true)).toEqual([
      ["X-A", "1"],
      ["X-A", "3"],
      ["X-A", "3"],
      ["X-B", "2"],
    ]);
    expect(fieldsOfMaps(single, multi, "single-first", () => true)).toEqual([
      ["x-a", "1"],
      ["X-B", "2"],
      ["x-a", "3"],
      ["x-a", "3"],
    ]);
  });

  it("gives none of null and undefined, and undefined for what is no map or holds what is not taken", () => {
    const isText = (value: unknown) => typeof value === "string";
    expect(fieldsOfMaps(null, undefined, "multi-first", isText)).toEqual([]);
    for (const odd of ["a", 7, ["a"], { a: ["1"] }, { a: 1 }])
      expect(fieldsOfMaps(odd, undefined, "multi-first", isText)).toBeUndefined();
    for (const odd of ["a", 7, ["a"], { a: "1" }, { a: [1] }])
      expect(fieldsOfMaps(undefined, odd, "multi-first", isText)).toBeUndefined();
  });
});
