import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromInvocationHead, runtimeHeaders, runtimePaths, toInvocationHead } from "./runtime-api.ts";

const text = fc.string({ minLength: 1 });
const optional = fc.option(text, { nil: undefined });
const head = fc.record({
  requestId: text,
  deadlineMs: fc.oneof(fc.nat({ max: 4_000_000_000_000 }), fc.constant(Number.NaN)),
  functionArn: fc.string(),
  traceId: optional,
  clientContext: optional,
  cognitoIdentity: optional,
  tenantId: optional,
});

describe("toInvocationHead and fromInvocationHead", () => {
  it("go there and back, whatever the case of the names", () => {
    fc.assert(
      fc.property(head, fc.boolean(), (head, upper) => {
        const headers = fromInvocationHead(head);
        const sent = headers.map(([name, value]): [string, string] => [
          upper ? name.toUpperCase() : name,
          value,
        ]);
        expect(toInvocationHead(sent)).toEqual(head);
      }),
    );
  });

  it("write names that the registry has", () => {
    const full = fromInvocationHead({
      requestId: "r",
      deadlineMs: 1,
      functionArn: "f",
      traceId: "t",
      clientContext: "{}",
      cognitoIdentity: "{}",
      tenantId: "x",
    });
    const known = new Set<string>(Object.values(runtimeHeaders));
    expect(full.filter(([name]) => !known.has(name.toLowerCase()))).toEqual([]);
    expect(full).toHaveLength(7);
  });

  it("take an empty header for an absent one", () => {
    const found = toInvocationHead([
      ["lambda-runtime-aws-request-id", "r"],
      ["lambda-runtime-trace-id", ""],
      ["lambda-runtime-deadline-ms", ""],
    ]);
    expect(found).toMatchObject({
      requestId: "r",
      deadlineMs: Number.NaN,
      functionArn: "",
      traceId: undefined,
    });
  });

  it("write no header for an empty member", () => {
    const head = { requestId: "r", deadlineMs: 1, functionArn: "", traceId: "", tenantId: "" };
    const sent = fromInvocationHead({ ...head, clientContext: "", cognitoIdentity: undefined });
    expect(sent).toEqual([
      ["Lambda-Runtime-Aws-Request-Id", "r"],
      ["Lambda-Runtime-Deadline-Ms", "1"],
    ]);
  });

  it("give undefined without a request id", () => {
    expect(toInvocationHead([["lambda-runtime-deadline-ms", "1"]])).toBeUndefined();
    expect(toInvocationHead([["lambda-runtime-aws-request-id", ""]])).toBeUndefined();
  });
});

describe("runtimePaths", () => {
  it("cannot be left by an odd request id", () => {
    expect(runtimePaths.response("a/../b?c")).toBe("/2018-06-01/runtime/invocation/a%2F..%2Fb%3Fc/response");
    expect(runtimePaths.error("x")).toBe("/2018-06-01/runtime/invocation/x/error");
  });
});
