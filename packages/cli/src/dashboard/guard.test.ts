import { describe, expect, it } from "vitest";
import { verdictOf } from "./guard.ts";

const guard = { port: 4000, token: "secret" };
const own = { host: "127.0.0.1:4000", "x-anylambda-token": "secret" };
const verdict = (url: string, headers: Record<string, string>) => verdictOf({ url, headers }, guard);

describe("verdictOf", () => {
  it("welcomes a person who comes to the page, from anywhere", () => {
    expect(verdict("/", { host: "127.0.0.1:4000" })).toBe("welcome");
    expect(verdict("/", { host: "localhost:4000", "sec-fetch-site": "cross-site" })).toBe("welcome");
  });
  it("refuses a foreign name that leads here (1)", () => {
    for (const host of ["evil.example:4000", "127.0.0.1", "127.0.0.1:4001", ""])
      expect(verdict("/", { host })).toBe("misdirected");
  });
  it("refuses what another page asks, token or not (2)", () => {
    expect(verdict("/api/invoke", { ...own, origin: "http://evil.example" })).toBe("foreign");
    expect(verdict("/api/invoke", { ...own, origin: "null" })).toBe("foreign");
    expect(verdict("/api/stream", { ...own, "sec-fetch-site": "cross-site" })).toBe("foreign");
    expect(verdict("/api/stream", { ...own, "sec-fetch-site": "same-site" })).toBe("foreign");
    expect(verdict("/api/stream", { ...own, origin: "http://127.0.0.1:4000" })).toBe("welcome");
  });
  it("wants the token for everything but the page (3)", () => {
    expect(verdict("/api/stream", own)).toBe("welcome");
    for (const token of ["", "secre", "secret2"])
      expect(verdict("/api/stream", { ...own, "x-anylambda-token": token })).toBe("unknown");
    expect(verdict("/api/stream", { host: own.host })).toBe("unknown");
  });
});
