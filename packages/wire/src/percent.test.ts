import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCodec } from "../node/codec.ts";
import {
  decodeForm,
  decodePath,
  decodedPairs,
  encodeDecodedPath,
  encodePairs,
  encodeRawPath,
  encodeRawQuery,
  queryPairs,
} from "./percent.ts";

/** Any text a JSON string can hold, lone surrogates too. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom(...Array.from('/%?#&=+ .~%2F%zz"<>\\^`{|}[]é€😀')),
  ),
  maxLength: 20,
});
const ascii = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 20,
});
const fit = /^[\x21-\x7e]*$/;

function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

function rooted(text: string): string {
  return text.startsWith("/") ? text : `/${text}`;
}

describe("encodeRawPath", () => {
  it("leaves every path alone that can travel", () => {
    const path = ascii.map((text) => rooted(text.replace(/[?#]/g, "")));
    fc.assert(
      fc.property(path, (path) => {
        expect(encodeRawPath(path)).toBe(path);
      }),
    );
  });

  it("makes any text a path without query or fragment, and encodes nothing twice", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const encoded = encodeRawPath(text);
        expect(encoded).toMatch(/^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/);
        expect(encodeRawPath(encoded)).toBe(encoded);
        // What was added means what was there.
        expect(decodePath(encoded, nodeCodec)).toBe(decodePath(rooted(wellFormed(text)), nodeCodec));
      }),
    );
  });

  it.each([
    ["/x%Fy%20z", "/x%Fy%20z"],
    ["/50%/%zz", "/50%/%zz"],
    ["//evil.test/../a/./b", "//evil.test/../a/./b"],
    ["/a?b#c d", "/a%3Fb%23c%20d"],
    ["/é", "/%C3%A9"],
    ["/\ud800", "/%EF%BF%BD"],
    ["", "/"],
    ["a", "/a"],
  ])("writes %j as %s", (path, encoded) => {
    expect(encodeRawPath(path)).toBe(encoded);
  });
});

describe("encodeDecodedPath", () => {
  it("is undone by decodePath, for any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const encoded = encodeDecodedPath(text);
        expect(encoded).toMatch(/^\/[\x21\x24-\x3b\x3d\x40-\x5b\x5d\x5f\x61-\x7a\x7e]*$/);
        expect(decodePath(encoded, nodeCodec)).toBe(rooted(wellFormed(text)));
      }),
    );
  });

  it.each([
    ["/50%/off", "/50%25/off"],
    ["/a%2Fb", "/a%252Fb"],
    ["/who?role=admin", "/who%3Frole=admin"],
    ['/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"],
    [";+@:,'()*!$&=~[]", "/;+@:,'()*!$&=~[]"],
  ])("writes %s as %s", (path, encoded) => {
    expect(encodeDecodedPath(path)).toBe(encoded);
  });
});

describe("encodeRawQuery", () => {
  it("leaves every query alone that can travel, and fits any other", () => {
    const query = ascii.map((text) => text.replaceAll("#", ""));
    fc.assert(
      fc.property(query, (query) => {
        expect(encodeRawQuery(query)).toBe(query);
      }),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(encodeRawQuery(text)).toMatch(/^[\x21\x22\x24-\x7e]*$/);
        expect(decodePath(encodeRawQuery(text), nodeCodec)).toBe(decodePath(wellFormed(text), nodeCodec));
      }),
    );
  });
});

describe("encodePairs and decodedPairs", () => {
  it("give pairs back that were encoded, for any text", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText)), (pairs) => {
        const query = encodePairs(pairs);
        expect(query).toMatch(fit);
        expect(decodedPairs(query, nodeCodec)).toEqual(pairs.map((pair) => pair.map(wellFormed)));
      }),
    );
  });

  it("gives an empty value with and without =, and drops empty pieces", () => {
    expect(queryPairs("&a&b=&&=c&d=e=f&")).toEqual([
      ["a", ""],
      ["b", ""],
      ["", "c"],
      ["d", "e=f"],
    ]);
    expect(queryPairs("")).toEqual([]);
  });

  it("reads as URLSearchParams does where that is defined: well-formed escapes", () => {
    const piece = fc.string({
      unit: fc.constantFrom(...Array.from("ab=&+."), "%20", "%2B", "%C3%A9", "%26"),
      maxLength: 12,
    });
    fc.assert(
      fc.property(piece, (query) => {
        expect(decodedPairs(query, nodeCodec)).toEqual([...new URLSearchParams(query)]);
      }),
    );
  });
});

describe("decodePath and decodeForm", () => {
  it("decode what decodeURIComponent decodes, and never throw", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const decoded = decodePath(text, nodeCodec);
        try {
          expect(decoded).toBe(decodeURIComponent(text));
        } catch (error) {
          if (!(error instanceof URIError)) throw error;
        }
      }),
    );
  });

  it("leave malformed escapes as typed, and + only in a path", () => {
    expect(decodePath("/x%Fy%20z+%", nodeCodec)).toBe("/x%Fy z+%");
    expect(decodeForm("50%+a%2Bb", nodeCodec)).toBe("50% a+b");
  });

  it("replace bytes that are not UTF-8", () => {
    expect(decodePath("/%FF%41", nodeCodec)).toBe("/\ufffdA");
  });
});
