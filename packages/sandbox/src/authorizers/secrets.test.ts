import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutSecrets } from "./secrets.ts";

describe("withoutSecrets", () => {
  it("leaves nothing of a token, with its scheme or without", () => {
    const token = fc.stringMatching(/^[\x21-\x7e]{8,40}$/);
    // Of no sign that a token may have.
    const around = fc.string({ unit: fc.constantFrom(" ", "é", "\n"), maxLength: 8 });
    fc.assert(
      fc.property(token, around, around, (secret, before, behind) => {
        const left = withoutSecrets(`${before}${secret}${behind}`, [`Bearer ${secret}`]);
        expect(left).toBe(`${before}•••${behind}`);
      }),
    );
  });

  it("takes what is short out where it is a word", () => {
    expect(withoutSecrets("a bad key: a, abc", ["a"])).toBe("••• bad key: •••, abc");
    expect(withoutSecrets("nothing", [""])).toBe("nothing");
    expect(withoutSecrets("it failed: Bearer abcdefgh.i", ["Bearer abcdefgh.i", "abcdefgh"])).toBe(
      "it failed: •••",
    );
  });
});
