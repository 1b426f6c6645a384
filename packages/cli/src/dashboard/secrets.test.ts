import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { masked } from "@anylambda/dashboard/protocol";
import { maskSecrets, unmaskSecrets } from "./secrets.ts";

const names = [
  "authorization",
  "Cookie",
  "SET-COOKIE",
  "x-api-key",
  "X-Amz-Security-Token",
  "cookies",
  "authorizationToken",
  "identitySource",
];

describe("maskSecrets", () => {
  it("hides the values of headers that carry secrets, in any case, also in lists", () => {
    const event = {
      headers: { Authorization: 'Bearer "x\\', host: "h", cookie: "a=1" },
      multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"], accept: ["*/*"] },
      cookies: ["a=1", "b=2"],
    };
    expect(JSON.parse(maskSecrets(JSON.stringify(event, null, 1)))).toEqual({
      headers: { Authorization: masked, host: "h", cookie: masked },
      multiValueHeaders: { "Set-Cookie": [masked, masked], accept: ["*/*"] },
      cookies: [masked, masked],
    });
  });

  it("leaves no part of a secret, wherever the text ends, and nothing else changed", () => {
    const secret = fc.string({ minLength: 1 }).map((text) => `SECRET-${text.replaceAll("•", "")}`);
    const fields = fc.dictionary(fc.constantFrom(...names), fc.oneof(secret, fc.array(secret)));
    fc.assert(
      fc.property(fields, fc.json(), fc.nat(), (secrets, other, end) => {
        const text = JSON.stringify({ other: JSON.parse(other), headers: secrets });
        expect(maskSecrets(text.slice(0, end))).not.toMatch(/SECRET/);
        const whole = JSON.parse(maskSecrets(text)) as Record<string, unknown>;
        expect(maskSecrets(text)).not.toMatch(/SECRET/);
        expect(JSON.stringify(whole["other"])).toBe(JSON.stringify(JSON.parse(maskSecrets(other))));
      }),
    );
  });
});

describe("unmaskSecrets", () => {
  it("puts back what was hidden: there and back again is the same", () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names, "host"), value),
        fc.jsonValue(),
        (headers, rest) => {
          const original = JSON.parse(JSON.stringify({ headers, rest })) as unknown;
          const shown = JSON.parse(maskSecrets(JSON.stringify(original))) as unknown;
          expect(unmaskSecrets(shown, original)).toEqual(original);
        },
      ),
    );
  });

  it("keeps what a person has changed", () => {
    const original = { headers: { cookie: "a=1", accept: "x" } };
    const edited = { headers: { cookie: masked, accept: "y", authorization: "mine" } };
    expect(unmaskSecrets(edited, original)).toEqual({
      headers: { cookie: "a=1", accept: "y", authorization: "mine" },
    });
    expect(unmaskSecrets({ headers: { authorization: masked } }, original)).toEqual({
      headers: { authorization: masked },
    });
  });
});
