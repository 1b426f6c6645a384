import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeCodec as codec } from "./codec.ts";

/** Bytes that lie somewhere in a larger buffer, as pieces of a socket's do; often text, sometimes with a BOM. */
const bytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(text, "utf8")),
      fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => Buffer.from(`\ufeff${text}`, "utf8")),
    ),
    fc.nat({ max: 9 }),
    fc.nat({ max: 9 }),
    fc.boolean(),
  )
  .map(([inner, before, after, asBuffer]) => {
    const outer = new Uint8Array(before + inner.length + after).fill(0xc3);
    outer.set(inner, before);
    const view = outer.subarray(before, before + inner.length);
    return asBuffer ? Buffer.from(outer.buffer, before, inner.length) : view;
  });

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("latin1");
}

describe("nodeCodec, UTF-8 and Latin-1", () => {
  it("encodes any text, lone surrogates as U+FFFD", () => {
    const any = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(any, (text) => {
        expect(Buffer.from(codec.utf8Encode(text)).equals(new TextEncoder().encode(text))).toBe(true);
      }),
    );
  });

  it("decodes any bytes, malformed ones as U+FFFD, and keeps a BOM", () => {
    fc.assert(
      fc.property(bytes, (bytes) => {
        expect(codec.utf8Decode(bytes)).toBe(Buffer.from(bytes).toString("utf8"));
      }),
    );
    expect(codec.utf8Decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff))).toBe("\ufeffa\ufffd");
  });

  it("keeps no state between two decodings", () => {
    codec.utf8Decode(Uint8Array.of(0xe2, 0x82));
    expect(codec.utf8Decode(Uint8Array.of(0xac))).toBe("\ufffd");
  });

  it("knows UTF-8: what comes back the same", () => {
    const comesBack = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString("utf8")).equals(bytes);
    fc.assert(
      fc.property(bytes, (bytes) => {
        expect(codec.isUtf8(bytes)).toBe(comesBack(bytes));
      }),
    );
  });

  it("decodes Latin-1 one character a byte", () => {
    const plain = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    fc.assert(
      fc.property(bytes, (bytes) => {
        expect(codec.latin1Decode(bytes)).toBe(plain(bytes));
      }),
    );
  });
});

describe("nodeCodec, base64", () => {
  it("encodes as btoa does", () => {
    fc.assert(
      fc.property(bytes, (bytes) => {
        expect(text(codec.base64Encode(bytes))).toBe(btoa(text(bytes) ?? ""));
      }),
    );
  });

  it("decodes both alphabets, padded or not, with white space anywhere", () => {
    const spaces = fc.array(fc.constantFrom("", "", "", "\r\n", " ", "\t"), { minLength: 1 });
    fc.assert(
      fc.property(bytes, fc.boolean(), fc.boolean(), spaces, (bytes, urlSafe, padded, spaces) => {
        let sent = Buffer.from(bytes).toString("base64");
        if (urlSafe) sent = sent.replaceAll("+", "-").replaceAll("/", "_");
        if (!padded) sent = sent.replaceAll("=", "");
        const spaced = Array.from(sent, (char, i) => char + (spaces[i % spaces.length] ?? "")).join("");
        expect(text(codec.base64Decode(spaced))).toBe(text(bytes));
      }),
    );
  });

  it("refuses any foreign character, wherever it stands", () => {
    const foreign = fc.oneof(
      fc.constantFrom(...Array.from("@.,:!\"'(){}%\0\x7f\u00a0\ufeff\u202f\u205f\u2028\u3000é")),
      fc.integer({ min: 0x80, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(bytes, foreign, fc.nat(), (bytes, char, at) => {
        const sent = Buffer.from(bytes).toString("base64");
        const place = at % (sent.length + 1);
        expect(codec.base64Decode(sent.slice(0, place) + char + sent.slice(place))).toBeUndefined();
      }),
    );
  });

  it.each(["YQ=a", "YQ==YQ==", "YQ===", "Y", "YWJjZ", "YQ=\u00a0="])(
    "refuses %j, which no bytes encode to",
    (sent) => {
      expect(codec.base64Decode(sent)).toBeUndefined();
    },
  );

  it("takes the empty text for no bytes", () => {
    expect(codec.base64Decode("")).toHaveLength(0);
    expect(codec.base64Decode(" \n")).toHaveLength(0);
  });

  it("decides in a moment about a long text, whatever is in it", () => {
    const began = performance.now();
    expect(codec.base64Decode("A".repeat(8_000_000))).toHaveLength(6_000_000);
    expect(codec.base64Decode(`${"A".repeat(8_000_000)}@`)).toBeUndefined();
    expect(codec.base64Decode(`${" ".repeat(1_000_000)}@`)).toBeUndefined();
    expect(codec.base64Decode(`A${" \n".repeat(500_000)}=@`)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(3000);
  });
});

describe("nodeCodec.jsonString", () => {
  // eslint-disable-next-line no-control-regex
  const lossy = /[\0-\x08\x0b\x0e-\x1f\x7f]/;

  it("prints UTF-8 without control characters as JSON that parses to the same text, and nothing else", () => {
    fc.assert(
      fc.property(bytes, (bytes) => {
        const plain = Buffer.from(bytes).toString("utf8");
        const isText = Buffer.from(plain).equals(bytes) && !lossy.test(plain);
        const printed = codec.jsonString(bytes);
        const parsed: unknown = printed && JSON.parse(Buffer.from(printed).toString("utf8"));
        expect(parsed).toBe(isText ? plain : undefined);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["tab, LF, FF and CR", "\t\n\f\r", true],
    ["quotes and backslashes", '"\\', true],
    ["a BOM", "\ufeffa", true],
    ["the empty text", "", true],
    ["U+2028", "\u2028", true],
    ["NUL", "a\0", false],
    ["backspace", "\b", false],
    ["vertical tab", "\v", false],
    ["escape", "\x1b[0m", false],
    ["DEL", "\x7f", false],
  ])("judges %s", (_, sent, isText) => {
    expect(codec.jsonString(Buffer.from(sent)) !== undefined).toBe(isText);
  });

  it.each([[[0xff]], [[0xc3]], [[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0x89, 0x50, 0x4e, 0x47]]])(
    "refuses %j, which is no UTF-8",
    (sent) => {
      expect(codec.jsonString(Uint8Array.from(sent))).toBeUndefined();
    },
  );
});
