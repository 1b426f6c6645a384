import { randomBytes, randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { valuesOf } from "./values.ts";

const found = (text: string): string[] =>
  [...valuesOf(text).values()].map(({ text, kind }) => `${kind} ${text}`);

describe("valuesOf", () => {
  it.each([
    [
      "a UUID",
      '{"id":"3b241101-e2bb-4255-8caf-4136c566a962"}',
      ["uuid 3b241101-e2bb-4255-8caf-4136c566a962"],
    ],
    ["hexadecimal", "etag=a3f9c1d2", ["token a3f9c1d2"]],
    ["base64", "session=q8Zx1kP0aB9d/w==", ["token q8Zx1kP0aB9d/w=="]],
    ["a random float", '{"n":0.8444218515250481}', ["number 0.8444218515250481"]],
    ["a large number", "order 83746512", ["number 83746512"]],
    ["a time", "at 2026-11-26T20:00:01.5Z", ["time 2026-11-26T20:00:01.5Z"]],
    ["an HTTP date", "date: Thu, 26 Nov 2026 20:00:01 GMT", ["time Thu, 26 Nov 2026 20:00:01 GMT"]],
    ["an epoch", "exp=1795723200 ms=1795723200123", ["time 1795723200", "time 1795723200123"]],
  ])("finds %s", (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    "content-type: application/json; charset=utf-8",
    "the quick brown fox jumps over it",
    "pid 41233 port 38211 took 12.25 ms and 1023 bytes",
    "HTTP/1.1 200 OK",
    "/var/task/node_modules/express/lib/router.js:42:11",
    "getElementById snake_case_name SCREAMING_NAME kebab-case-name",
  ])("finds nothing in %s", (text) => {
    expect(found(text)).toEqual([]);
  });

  it("finds any random id between any words", () => {
    const id = fc.oneof(
      fc.constant(0).map(() => randomUUID()),
      fc.constant(0).map(() => randomBytes(16).toString("hex")),
    );
    const word = fc.stringMatching(/^[a-z]{0,8}$/);
    fc.assert(
      fc.property(word, id, word, (before, value, after) => {
        expect(valuesOf(`${before} "${value}", ${after}`).has(value)).toBe(true);
      }),
    );
  });
});
