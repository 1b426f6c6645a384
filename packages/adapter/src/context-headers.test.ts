import type { HeaderField, InvocationHead } from "@anylambda/wire";
import { headersOf } from "@anylambda/wire";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asciiJson, withContext } from "./context-headers.ts";

const identity = {
  name: "shop",
  version: "$LATEST",
  memory: 512,
  logGroup: "/aws/lambda/shop",
  logStream: "2026/11/24/[$LATEST]abc",
};

const head: InvocationHead = {
  requestId: "my_id",
  deadlineMs: 1795514403000,
  functionArn: "arn:aws:lambda:eu-central-1:123456789012:function:shop",
  traceId: undefined,
  clientContext: undefined,
  cognitoIdentity: undefined,
  tenantId: undefined,
};

/** The only value of a header; fails when there are more. */
function only(fields: readonly HeaderField[], name: string): string | undefined {
  const values = headersOf(fields, name);
  expect(values.length).toBeLessThanOrEqual(1);
  return values[0];
}

function lambdaContext(more: Partial<InvocationHead> = {}): string | undefined {
  return only(withContext([], "{}", { ...head, ...more }, identity), "x-amzn-lambda-context");
}

const env_config =
  '"env_config":{"function_name":"shop","memory":512,"version":"$LATEST",' +
  '"log_stream":"2026/11/24/[$LATEST]abc","log_group":"/aws/lambda/shop"}';

describe("withContext", () => {
  it("writes the Lambda context in LWA's keys and order (spec adapter.md 3.8)", () => {
    expect(lambdaContext()).toBe(
      '{"request_id":"my_id","deadline":1795514403000,' +
        '"invoked_function_arn":"arn:aws:lambda:eu-central-1:123456789012:function:shop",' +
        `"xray_trace_id":null,"client_context":null,"identity":null,"tenant_id":null,${env_config}}`,
    );
  });

  it("fills what the invocation has", () => {
    const written = lambdaContext({
      traceId: "Root=1-5e1b4151;Sampled=1",
      clientContext: '{"client":{"appTitle":"Shop"},"custom":{"n":1},"environment":{}}',
      cognitoIdentity: '{"cognitoIdentityId":"eu:1","cognitoIdentityPoolId":"eu:2"}',
      tenantId: "tenant-abc-123",
    });
    expect(written).toContain(
      '"xray_trace_id":"Root=1-5e1b4151;Sampled=1",' +
        '"client_context":{"client":{"appTitle":"Shop"},"custom":{"n":1},"environment":{}},' +
        '"identity":{"identityId":"eu:1","identityPoolId":"eu:2"},"tenant_id":"tenant-abc-123"',
    );
  });

  it.each(["{", "text", '{"custom":{"n":1}}', "[]", "null", '"x"'])(
    "lives with the client context %s and the identity of the same text (B7)",
    (text) => {
      const written = lambdaContext({ clientContext: text, cognitoIdentity: text }) ?? "";
      const { client_context, identity: who } = JSON.parse(written) as Record<string, unknown>;
      const nobody = { identityId: null, identityPoolId: null };
      let meant: unknown = null;
      try {
        meant = JSON.parse(text);
      } catch {
        // What is no JSON is nothing.
      }
      expect(client_context).toEqual(meant);
      expect([null, nobody]).toContainEqual(who);
    },
  );

  it("gives the request context as the event has it, unknown members and numbers included (B21)", () => {
    const context = '{"accountId": "1", "n": 1.50, "id": 12345678901234567890, "customDomain": {"x": null}}';
    const fields = withContext([], `{"a":1,"requestContext":${context} , "b":2}`, head, identity);
    expect(only(fields, "x-amzn-request-context")).toBe(context);
  });

  it("gives null when the event has no request context", () => {
    for (const event of ["{}", "[1]", "null", '{"Records":[]}'])
      expect(only(withContext([], event, head, identity), "x-amzn-request-context")).toBe("null");
  });

  it("has exactly one of each, whatever the client sends: LWA 11.1 (15, 19) http_context_multi_headers", () => {
    const spoofed: HeaderField[] = [
      ["x-amzn-request-context", "forged"],
      ["X-Amzn-Request-Context", "forged"],
      ["X-AMZN-Lambda-Context", "forged"],
      ["x-amz-tenant-id", "forged"],
      ["Lambda-Runtime-Deadline-Ms", "forged"],
      ["lambda-runtime-aws-request-id", "forged"],
      ["accept", "*/*"],
    ];
    const fields = withContext(spoofed, "{}", { ...head, tenantId: "t" }, identity);
    expect(fields.map(([name]) => name)).toEqual([
      "accept",
      "x-amzn-request-context",
      "x-amzn-lambda-context",
      "x-amz-tenant-id",
      "lambda-runtime-deadline-ms",
      "lambda-runtime-aws-request-id",
    ]);
    expect(fields.some(([, value]) => value === "forged")).toBe(false);
  });

  it("propagates the tenant: LWA 11.1 (31), 11.2 (49)", () => {
    const fields = withContext([], "{}", { ...head, tenantId: "tenant-abc-123" }, identity);
    expect(only(fields, "x-amz-tenant-id")).toBe("tenant-abc-123");
  });

  it("has no tenant header without a tenant, not even the client's: LWA 11.1 (32), 11.2 (50), B23", () => {
    const fields = withContext([["X-Amz-Tenant-Id", "forged"]], "{}", head, identity);
    expect(only(fields, "x-amz-tenant-id")).toBeUndefined();
  });

  it("sets the trace header to the invocation's, and keeps the front door's when there is none (B24)", () => {
    const sent: HeaderField[] = [["X-Amzn-Trace-Id", "Root=edge"]];
    const traced = withContext(sent, "{}", { ...head, traceId: "Root=lambda" }, identity);
    expect(only(traced, "x-amzn-trace-id")).toBe("Root=lambda");
    expect(only(withContext(sent, "{}", head, identity), "x-amzn-trace-id")).toBe("Root=edge");
  });

  it("leaves the deadline header out when there is no deadline", () => {
    const fields = withContext([], "{}", { ...head, deadlineMs: Number.NaN }, identity);
    expect(only(fields, "lambda-runtime-deadline-ms")).toBeUndefined();
    expect(only(fields, "x-amzn-lambda-context")).toContain('"deadline":0,');
  });
});

describe("asciiJson", () => {
  const printable = /^[\x20-\x7e]*$/;

  it("gives any JSON as printable ASCII that means the same (B39)", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: "binary" }),
        fc.constantFrom(0, 1, "\t", "  "),
        (value, space) => {
          const written = asciiJson(JSON.stringify(value, null, space));
          expect(written).toMatch(printable);
          expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      '{"n":1.50,"id":12345678901234567890,"name":"Ada"}',
      '{"n":1.50,"id":12345678901234567890,"name":"Ada"}',
    ],
    [
      '{"n":1.50,"id":12345678901234567890,"name":"Añá"}',
      '{"n":1.50,"id":12345678901234567890,"name":"A\\u00f1\\u00e1"}',
    ],
    ['{\n\t"n": 1.50,\r\n  "e": "1 \\n 2"\n}', '{"n": 1.50,"e": "1 \\n 2"}'],
    ['{"d":"\u007f","emoji":"😀"}', '{"d":"\\u007f","emoji":"\\ud83d\\ude00"}'],
    ['{"a":1,"é":2,"a":3}', '{"a":1,"\\u00e9":2,"a":3}'],
  ])("keeps the text of numbers, the order of keys, and what strings hold: %j", (json, written) => {
    expect(asciiJson(json)).toBe(written);
  });
});
