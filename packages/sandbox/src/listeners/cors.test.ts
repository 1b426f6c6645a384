import { describe, expect, it } from "vitest";
import type { ClientRequest, ClientResponse } from "@anylambda/wire";
import { corsOf } from "./cors.ts";
import type { CorsOptions } from "./door-options.ts";

const shop = "https://shop.test";
const full: CorsOptions = {
  allowOrigins: [shop, "http://localhost:5173"],
  allowMethods: ["GET", "PUT"],
  allowHeaders: ["content-type", "x-token"],
  exposeHeaders: ["x-total"],
  allowCredentials: true,
  maxAge: 300,
};

function requestOf(method: string, headers: Record<string, string>): ClientRequest {
  const sourceIp = "198.51.100.4";
  return { method, target: "/", headers: Object.entries(headers), body: new Uint8Array(0), sourceIp };
}

function preflightOf(origin: string, more: Record<string, string> = {}): ClientRequest {
  return requestOf("OPTIONS", { Origin: origin, "Access-Control-Request-Method": "PUT", ...more });
}

const answer: ClientResponse = {
  status: 200,
  headers: [
    ["content-type", "text/plain"],
    ["access-control-allow-origin", "https://own.test"],
  ],
  body: new Uint8Array(0),
};

describe.each(["function-url", "http-api"] as const)("CORS of a %s", (door) => {
  const fields = (options: CorsOptions, origin: string, more: Record<string, string> = {}) =>
    Object.fromEntries(corsOf(options, door).preflight(preflightOf(origin, more))?.headers ?? []);

  it("answers a preflight itself, with all that is configured (7.4, 6.7)", () => {
    const response = corsOf(full, door).preflight(preflightOf(shop));
    expect(response).toMatchObject({ status: door === "http-api" ? 204 : 200, body: new Uint8Array(0) });
    expect(Object.fromEntries(response?.headers ?? [])).toEqual({
      "Access-Control-Allow-Origin": shop,
      Vary: "Origin",
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Allow-Methods": "GET,PUT",
      "Access-Control-Allow-Headers": "content-type,x-token",
      "Access-Control-Max-Age": "300",
    });
  });

  it("tells an origin that is not allowed nothing", () => {
    for (const origin of ["https://evil.test", `${shop}.evil.test`, "http://shop.test", "null"])
      expect(fields(full, origin)).toEqual({});
    expect(fields({}, shop)).toEqual({});
  });

  it("takes for a preflight only OPTIONS with an origin and a method", () => {
    const { preflight } = corsOf(full, door);
    expect(preflight(requestOf("OPTIONS", { Origin: shop }))).toBeUndefined();
    expect(preflight(requestOf("OPTIONS", { "Access-Control-Request-Method": "PUT" }))).toBeUndefined();
    expect(
      preflight(requestOf("GET", { Origin: shop, "Access-Control-Request-Method": "PUT" })),
    ).toBeUndefined();
  });

  it("says * to everybody without credentials, and each its own origin with them", () => {
    const any = { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"] };
    const asked = { "Access-Control-Request-Headers": "x-a, x-b" };
    expect(fields(any, shop, asked)).toEqual({
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "*",
      "Access-Control-Allow-Headers": "*",
    });
    expect(fields({ ...any, allowCredentials: true }, shop, asked)).toEqual({
      "Access-Control-Allow-Origin": shop,
      Vary: "Origin",
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Allow-Methods": "PUT",
      "Access-Control-Allow-Headers": "x-a, x-b",
    });
  });

  it("allows all origins of a scheme", () => {
    const options = { allowOrigins: ["https://*"] };
    expect(fields(options, shop)).toMatchObject({ "Access-Control-Allow-Origin": shop });
    expect(fields(options, "http://shop.test")).toEqual({});
  });

  it("adds to an answer for another origin, and to none that has no origin", () => {
    const { share } = corsOf(full, door);
    const shared = share(requestOf("GET", { origin: shop }), answer).headers;
    expect(shared).toEqual([
      ["content-type", "text/plain"],
      // A Function URL sends what the function says beside what is configured, an HTTP API does not (6.7, 7.4).
      ...(door === "http-api" ? [] : [["access-control-allow-origin", "https://own.test"]]),
      ["Access-Control-Allow-Origin", shop],
      ["Vary", "Origin"],
      ["Access-Control-Allow-Credentials", "true"],
      ["Access-Control-Expose-Headers", "x-total"],
    ]);
    expect(share(requestOf("GET", {}), answer).headers).toEqual(
      door === "http-api" ? [["content-type", "text/plain"]] : answer.headers,
    );
  });
});
