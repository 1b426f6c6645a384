import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRoute, selectRoute } from "./routes.ts";
import type { Route } from "./routes.ts";

function routesOf(...keys: string[]): Route[] {
  return keys.map((key) => {
    const route = readRoute(key);
    if (route === undefined) throw new Error(`${key} is no route key`);
    return route;
  });
}

describe("readRoute", () => {
  it.each(["$default", "GET /", "ANY /{proxy+}", "GET /items/{id}", "PATCH /a/{b}/c/{d.e+}", "GET /a%20b"])(
    "takes %s",
    (key) => expect(readRoute(key)).toMatchObject({ key }),
  );

  it.each([
    "",
    "GET",
    "get /",
    "GET items",
    "GET /{a+}/b",
    "GET /{a",
    "GET /a{b}",
    "GET /{}",
    "/a",
    "GET  /a",
  ])("refuses %j", (key) => expect(readRoute(key)).toBeUndefined());
});

describe("selectRoute", () => {
  const routes = routesOf(
    "$default",
    "ANY /{proxy+}",
    "GET /items/{id}",
    "ANY /items/{id}",
    "GET /items/new",
    "GET /items/{id}/parts/{rest+}",
    "POST /",
  );
  it.each([
    ["GET", "/items/new", "GET /items/new", undefined],
    ["GET", "/items/7", "GET /items/{id}", { id: "7" }],
    ["PUT", "/items/7", "ANY /items/{id}", { id: "7" }],
    ["PUT", "/items/new", "ANY /items/{id}", { id: "new" }],
    ["GET", "/items/a%2Fb", "GET /items/{id}", { id: "a%2Fb" }],
    ["GET", "/items/7/parts/a//b", "GET /items/{id}/parts/{rest+}", { id: "7", rest: "a//b" }],
    ["GET", "/items/7/parts", "ANY /{proxy+}", { proxy: "items/7/parts" }],
    ["GET", "/items/7/", "ANY /{proxy+}", { proxy: "items/7/" }],
    ["GET", "/items/", "ANY /{proxy+}", { proxy: "items/" }],
    ["POST", "/", "POST /", undefined],
    ["GET", "/", "$default", undefined],
  ])("gives %s %s to %s (6.7)", (method, path, key, pathParameters) => {
    const match = selectRoute(routes, method, path);
    expect([match?.route.key, match?.pathParameters]).toEqual([key, pathParameters]);
  });

  it("gives nobody what no route takes", () => {
    const few = routesOf("GET /a", "GET /b/{c}");
    for (const [method, path] of [
      ["POST", "/a"],
      ["GET", "/"],
      ["GET", "/b/"],
      ["GET", "/b"],
      ["HEAD", "/a"],
    ] as const)
      expect(selectRoute(few, method, path)).toBeUndefined();
  });

  it("does not depend on the order of the routes", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(routes, { minLength: routes.length }),
        fc.constantFrom("GET", "PUT", "POST"),
        fc.array(fc.constantFrom("items", "new", "7", "parts", ""), { maxLength: 5 }),
        (shuffled, method, segments) => {
          const path = `/${segments.join("/")}`;
          expect(selectRoute(shuffled, method, path)).toEqual(selectRoute(routes, method, path));
        },
      ),
    );
  });

  it("reads out of a path what was put into it", () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9%._~-]{1,8}$/);
    fc.assert(
      fc.property(segment, segment, fc.array(segment, { minLength: 1, maxLength: 4 }), (text, id, rest) => {
        const [route] = routesOf(`GET /${text}/{id}/{rest+}`);
        const match = selectRoute(
          route === undefined ? [] : [route],
          "GET",
          `/${text}/${id}/${rest.join("/")}`,
        );
        expect(match?.pathParameters).toEqual({ id, rest: rest.join("/") });
      }),
    );
  });
});
