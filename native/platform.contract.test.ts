/** The contract of `Platform` on the native host, and its conversions beside Node's. */
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { describePlatform } from "../packages/adapter/testing/platform-contract.ts";
import { nodeCodec } from "../packages/wire/node/codec.ts";
import { missingPuppet, puppetFile } from "./testing/binary.ts";
import { startPuppet } from "./testing/remote-platform.ts";

it.for(missingPuppet === undefined ? [] : [missingPuppet])("%s", (reason, { skip }) => {
  skip(reason);
});

const puppet = startPuppet(puppetFile);

afterAll(() => puppet.stop());

describe.skipIf(missingPuppet !== undefined)("native platform", () => {
  describePlatform("native", puppet.platform);

  describe("native codec", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: "binary", maxLength: 100 }).map((text) => new TextEncoder().encode(text)),
      fc
        .constantFrom("\u0000", "\u007f", "\u000b", "\t\n\f\r", "\uFEFFa", "\u2028")
        .map((text) => Buffer.from(text)),
    );
    const bases = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all).toString("base64")),
      fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all).toString("base64url")),
      fc.string({ unit: fc.constantFrom(..."AQz09+/-_= \r\n\t%\u00e9\u000c"), maxLength: 12 }),
    );
    const plain = (value: unknown): unknown => (value instanceof Uint8Array ? [...value] : (value ?? null));

    it.each(["utf8Decode", "isUtf8", "latin1Decode", "base64Encode", "jsonString"] as const)(
      "%s does as Node's does",
      async (name) => {
        await fc.assert(
          fc.asyncProperty(bytes, async (input) => {
            expect(plain(await puppet.convert(name, input))).toEqual(plain(nodeCodec[name](input)));
          }),
          { numRuns: 300 },
        );
      },
    );

    it("base64Decode does as Node's does", async () => {
      await fc.assert(
        fc.asyncProperty(bases, async (input) => {
          expect(plain(await puppet.convert("base64Decode", input))).toEqual(
            plain(nodeCodec.base64Decode(input)),
          );
        }),
        { numRuns: 1000 },
      );
    });

    it("utf8Encode does as Node's does, lone surrogates too", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 }), async (units) => {
          const input = String.fromCharCode(...units);
          expect(plain(await puppet.convert("utf8Encode", input))).toEqual(
            plain(nodeCodec.utf8Encode(input)),
          );
        }),
        { numRuns: 300 },
      );
    });
  });

  describe("native clocks", () => {
    it("tell the time", async () => {
      const before = Date.now();
      const { wall } = (await puppet.call({ op: "now" })) as { wall: number };
      expect(wall).toBeGreaterThanOrEqual(before);
      expect(wall).toBeLessThanOrEqual(Date.now() + 1);
    });
  });

  describe("a fault", () => {
    it.each([
      [false, "TypeError: a fault of ours"],
      [true, "RangeError: a promise of ours"],
    ])("ends the process with one line that names the source (rejected: %s)", async (rejected, text) => {
      const faulty = startPuppet(puppetFile);
      void faulty.call({ op: "fault", rejected });
      const { code, output } = await faulty.exited;
      expect(code).toBe(70);
      expect(output).toMatch(/^[^\n]*\n$/);
      expect(output).toContain(
        `ERROR The adapter has a fault and ends: ${text} at native/testing/puppet.ts:`,
      );
      await faulty.stop();
    });
  });
});
