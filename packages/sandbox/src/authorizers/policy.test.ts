import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, matchesPattern } from "./policy.ts";

const arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/prod/GET/items/7";

function statement(Effect: string, Resource: unknown, more: object = {}): object {
  return { Effect, Action: "execute-api:Invoke", Resource, ...more };
}

describe("matchesPattern", () => {
  it("means what a regular expression means", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "*", "?"), maxLength: 12 });
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 16 });
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        const escaped = pattern.replaceAll(/[.]/g, "\\.").replaceAll("*", ".*").replaceAll("?", ".");
        expect(matchesPattern(pattern, text)).toBe(new RegExp(`^${escaped}$`, "s").test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes no longer for many stars", () => {
    expect(matchesPattern(`${"*a".repeat(2000)}b`, "a".repeat(20_000))).toBe(false);
  });
});

describe("decide", () => {
  it.each([
    ["allow", [statement("Allow", arn)]],
    ["allow", [statement("Allow", "arn:aws:execute-api:*:*:*/prod/GET/items/*")]],
    ["allow", [statement("Allow", ["nothing", "*"])]],
    ["allow", [statement("Allow", arn, { Action: ["s3:Get", "execute-api:*"] })]],
    ["allow", [{ Effect: "Allow", NotAction: "s3:*", NotResource: "*/DELETE/*" }]],
    ["implicitDeny", []],
    ["implicitDeny", [statement("Allow", arn.replace("GET", "POST"))]],
    ["implicitDeny", [statement("Allow", arn, { Action: "lambda:InvokeFunction" })]],
    [
      "implicitDeny",
      [statement("Allow", "*", { Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } })],
    ],
    ["explicitDeny", [statement("Allow", "*"), statement("Deny", arn)]],
    ["explicitDeny", [statement("Deny", "*", { Condition: {} }), statement("Allow", "*")]],
    ["implicitDeny", [statement("Deny", "*", { NotAction: undefined, Action: "s3:*" })]],
  ])("is %s for %j", (decision, Statement) => {
    expect(decide({ Version: "2012-10-17", Statement }, arn)).toBe(decision);
  });

  it("takes one statement without a list", () => {
    expect(decide({ Statement: statement("Allow", "*") }, arn)).toBe("allow");
  });

  it.each([
    null,
    "Allow",
    {},
    { Statement: "x" },
    { Statement: [statement("Perhaps", "*")] },
    { Statement: [{ Effect: "Allow", Action: "*" }] },
    { Statement: [statement("Allow", [1])] },
  ])("is no decision for %j", (policy) => {
    expect(decide(policy, arn)).toBeUndefined();
  });

  it("never lets anybody in whom a statement denies, in whatever order", () => {
    const one = fc.record({
      Effect: fc.constantFrom("Allow", "Deny"),
      Resource: fc.constantFrom(arn, "*", "no"),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), (given) => {
        const statements = given.map(({ Effect, Resource }) => statement(Effect, Resource));
        const about = new Set(given.filter(({ Resource }) => Resource !== "no").map(({ Effect }) => Effect));
        const expected = about.has("Deny") ? "explicitDeny" : about.has("Allow") ? "allow" : "implicitDeny";
        expect(decide({ Statement: statements }, arn)).toBe(expected);
      }),
    );
  });
});
