import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Expectations, readAnswer, textContext } from "./function-answer.ts";

const rest: Expectations = { simpleResponses: false, strict: true };
const simple: Expectations = { simpleResponses: true, strict: false };

function read(answer: unknown, expectations: Expectations, failed = false): ReturnType<typeof readAnswer> {
  return readAnswer({ payload: Buffer.from(JSON.stringify(answer)), failed }, expectations);
}

const policyDocument = { Statement: [] };

describe("readAnswer", () => {
  it("reads a policy with its principal, context and key", () => {
    const answer = { principalId: "ada", policyDocument, context: { level: 7 }, usageIdentifierKey: "k" };
    expect(read(answer, rest)).toEqual({
      kind: "answer",
      decision: { policy: policyDocument },
      principalId: "ada",
      context: { level: 7 },
      usageIdentifierKey: "k",
    });
  });

  it("takes a simple response where it is enabled, and a policy there as well", () => {
    expect(read({ isAuthorized: true }, simple)).toMatchObject({ decision: { isAuthorized: true } });
    expect(read({ policyDocument }, simple)).toMatchObject({ decision: { policy: policyDocument } });
    expect(read({ isAuthorized: true }, rest)).toEqual({
      kind: "failed",
      why: "it answers isAuthorized, and simple responses are not enabled",
    });
  });

  it.each([
    [{ policyDocument }, "its answer has no principalId"],
    [
      { principalId: "a", policyDocument, context: { a: [] } },
      "its context has a value that is no string, number or boolean",
    ],
    [
      { principalId: "a", policyDocument, context: { a: null } },
      "its context has a value that is no string, number or boolean",
    ],
    [{ principalId: "a" }, "its answer has no policyDocument"],
    [[], "its answer is no object"],
    ["Unauthorized", "its answer is no object"],
  ])("refuses %j of a REST API's function", (answer, why) => {
    expect(read(answer, rest)).toEqual({ kind: "failed", why });
  });

  it("tells the word Unauthorized from other failures", () => {
    expect(read({ errorMessage: "Unauthorized" }, rest, true)).toEqual({ kind: "unauthorized" });
    expect(read({ errorMessage: "unauthorized" }, rest, true)).toMatchObject({ kind: "failed" });
    expect(read(7, rest, true)).toEqual({ kind: "failed", why: "it failed: without a message" });
  });

  it("never throws, and says yes to nothing that is no answer", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (payload, failed, strict, simpleResponses) => {
          const answer = readAnswer({ payload, failed }, { strict, simpleResponses });
          expect(answer.kind).not.toBe("answer");
        },
      ),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, strict) => {
        const answer = read(value, { strict, simpleResponses: true });
        if (answer.kind === "answer")
          expect("policy" in answer.decision || "isAuthorized" in answer.decision).toBe(true);
      }),
    );
  });
});

describe("textContext", () => {
  it("makes text of what a strict answer may hold", () => {
    const values = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    fc.assert(
      fc.property(fc.dictionary(fc.string(), values), (context) => {
        const written = textContext(context);
        for (const [name, value] of Object.entries(context)) expect(written[name]).toBe(String(value));
      }),
    );
  });
});
