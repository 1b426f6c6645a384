import { nodeCodec } from "@anylambda/wire/node";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromPassThrough, toPassThrough } from "./pass-through.ts";

const bytes = (text: string): Uint8Array => nodeCodec.utf8Encode(text);

function answer(body: Uint8Array, status = 200): { text: string; remark: string | undefined } {
  const { payload, remark } = fromPassThrough({ status, reason: "", headers: [], body }, nodeCodec);
  return { text: Buffer.concat(payload).toString("utf8"), remark };
}

describe("toPassThrough", () => {
  it("posts the event's own bytes without the white space around them", () => {
    expect(toPassThrough(bytes(' \r\n\t{"a": 1.50 , "b":"é"}\n '), "/events", "127.0.0.1:8080")).toEqual({
      method: "POST",
      target: "/events",
      headers: [
        ["host", "127.0.0.1:8080"],
        ["content-type", "application/json"],
      ],
      body: bytes('{"a": 1.50 , "b":"é"}'),
    });
  });
});

describe("fromPassThrough", () => {
  it("gives the app's JSON byte for byte, numbers and order of keys untouched (B19)", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(answer(bytes(json))).toEqual({ text: json, remark: undefined });
      }),
    );
    const own = '{"z":1.50,"a": [ 12345678901234567890 ],"é":"\\u00e9"}';
    expect(answer(bytes(own)).text).toBe(own);
  });

  it("gives null for an empty answer, which is nothing to remark on", () => {
    expect(answer(bytes(""))).toEqual({ text: "null", remark: undefined });
  });

  it.each([bytes("<html>"), bytes("{"), bytes("\ufeff{}"), Uint8Array.of(0x22, 0xff, 0x22), bytes("{} x")])(
    "gives null for what is no JSON, and says so",
    (body) => {
      const { text, remark } = answer(body);
      expect(text).toBe("null");
      expect(remark).toContain("not JSON");
    },
  );
});
