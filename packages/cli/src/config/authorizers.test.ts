import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TokenOptions } from "../tokens.ts";
import { isUserFailure } from "../user-failure.ts";
import { type ConfigFile, readConfig } from "./file.ts";

const common = { host: "127.0.0.1", port: 3000 };

function read(text: string, tokens: TokenOptions = {}, only: readonly string[] = []): ConfigFile {
  const file = join(mkdtempSync(join(tmpdir(), "anylambda-auth-")), "anylambda.yaml");
  writeFileSync(file, text);
  return readConfig(file, { ...common, tokens }, only);
}

function said(text: string): string {
  try {
    return JSON.stringify(read(text).orders);
  } catch (error) {
    if (!isUserFailure(error)) throw error;
    return `${error.message}\n${error.hint ?? ""}`;
  }
}

const shop = `
authorizers:
  users:
    type: jwt
    issuer: https://issuer.example/
    audience: [shop]
    keys: keys.json
  gate:
    type: request
    function: gate
    identitySource: $request.header.X-Key
    ttl: 60
    simpleResponses: true
  pool:
    type: cognito
    userPools: [eu-central-1_Ab12Cd34E, "http://127.0.0.1:9000/pool"]
functions:
  shop:
    doors:
      - type: http-api
        authorizer: users
        scopes: [read]
        routes:
          - GET /items
          - { route: POST /items, scopes: [write] }
          - { route: GET /health, authorizer: NONE }
          - { route: GET /keys, authorizer: gate }
      - { type: rest, authorizer: pool }
      - { type: websocket, authorizer: gate }
  gate: { doors: [] }
  other: { doors: [] }
`;

describe("authorizers of anylambda.yaml", () => {
  it("reach the doors: for all routes, for single ones, with their scopes, by their names", () => {
    const { file, orders } = read(shop);
    const users = {
      type: "jwt",
      issuer: "https://issuer.example/",
      audience: ["shop"],
      keys: join(file, "..", "keys.json"),
    };
    const gate = {
      type: "request",
      function: "gate",
      identitySource: ["$request.header.X-Key"],
      ttlSeconds: 60,
      simpleResponses: true,
    };
    const issuers = [
      "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E",
      "http://127.0.0.1:9000/pool",
    ];
    expect(orders[0]?.doors).toMatchObject([
      {
        more: {
          routes: ["GET /items", "POST /items", "GET /health", "GET /keys"],
          authorization: { authorizer: users, scopes: ["read"] },
          routeAuthorizations: {
            "POST /items": { authorizer: users, scopes: ["write"] },
            "GET /health": "NONE",
            "GET /keys": { authorizer: gate },
          },
        },
      },
      { more: { authorization: { authorizer: { type: "cognito", issuers } } } },
      { more: { authorization: { authorizer: gate } } },
    ]);
    // Scopes of the door are those of its own authorizer.
    const [door] = orders[0]?.doors ?? [];
    expect(JSON.stringify(door?.more)).not.toContain(`"simpleResponses":true},"scopes"`);
  });

  it("give way to what is typed about tokens", () => {
    const typed = { jwtIssuer: "http://127.0.0.1:1", jwtAudience: ["web"], unverifiedTokens: true };
    const [http, rest] = read(shop, typed).orders[0]?.doors ?? [];
    const authorizer = { type: "jwt", issuer: "http://127.0.0.1:1", audience: ["web"], unverified: true };
    expect(http?.more).toMatchObject({ authorization: { authorizer } });
    expect(rest?.more).toMatchObject({
      authorization: { authorizer: { issuers: ["http://127.0.0.1:1"], unverified: true } },
    });
  });

  it("bring the functions that they ask when only some are wanted", () => {
    const { orders } = read(shop, {}, ["shop"]);
    expect(orders.map(({ options }) => options.name)).toEqual(["shop", "gate"]);
  });

  it("say what is wrong with them", () => {
    const authorizer = (settings: string): string =>
      `authorizers: { a: ${settings} }\nfunctions: { f: { doors: [{ type: http-api, authorizer: a }] } }\n`;
    const door = (settings: string): string =>
      `authorizers: { users: { type: jwt, issuer: x } }\nfunctions: { f: { doors: [{ ${settings} }] } }\n`;
    const faults = [
      authorizer("{ type: jwt }"),
      authorizer("{ type: jwtt, issuer: x }"),
      authorizer("{ type: jwt, issuer: x, ttl: 5 }"),
      authorizer("{ type: jwt, issuer: x, identitySource: Authorization }"),
      authorizer("{ type: request, function: gate }"),
      authorizer("{ type: token, function: f }"),
      authorizer("{ type: iam, keys: x }"),
      door("type: http-api, authorizer: user"),
      door("type: alb, authorizer: users"),
      door("type: http-api, scopes: [read]"),
      door("type: http-api, routes: [{ route: GET /a, scopes: [read] }]"),
      door("type: http-api, routes: [{ route: GET /a, authoriser: users }]"),
      "authorizers: { i: { type: iam } }\nfunctions: { f: { doors: [{ type: websocket, routes: [{ route: $connect, authorizer: i }] }] } }\n",
      "functions: { f: { doors: [{ type: http-api, authorizer: users }] } }\n",
    ];
    expect(faults.map(said).join("\n\n")).toMatchSnapshot();
  });
});
