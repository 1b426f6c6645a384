import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endToEnd, isFieldValue, isToken, joinRepeated } from "./fields.ts";
import { fieldName, fieldText } from "./http1/testing/responses.ts";

describe("isToken", () => {
  it("holds for the characters of RFC 9110, 5.6.2 and no others", () => {
    const token = new Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    const chars = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code));
    expect(chars.filter((char) => isToken(char))).toEqual(chars.filter((char) => token.has(char)));
    expect(chars.filter((char) => isToken(`a${char}`))).toEqual(chars.filter((char) => token.has(char)));
    expect(isToken("")).toBe(false);
  });
});

describe("isFieldValue", () => {
  it("holds for anything but control characters, tab excepted", () => {
    const codes = Array.from({ length: 0x250 }, (_, code) => code);
    const refused = codes.filter((code) => !isFieldValue(`a${String.fromCharCode(code)}`));
    expect(refused).toEqual(codes.filter((code) => (code < 0x20 && code !== 9) || code === 0x7f));
    expect(isFieldValue("")).toBe(true);
  });
});

describe("endToEnd", () => {
  it("drops hop-by-hop fields, content-length, and what connection names, in any case", () => {
    const dropped = [
      ["Connection", "X-Foo , x-bar"],
      ["connection", "baz"],
      ["X-FOO", "1"],
      ["x-Bar", "1"],
      ["Baz", "1"],
      ["Keep-Alive", "timeout=5"],
      ["Proxy-Connection", "close"],
      ["TE", "trailers"],
      ["Trailer", "x"],
      ["Transfer-Encoding", "chunked"],
      ["Upgrade", "h2c"],
      ["Expect", "100-continue"],
      ["Content-Length", "7"],
    ] as const;
    const kept = [
      ["x-foo2", "1"],
      ["Date", "today"],
      ["set-cookie", "a"],
      ["set-cookie", "b"],
    ] as const;
    expect(endToEnd([...dropped, ...kept])).toEqual(kept);
    expect(endToEnd([...kept, ...dropped])).toEqual(kept);
  });

  it("keeps host, cookie, authorization and content-type even when connection names them", () => {
    const kept = [
      ["Host", "a"],
      ["Cookie", "b"],
      ["authorization", "c"],
      ["content-type", "d"],
    ] as const;
    expect(endToEnd([["connection", "close, host, Cookie, authorization, content-type"], ...kept])).toEqual(
      kept,
    );
  });

  it("keeps all else, in order", () => {
    const hop =
      /^(connection|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length)$/i;
    const fields = fc.array(fc.tuple(fieldName, fieldText));
    fc.assert(
      fc.property(fields, (fields) => {
        expect(endToEnd(fields)).toEqual(fields.filter(([name]) => !hop.test(name)));
      }),
    );
  });
});

describe("joinRepeated", () => {
  it("joins the values of each name in order and keeps single ones as they are", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fieldName, fieldText)), (fields) => {
        const joined = joinRepeated(fields);
        for (const [name] of fields) {
          const same = fields.filter(([other]) => other.toLowerCase() === name.toLowerCase());
          expect(joined.get(name.toLowerCase())).toBe(same.map(([, value]) => value).join(", "));
        }
        expect(joined.size).toBe(new Set(fields.map(([name]) => name.toLowerCase())).size);
      }),
    );
  });
});
