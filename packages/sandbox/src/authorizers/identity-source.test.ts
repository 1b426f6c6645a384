import type { ClientRequest } from "@anylambda/wire";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SourceContext, readIdentitySource, valueOf } from "./identity-source.ts";

const context: SourceContext = {
  routeKey: "GET /items/{id}",
  httpMethod: "GET",
  path: "/items/7",
  stage: "prod",
  apiId: "abcdefghij",
  accountId: "123456789012",
  domainName: "abcdefghij.execute-api.eu-west-1.amazonaws.com",
  resourcePath: "/items/{id}",
  "identity.sourceIp": "127.0.0.1",
  "identity.userAgent": "",
};

function request(more: Partial<ClientRequest> = {}): ClientRequest {
  return { method: "GET", target: "/", headers: [], body: new Uint8Array(0), sourceIp: "127.0.0.1", ...more };
}

function found(source: string, sent: Partial<ClientRequest>): string | undefined {
  return valueOf(readIdentitySource(source), request(sent), context, { color: "blue" });
}

describe("readIdentitySource", () => {
  it.each(["$request.header.Auth", "method.request.header.Auth", "route.request.header.Auth"])(
    "reads %s",
    (text) => {
      expect(readIdentitySource(text)).toEqual({ kind: "header", name: "Auth" });
    },
  );

  it.each([
    "",
    "Authorization",
    "$request.body.x",
    "$context.nothing",
    "$request.header.",
    "$request.header.a,b",
  ])("refuses %j", (text) => {
    expect(() => readIdentitySource(text)).toThrow("is no identity source");
  });
});

describe("valueOf", () => {
  it("finds a header whatever its spelling, and joins repeated ones", () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
    const value = fc.stringMatching(/^[!-~]{1,8}$/);
    fc.assert(
      fc.property(name, fc.array(value, { minLength: 1, maxLength: 3 }), (header, values) => {
        const headers = values.map((one, at) => [at % 2 === 0 ? header.toUpperCase() : header, one] as const);
        expect(found(`$request.header.${header}`, { headers })).toBe(values.join(","));
      }),
    );
  });

  it("finds what a query says, decoded, the last of repeated ones", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (text) => {
        const target = `/a?token=no&token=${encodeURIComponent(text)}&other=1#token=x`;
        expect(found("method.request.querystring.token", { target })).toBe(text);
      }),
    );
  });

  it("finds stage variables and the context", () => {
    expect(found("$stageVariables.color", {})).toBe("blue");
    expect(found("stageVariables.toString", {})).toBeUndefined();
    expect(found("$context.routeKey", {})).toBe("GET /items/{id}");
    expect(found("context.identity.sourceIp", {})).toBe("127.0.0.1");
  });

  it("takes what is empty for missing", () => {
    expect(found("$request.header.a", { headers: [["a", ""]] })).toBeUndefined();
    expect(found("$request.querystring.a", { target: "/?a=" })).toBeUndefined();
    expect(found("$request.querystring.a", {})).toBeUndefined();
    expect(found("$context.identity.userAgent", {})).toBeUndefined();
  });
});
