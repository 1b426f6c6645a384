import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { afterEach, describe, expect, it } from "vitest";
import { type Running, run, start, stopAll } from "../testing/command.ts";
import { keySet, token } from "../testing/tokens.ts";

afterEach(stopAll);

/** An ordinary app: it says what the adapter told it of the request's context. */
const app = `
import { createServer } from "node:http";
createServer((request, response) => {
  const { authorizer = null } = JSON.parse(request.headers["x-amzn-request-context"] ?? "{}");
  response.end(JSON.stringify(authorizer));
}).listen(process.env.PORT);
`;

/** A web app as an authorizer: its events are posted to /events, as all that are no requests. */
const gate = `
import { createServer } from "node:http";
createServer(async (request, response) => {
  // The adapter asks whether it is up.
  if (request.url !== "/events") return response.end();
  let text = "";
  for await (const chunk of request) text += chunk;
  const { identitySource: [key] = [], routeArn, methodArn, queryStringParameters } = JSON.parse(text);
  if (methodArn !== undefined) {
    const Effect = queryStringParameters.key === "sesame" ? "Allow" : "Deny";
    const policyDocument = { Statement: [{ Effect, Action: "execute-api:Invoke", Resource: methodArn }] };
    return response.end(JSON.stringify({ principalId: "ada", policyDocument }));
  }
  console.log("gate was asked about " + routeArn.split("/").slice(1).join("/"));
  response.end(JSON.stringify({ isAuthorized: key === "open sesame", context: { door: routeArn.split("/").at(-1) } }));
}).listen(process.env.PORT);
`;

const config = `
authorizers:
  users: { type: jwt, issuer: "https://issuer.example", audience: [shop], keys: keys.json }
  gate: { type: request, function: gate, identitySource: $request.header.X-Key, simpleResponses: true }
  connect: { type: request, function: gate, identitySource: route.request.querystring.key }
functions:
  shop:
    command: node app.mjs
    env: { ANYLAMBDA_WEBSOCKET_PATH: /ws }
    doors:
      - type: http-api
        api: shop
        authorizer: users
        routes: [GET /me, { route: GET /open, authorizer: NONE }, { route: "GET /doors/{name}", authorizer: gate }]
      - { type: websocket, authorizer: connect }
  gate: { command: node gate.mjs, doors: [] }
`;

const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Users
        Authorizers:
          Users: { JwtConfiguration: { issuer: !Sub "https://cognito-idp.\${AWS::Region}.amazonaws.com/\${Pool}", audience: [shop] }, IdentitySource: $request.header.Authorization }
  Pool: { Type: AWS::Cognito::UserPool }
  Shop:
    Type: AWS::Serverless::Function
    Metadata: { AnyLambda: { Command: [node, app.mjs] } }
    Properties: { PackageType: Image, Events: { All: { Type: HttpApi, Properties: { ApiId: !Ref Api } } } }
`;

function project(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "anylambda-auth-"));
  mkdirSync(directory, { recursive: true });
  const all = { "app.mjs": app, "gate.mjs": gate, "keys.json": keySet, ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(directory, name), text);
  return directory;
}

async function up(
  directory: string,
  ...args: readonly string[]
): Promise<Running & { readonly url: string }> {
  const dev = start(["dev", "--json", "--port", "0", "--no-dashboard", ...args], { cwd: directory });
  const [, url = ""] = await dev.saying(/"type":"listening".*"url":"(http[^"]+)"/);
  return { ...dev, url };
}

async function ask(url: string, headers: Record<string, string> = {}): Promise<[number, unknown]> {
  const response = await fetch(url, { headers });
  return [response.status, await response.json()];
}

const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });
const claims = { iss: "https://issuer.example", aud: "shop", sub: "ada" };

describe("anylambda dev with authorizers", () => {
  it("of anylambda.yaml: a token by its issuer's keys, another function of the file, an open route", async () => {
    const dev = await up(project({ "anylambda.yaml": config }));
    await dev.saying(/"type":"listening".*"name":"gate"/);
    const secret = token(claims);
    expect(await ask(`${dev.url}me`, bearer(secret))).toMatchObject([
      200,
      { jwt: { claims: { sub: "ada" } } },
    ]);
    expect(await ask(`${dev.url}me`)).toEqual([401, { message: "Unauthorized" }]);
    expect(await ask(`${dev.url}me`, bearer(token({ ...claims, aud: "else" })))).toMatchObject([401, {}]);
    expect(await ask(`${dev.url}open`)).toEqual([200, null]);
    expect(await ask(`${dev.url}doors/7`)).toEqual([401, { message: "Unauthorized" }]);
    expect(await ask(`${dev.url}doors/7`, { "x-key": "please" })).toEqual([403, { message: "Forbidden" }]);
    expect(await ask(`${dev.url}doors/7`, { "x-key": "open sesame" })).toEqual([
      200,
      { lambda: { door: "7" } },
    ]);
    const [, websocket = ""] = await dev.saying(/"url":"(ws:[^"]+)"/);
    const refused = new WebSocket(`${websocket}?key=please`);
    const [, response] = (await once(refused, "unexpected-response")) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(403);
    const accepted = new WebSocket(`${websocket}?key=sesame`);
    await once(accepted, "open");
    accepted.terminate();
    await dev.saying(/gate was asked about \$default\/GET\/doors\/7/);
    dev.signal("SIGINT");
    const { code, stdout, stderr } = await dev.result;
    expect(code).toBe(0);
    // authorizers.ts (3)
    expect(stdout + stderr).not.toContain(secret.slice(-40));
  });

  it("of a SAM template whose user pool is made by AWS only, with the issuer and the keys that are typed", async () => {
    const directory = project({ "template.yaml": template });
    const dev = await up(directory, "--jwt-issuer", "https://issuer.example", "--jwt-keys", "keys.json");
    expect(await ask(dev.url, bearer(token(claims)))).toMatchObject([
      200,
      { jwt: { claims: { sub: "ada" } } },
    ]);
    expect(await ask(dev.url, bearer(token({ ...claims, iss: "https://else.example" })))).toMatchObject([
      401,
      {},
    ]);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("asks the issuer for its keys, for a REST API too", async () => {
    const issuer = createServer((request, response) => {
      const keys = `${url}/keys`;
      response.end(request.url === "/keys" ? keySet : JSON.stringify({ issuer: url, jwks_uri: keys }));
    });
    await new Promise<void>((listening) => issuer.listen(0, "127.0.0.1", listening));
    const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
    const args = ["--door", "http-api", "--door", "rest", "--jwt-issuer", url, "--jwt-audience", "shop"];
    const dev = start(["dev", "--json", "--port", "0", ...args, "--", "node", "app.mjs"], {
      cwd: project({}),
    });
    const [line] = await dev.saying(/^\{.*"type":"listening".*\}$/m);
    const [http, rest] = (JSON.parse(line) as { doors: { url: string }[] }).doors.map((door) => door.url);
    const own = bearer(token({ ...claims, iss: url }));
    expect(await ask(http ?? "", own)).toMatchObject([200, { jwt: { claims: { sub: "ada" } } }]);
    expect(await ask(rest ?? "", own)).toMatchObject([200, { claims: { sub: "ada" } }]);
    expect(await ask(rest ?? "", bearer(token(claims)))).toEqual([401, { message: "Unauthorized" }]);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    issuer.close();
  });

  it("believes every token when it is told so, and says that it does", async () => {
    const directory = project({});
    const dev = await up(directory, "--door", "http-api", "--unverified-tokens", "--", "node", "app.mjs");
    await dev.saying(/"type":"warning".*Tokens are believed, whoever signed them/);
    const [head, payload] = token({ sub: "anybody", exp: 1 }).split(".");
    expect(await ask(dev.url, bearer(`${head}.${payload}.`))).toMatchObject([
      200,
      { jwt: { claims: { sub: "anybody", exp: "1" } } },
    ]);
    expect(await ask(dev.url)).toEqual([401, { message: "Unauthorized" }]);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("says which door could want a token, when none does", async () => {
    const args = ["--jwt-issuer", "https://issuer.example", "--", "node", "app.mjs"];
    const { code, stderr } = await run(["dev", ...args], { cwd: project({}) });
    expect([code, stderr]).toEqual([1, expect.stringContaining("None of these doors wants a token")]);
    const stray = await run(["dev", "--jwt-keys", "keys.json", "--", "node", "app.mjs"], {
      cwd: project({}),
    });
    expect(stray.stderr).toContain("--jwt-keys says nothing without --jwt-issuer");
  });
});
