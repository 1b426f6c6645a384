import { describe, expect, it } from "vitest";
import type { AuthorizerOptions, RequestAuthorizerOptions } from "../authorizers/options.ts";
import { guardedRig } from "../testing/authorizers.ts";
import type { Reply } from "../testing/harness.ts";
import { issuer } from "../testing/issuer.ts";
import type { HttpApiOptions } from "./door-options.ts";

const gate: RequestAuthorizerOptions = {
  type: "request",
  function: "gate",
  identitySource: ["$request.header.Authorization"],
  simpleResponses: true,
};

function door(authorizer: AuthorizerOptions, more: Partial<HttpApiOptions> = {}): HttpApiOptions {
  return { type: "http-api", authorization: { authorizer }, ...more };
}

/** Status, body and what of the headers is about authorization. */
function shown({ status, body, headers }: Reply): unknown[] {
  return [status, body, headers["www-authenticate"] ?? "", headers["content-type"] ?? ""];
}

const json = "application/json";

describe("a JWT authorizer of an HTTP API", () => {
  it("gives the function the claims, as text, and the scopes that the route wants", async () => {
    await using one = await issuer();
    const authorizer = { type: "jwt", issuer: one.url, audience: ["shop"] } as const;
    const routeAuthorizations = { "GET /items": { authorizer, scopes: ["read", "write"] } };
    await using api = await guardedRig(
      door(authorizer, { routes: ["$default", "GET /items"], routeAuthorizations }),
    );
    const token = await one.token({ scope: "write", exp: 4_000_000_000, groups: ["a", "b"] });
    expect((await api.ask("/", `Bearer ${token}`)).status).toBe(200);
    expect((await api.ask("/items", token)).status).toBe(200);
    const [open, scoped] = api.events().map(({ requestContext }) => requestContext["authorizer"]);
    const claims = { sub: "ada", aud: "shop", exp: "4000000000", groups: "[a b]", scope: "write" };
    expect(open).toMatchObject({ jwt: { claims, scopes: null } });
    expect(scoped).toMatchObject({ jwt: { claims, scopes: ["read", "write"] } });
  });

  it("gives them in the way of payload format 1.0", async () => {
    await using one = await issuer();
    const authorizer = { type: "jwt", issuer: one.url, audience: ["shop"] } as const;
    await using api = await guardedRig(door(authorizer, { payloadFormatVersion: "1.0" }));
    await api.ask("/", await one.token());
    expect(api.events()[0]?.requestContext["authorizer"]).toMatchObject({
      claims: { sub: "ada" },
      scopes: null,
    });
  });

  it("answers as AWS does, and the function hears nothing (front-door.ts 2)", async () => {
    await using one = await issuer();
    const authorizer = { type: "jwt", issuer: one.url, audience: ["shop"] } as const;
    const routeAuthorizations = { "GET /items": { authorizer, scopes: ["read", "write"] } };
    await using api = await guardedRig(
      door(authorizer, { routes: ["$default", "GET /items"], routeAuthorizations }),
    );
    expect(shown(await api.ask("/"))).toEqual([401, `{"message":"Unauthorized"}`, "Bearer", ""]);
    expect(shown(await api.ask("/", "Bearer not-a-token"))).toEqual([
      401,
      `{"message":"Unauthorized"}`,
      `Bearer scope="" error="invalid_token" error_description="token contains an invalid number of segments"`,
      "",
    ]);
    expect(shown(await api.ask("/", await one.token({ aud: "else" })))).toEqual([
      401,
      `{"message":"Unauthorized"}`,
      `Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"`,
      "",
    ]);
    expect(shown(await api.ask("/items", await one.token({ scope: "look" })))).toEqual([
      403,
      `{"message":"Forbidden"}`,
      `Bearer scope="read write" error="insufficient_scope"`,
      json,
    ]);
    expect((await api.ask("/", "x")).headers["apigw-requestid"]).toMatch(/^.{15}=$/);
    expect(api.events()).toEqual([]);
  });

  it("tells whoever runs it why the keys cannot be had, and never the token (authorizers.ts 3)", async () => {
    await using one = await issuer();
    const authorizer = { type: "jwt", issuer: one.url, audience: [], keys: "/nowhere/keys.json" } as const;
    await using api = await guardedRig(door(authorizer));
    const token = await one.token();
    const refused = await api.ask("/", token);
    expect(refused.headers["www-authenticate"]).toContain(`"OIDC discovery endpoint communication error"`);
    expect(api.warnings).toEqual(["An authorizer of type jwt: there is no file /nowhere/keys.json"]);
  });

  it("does not ask for a token before a preflight, and says to other origins what it refuses", async () => {
    await using one = await issuer();
    const authorizer = { type: "jwt", issuer: one.url, audience: [] } as const;
    const cors = {
      allowOrigins: ["https://shop.example"],
      allowMethods: ["GET"],
      allowHeaders: ["authorization"],
    };
    await using api = await guardedRig(door(authorizer, { cors }));
    const origin = "https://shop.example";
    const asks = { origin, "access-control-request-method": "GET" };
    const preflight = await api.ask("/", undefined, { method: "OPTIONS", headers: asks });
    expect([preflight.status, preflight.headers["access-control-allow-headers"]]).toEqual([
      204,
      "authorization",
    ]);
    const refused = await api.ask("/", undefined, { headers: { origin } });
    expect([refused.status, refused.headers["access-control-allow-origin"]]).toEqual([401, origin]);
  });
});

describe("a Lambda authorizer of an HTTP API", () => {
  it("is asked with an event of format 2.0, and its context reaches the function with its types", async () => {
    await using api = await guardedRig(door(gate, { routes: ["GET /items/{id}"], stage: "dev" }));
    expect((await api.ask("/dev/items/7?a=1", "yes")).status).toBe(200);
    const [asked] = api.asked();
    expect(asked).toMatchObject({
      version: "2.0",
      type: "REQUEST",
      identitySource: ["yes"],
      routeKey: "GET /items/{id}",
      rawPath: "/dev/items/7",
      rawQueryString: "a=1",
      pathParameters: { id: "7" },
      headers: { authorization: "yes" },
      requestContext: { http: { method: "GET" }, stage: "dev" },
    });
    expect(asked?.["routeArn"]).toMatch(
      /^arn:aws:execute-api:eu-west-1:123456789012:\w{10}\/dev\/GET\/items\/7$/,
    );
    expect(Object.keys(asked ?? {})).not.toContain("isBase64Encoded");
    expect(api.events()[0]?.requestContext["authorizer"]).toEqual({
      lambda: { user: "ada", level: 7, admin: true, groups: ["a", "b"] },
    });
  });

  it("is asked with an event of format 1.0, and its policy about the default route is heard", async () => {
    const authorizer: RequestAuthorizerOptions = {
      ...gate,
      payloadFormatVersion: "1.0",
      simpleResponses: false,
      identitySource: ["$request.header.Authorization", "$request.querystring.q"],
    };
    await using api = await guardedRig(door(authorizer, { payloadFormatVersion: "1.0" }));
    expect((await api.ask("/x?q=2", "allow")).status).toBe(200);
    const [asked] = api.asked();
    expect(asked).toMatchObject({
      version: "1.0",
      type: "REQUEST",
      identitySource: "allow,2",
      authorizationToken: "allow,2",
      resource: "$default",
      path: "/x",
      httpMethod: "GET",
      queryStringParameters: { q: "2" },
    });
    expect(asked?.["methodArn"]).toMatch(/\/\$default\/\$default$/);
    const { authorizer: told } = api.events()[0]?.requestContext ?? {};
    expect(told).toMatchObject({
      principalId: "user-1",
      user: "ada",
      level: 7,
      integrationLatency: expect.any(Number),
    });
  });

  it("gives null where there is no context", async () => {
    await using api = await guardedRig(door(gate));
    await api.ask("/", `json {"isAuthorized":true}`);
    expect(api.events()[0]?.requestContext["authorizer"]).toEqual({ lambda: null });
  });

  it("answers as AWS does, and the function hears nothing", async () => {
    await using api = await guardedRig(door(gate));
    const forbidden = [403, `{"message":"Forbidden"}`, "", json];
    const unauthorized = [401, `{"message":"Unauthorized"}`, "", json];
    const failed = [500, `{"message":"Internal Server Error"}`, "", json];
    expect(shown(await api.ask("/"))).toEqual(unauthorized);
    expect(api.asked()).toEqual([]);
    expect(shown(await api.ask("/", "no"))).toEqual(forbidden);
    expect(shown(await api.ask("/", "deny"))).toEqual(forbidden);
    expect(shown(await api.ask("/", "nothing"))).toEqual(forbidden);
    expect(shown(await api.ask("/", "fail Unauthorized"))).toEqual(unauthorized);
    expect(shown(await api.ask("/", "fail out of order"))).toEqual(failed);
    expect(shown(await api.ask("/", "json 7"))).toEqual(failed);
    expect(shown(await api.ask("/", `json {"policyDocument":{}}`))).toEqual(failed);
    expect(api.events()).toEqual([]);
    expect(api.warnings).toEqual([
      // It told the token (authorizers.ts 3).
      "The authorizer gate: it failed: •••",
      "The authorizer gate: its answer is no object",
      "The authorizer gate: its policyDocument is no policy",
    ]);
  });

  it("is failed where there is no such function", async () => {
    await using api = await guardedRig(door({ ...gate, function: "elsewhere" }));
    expect((await api.ask("/", "yes")).status).toBe(500);
    expect(api.warnings).toEqual(["The authorizer elsewhere: there is no such function here"]);
  });

  it("is asked once for the same identity, and its policy again for each route (authorizers.ts 2)", async () => {
    await using api = await guardedRig(
      door({ ...gate, simpleResponses: false }, { routes: ["GET /a", "GET /b"] }),
    );
    expect((await api.ask("/a", "allow")).status).toBe(200);
    expect((await api.ask("/a", "allow")).status).toBe(200);
    // The policy is about `/a` alone: what is kept says no for `/b`, a well-known surprise.
    expect((await api.ask("/b", "allow")).status).toBe(403);
    expect(api.asked().length).toBe(1);
    expect((await api.ask("/b", "allow 2")).status).toBe(200);
    expect(api.asked().length).toBe(2);
  });

  it("is asked again when it has been reloaded (authorizers.ts 2)", async () => {
    await using api = await guardedRig(door(gate));
    for (const times of [1, 1, 2]) {
      if (times === 2) await api.reloadGate();
      expect((await api.ask("/", "yes")).status).toBe(200);
      expect(api.asked().length).toBe(times);
    }
  });

  it("is asked each time when it has no time, or no identity source", async () => {
    await using api = await guardedRig(door({ ...gate, ttlSeconds: 0 }));
    const { url } = await api.open(door({ ...gate, identitySource: [] }));
    for (const _ of [1, 2]) {
      expect((await api.ask("/", "yes")).status).toBe(200);
      expect((await fetch(url, { headers: { authorization: "json {}" } })).status).toBe(500);
    }
    expect(api.asked().length).toBe(4);
  });
});

it("lets the open routes of an API that has an authorizer alone", async () => {
  const routes = ["GET /open", "$default"];
  await using api = await guardedRig(door(gate, { routes, routeAuthorizations: { "GET /open": "NONE" } }));
  expect((await api.ask("/open")).status).toBe(200);
  expect((await api.ask("/closed")).status).toBe(401);
  expect(api.events().map(({ requestContext }) => requestContext["authorizer"])).toEqual([undefined]);
});

it("asks for a signature with AWS_IAM, and says who signed", async () => {
  await using api = await guardedRig(door({ type: "iam" }));
  expect(shown(await api.ask("/"))).toEqual([403, `{"message":"Forbidden"}`, "", json]);
  const signature = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260305/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=${"a".repeat(64)}`;
  expect((await api.ask("/", signature)).status).toBe(200);
  expect(api.events()[0]?.requestContext["authorizer"]).toMatchObject({
    iam: { accessKey: "AKIDEXAMPLE", accountId: "123456789012", cognitoIdentity: null },
  });
});

it("does not open with an authorizer that could let nobody in", async () => {
  await using api = await guardedRig(door(gate));
  const bad = door({ ...gate, identitySource: ["Authorization"] });
  await expect(api.open(bad)).rejects.toThrow(`"Authorization" is no identity source`);
  const stray = door(gate, { routeAuthorizations: { "GET /nowhere": "NONE" } });
  const cognito = door({ type: "cognito", issuers: ["https://issuer.example"] });
  await expect(api.open(cognito)).rejects.toThrow(
    "An API of type http-api has no authorizer of type cognito",
  );
  await expect(api.open(stray)).rejects.toThrow("GET /nowhere has an authorizer and is no route");
});
