import { describe, expect, it } from "vitest";
import { headerOf, headersOf } from "./message.ts";

const headers = [
  ["A", "1"],
  ["b", "2"],
  ["a", "3"],
  ["ab", ""],
] as const;

describe("headerOf", () => {
  it("gives the first value in any case of the name, also an empty one", () => {
    expect([headerOf(headers, "a"), headerOf(headers, "ab")]).toEqual(["1", ""]);
  });

  it("gives undefined when there is none", () => {
    expect([headerOf(headers, "c"), headerOf([], "a")]).toEqual([undefined, undefined]);
  });
});

describe("headersOf", () => {
  it("gives all values in order", () => {
    expect([headersOf(headers, "a"), headersOf(headers, "c")]).toEqual([["1", "3"], []]);
  });
});
