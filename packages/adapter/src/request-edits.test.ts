import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { moveAuthorization, removeBasePath } from "./request-edits.ts";

describe("removeBasePath", () => {
  it.each([
    ["/prod/api/data", "/prod", "/api/data"], // LWA 11.1 (20) http_base_path_stripping
    ["/other/path", "/prod", "/other/path"], // LWA 11.1 (21) http_base_path_no_match
    ["/prod", "/prod", "/"], // LWA 11.1 (22) http_base_path_root_after_strip
    ["/prod?a=1", "/prod", "/?a=1"],
    ["/prod/?a=1", "/prod", "/?a=1"],
    ["/prod/x?next=/prod/y", "/prod", "/x?next=/prod/y"],
    ["/x?next=/prod/y", "/prod", "/x?next=/prod/y"],
    ["/api/api/order", "/api", "/api/order"],
    ["/a/a/a/b", "/a", "/a/a/b"],
    ["/ordersX/1", "/orders", "/ordersX/1"],
    ["/prod%2Fx", "/prod", "/prod%2Fx"],
    ["/v1/api/x", "/v1/api", "/x"],
    ["//prod/x", "/prod", "//prod/x"],
    ["/prod//x", "/prod", "//x"],
    ["/x", "", "/x"],
  ])("makes %s without %j into %s (B16)", (target, basePath, without) => {
    expect(removeBasePath(target, basePath)).toBe(without);
  });

  it("is undone by putting the base path in front again", () => {
    const segment = fc.stringMatching(/^[a-z%.0-9]{1,6}$/);
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(path, path, (basePath, rest) => {
        expect(removeBasePath(`${basePath}${rest}`, basePath)).toBe(rest);
      }),
    );
  });
});

describe("moveAuthorization", () => {
  it("moves the source to authorization: LWA 11.1 (18) http_authorization_source", () => {
    const sent = [
      ["host", "x"],
      ["Auth-Token", "Bearer token"],
      ["Authorization", "AWS4-HMAC-SHA256 …"],
      ["accept", "*/*"],
    ] as const;
    expect(moveAuthorization(sent, "auth-token")).toEqual({
      found: true,
      headers: [
        ["host", "x"],
        ["accept", "*/*"],
        ["authorization", "Bearer token"],
      ],
    });
  });

  it("takes the first of several", () => {
    const sent = [
      ["auth-token", "one"],
      ["auth-token", "two"],
    ] as const;
    expect(moveAuthorization(sent, "auth-token").headers).toEqual([["authorization", "one"]]);
  });

  it("lets no other authorization through when the source is missing: LWA 11.1 (25), B23", () => {
    const sent = [
      ["authorization", "Bearer forged"],
      ["host", "x"],
    ] as const;
    expect(moveAuthorization(sent, "auth-token")).toEqual({ found: false, headers: [["host", "x"]] });
  });

  it("keeps authorization when that is the source", () => {
    expect(moveAuthorization([["Authorization", "Bearer token"]], "authorization").headers).toEqual([
      ["authorization", "Bearer token"],
    ]);
  });
});
