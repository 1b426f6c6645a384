import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cognitoClaims, hasScope, httpApiClaims, scopesOf } from "./claims.ts";

const anyClaims = fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<unknown>, { maxKeys: 5 });

describe("httpApiClaims", () => {
  it("writes claims as AWS does", () => {
    const claims = {
      sub: "6418b458",
      exp: 1787996002,
      email_verified: true,
      "cognito:groups": ["admin", "editor"],
      realm_access: { roles: ["a", "b"], b: null },
    };
    expect(httpApiClaims(claims)).toEqual({
      sub: "6418b458",
      exp: "1787996002",
      email_verified: "true",
      "cognito:groups": "[admin editor]",
      realm_access: "map[b:<nil> roles:[a b]]",
    });
  });

  it("keeps every name, makes text of every value, and leaves text alone", () => {
    fc.assert(
      fc.property(anyClaims, (claims) => {
        const written = httpApiClaims(claims);
        expect(Object.keys(written).toSorted()).toEqual(Object.keys(claims).toSorted());
        for (const [name, value] of Object.entries(claims)) {
          expect(typeof written[name]).toBe("string");
          if (typeof value === "string") expect(written[name]).toBe(value);
        }
      }),
    );
  });
});

describe("cognitoClaims", () => {
  it("writes claims as a REST API does", () => {
    const claims = {
      exp: 1772719629,
      auth_time: 1772716029,
      email_verified: true,
      "cognito:groups": ["a", "b"],
    };
    expect(cognitoClaims(claims)).toEqual({
      exp: "Thu Mar 05 14:07:09 UTC 2026",
      auth_time: "1772716029",
      email_verified: "true",
      "cognito:groups": "a,b",
    });
  });

  it("gives text for whatever a token claims", () => {
    fc.assert(
      fc.property(anyClaims, fc.double(), (claims, exp) => {
        for (const value of Object.values(cognitoClaims({ ...claims, exp })))
          expect(typeof value).toBe("string");
      }),
    );
  });
});

describe("scopes", () => {
  it("are parted by spaces in scope, or listed in scp", () => {
    expect(scopesOf({ scope: "read  write" })).toEqual(["read", "write"]);
    expect(scopesOf({ scp: ["read", 7, "write"] })).toEqual(["read", "write"]);
    expect(scopesOf({})).toEqual([]);
  });

  it("are enough when one of those wanted is there", () => {
    const names = fc.constantFrom("a", "b", "c", "d");
    fc.assert(
      fc.property(fc.uniqueArray(names), fc.uniqueArray(names), (has, wanted) => {
        const enough = wanted.length === 0 || wanted.some((one) => has.includes(one));
        expect(hasScope({ scope: has.join(" ") }, wanted)).toBe(enough);
      }),
    );
  });
});
