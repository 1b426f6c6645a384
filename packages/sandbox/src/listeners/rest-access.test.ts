import { describe, expect, it } from "vitest";
import type { AuthorizerOptions, TokenAuthorizerOptions } from "../authorizers/options.ts";
import { guardedRig } from "../testing/authorizers.ts";
import type { Reply } from "../testing/harness.ts";
import { issuer } from "../testing/issuer.ts";
import type { RestApiOptions } from "./door-options.ts";

const gate: TokenAuthorizerOptions = { type: "token", function: "gate" };

function door(authorizer: AuthorizerOptions, more: Partial<RestApiOptions> = {}): RestApiOptions {
  return { type: "rest", authorization: { authorizer }, ...more };
}

function shown({ status, body, headers }: Reply): unknown[] {
  return [status, body, headers["x-amzn-errortype"]];
}

const unauthorized = [401, `{"message":"Unauthorized"}`, "UnauthorizedException"];
const failed = [500, `{"message":null}`, "AuthorizerConfigurationException"];

describe("a TOKEN authorizer", () => {
  it("gets the header and the method's ARN, and its context reaches the function as text", async () => {
    await using api = await guardedRig(door(gate, { stage: "v1" }));
    expect((await api.ask("/items/7?a=1", "allow")).status).toBe(200);
    const [asked] = api.asked();
    expect(asked).toEqual({
      type: "TOKEN",
      authorizationToken: "allow",
      methodArn: expect.stringMatching(
        /^arn:aws:execute-api:eu-west-1:123456789012:\w{10}\/v1\/GET\/items\/7$/,
      ),
    });
    const { requestContext } = api.events()[0] ?? {};
    expect(requestContext?.["authorizer"]).toEqual({
      principalId: "user-1",
      user: "ada",
      level: "7",
      admin: "true",
      integrationLatency: expect.any(Number),
    });
    expect(requestContext?.["identity"]).toMatchObject({ apiKey: "key-1" });
  });

  it("answers as AWS does, and the function hears nothing", async () => {
    await using api = await guardedRig(door(gate));
    expect(shown(await api.ask("/"))).toEqual(unauthorized);
    expect(api.asked()).toEqual([]);
    expect(shown(await api.ask("/", "fail Unauthorized"))).toEqual(unauthorized);
    expect(shown(await api.ask("/", "deny"))).toEqual([
      403,
      `{"Message":"User is not authorized to access this resource with an explicit deny"}`,
      "AccessDeniedException",
    ]);
    expect(shown(await api.ask("/", "nothing"))).toEqual([
      403,
      `{"Message":"User is not authorized to access this resource"}`,
      "AccessDeniedException",
    ]);
    expect(shown(await api.ask("/", "fail"))).toEqual(failed);
    expect(shown(await api.ask("/", "yes"))).toEqual(failed);
    expect(shown(await api.ask("/", `json {"policyDocument":{"Statement":[]}}`))).toEqual(failed);
    expect(api.events()).toEqual([]);
  });

  it("has a header of its own and an expression that all of it must match", async () => {
    const authorizer = { ...gate, header: "X-Key", validationExpression: "allow.*" };
    await using api = await guardedRig(door(authorizer));
    const sent = (key: string): Promise<Reply> => api.ask("/", undefined, { headers: { "x-key": key } });
    expect((await sent("allow 1")).status).toBe(200);
    expect(shown(await sent("do allow"))).toEqual(unauthorized);
    expect(shown(await api.ask("/", "allow"))).toEqual(unauthorized);
    expect(api.asked().length).toBe(1);
  });

  it("is asked once for the same token (authorizers.ts 2)", async () => {
    await using api = await guardedRig(door(gate));
    for (const path of ["/a", "/a", "/b"]) await api.ask(path, "allow");
    expect(api.asked().length).toBe(1);
    expect(api.events().map(({ path }) => path)).toEqual(["/a", "/a"]);
    const [first, second] = api.events().map(({ requestContext }) => requestContext["authorizer"]) as {
      integrationLatency: number;
    }[];
    expect(first?.integrationLatency).toBeGreaterThanOrEqual(0);
    expect(second?.integrationLatency).toBe(0);
  });
});

it("asks a REQUEST authorizer with the whole request but its body", async () => {
  const identitySource = ["method.request.header.Authorization", "method.request.querystring.q"];
  await using api = await guardedRig(door({ type: "request", function: "gate", identitySource }));
  expect(shown(await api.ask("/x", "allow"))).toEqual(unauthorized);
  const more = { method: "POST", body: "secret", headers: { "content-type": "text/plain" } };
  expect((await api.ask("/x?q=1", "allow", more)).status).toBe(200);
  const [asked] = api.asked();
  expect(asked).toMatchObject({
    type: "REQUEST",
    methodArn: expect.stringMatching(/\/prod\/POST\/x$/),
    resource: "/{proxy+}",
    path: "/x",
    httpMethod: "POST",
    headers: { Authorization: "allow" },
    multiValueHeaders: { Authorization: ["allow"] },
    queryStringParameters: { q: "1" },
    pathParameters: { proxy: "x" },
  });
  expect(Object.keys(asked ?? {})).not.toContain("body");
  expect(api.events()[0]?.["body"]).toBe("secret");
});

describe("an authorizer of a user pool", () => {
  it("gives the function the claims as a REST API writes them", async () => {
    await using one = await issuer();
    await using api = await guardedRig(door({ type: "cognito", issuers: [one.url] }));
    const token = await one.token({ "cognito:groups": ["a", "b"], exp: 4_000_000_000 });
    expect((await api.ask("/", token)).status).toBe(200);
    expect(api.events()[0]?.requestContext["authorizer"]).toMatchObject({
      claims: { sub: "ada", "cognito:groups": "a,b", exp: "Tue Oct 02 07:06:40 UTC 2096" },
    });
  });

  it("answers as AWS does", async () => {
    await using one = await issuer();
    const authorizer = {
      type: "cognito",
      issuers: [one.url],
      validationExpression: "(Bearer )?[\\w-]+[.].*",
    } as const;
    const routeAuthorizations = { "GET /items": { authorizer, scopes: ["items/read"] } };
    const resources = ["ANY /", "GET /items"];
    await using api = await guardedRig(door(authorizer, { resources, routeAuthorizations }));
    expect(shown(await api.ask("/"))).toEqual(unauthorized);
    expect(shown(await api.ask("/", "nonsense"))).toEqual(unauthorized);
    expect(shown(await api.ask("/", "a.b.c"))).toEqual(unauthorized);
    const expired = await one.token({ exp: Math.floor(Date.now() / 1000) - 5 });
    expect(shown(await api.ask("/", expired))).toEqual([
      401,
      `{"message":"The incoming token has expired"}`,
      "UnauthorizedException",
    ]);
    expect(shown(await api.ask("/items", await one.token()))).toEqual(unauthorized);
    expect(api.events()).toEqual([]);
    expect((await api.ask("/items", await one.token({ scope: "items/read" }))).status).toBe(200);
  });
});

it("asks for a signature with AWS_IAM, says who signed, and keeps the signature to itself", async () => {
  await using api = await guardedRig(door({ type: "iam" }));
  expect(shown(await api.ask("/"))).toEqual([
    403,
    `{"message":"Missing Authentication Token"}`,
    "MissingAuthenticationTokenException",
  ]);
  const signature = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260305/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=${"a".repeat(64)}`;
  expect((await api.ask("/", signature)).status).toBe(200);
  const [event] = api.events();
  expect(event?.requestContext["identity"]).toMatchObject({
    accessKey: "AKIDEXAMPLE",
    accountId: "123456789012",
  });
  expect(event?.requestContext["authorizer"]).toBeUndefined();
  expect(Object.keys(event?.["headers"] as object)).not.toContain("Authorization");
});

it("does not open with an authorizer of HTTP APIs", async () => {
  await using api = await guardedRig(door(gate));
  const jwt = { type: "jwt", issuer: "https://issuer.example", audience: [] } as const;
  await expect(api.open(door(jwt))).rejects.toThrow(
    "An API of type rest has no authorizer of type jwt: it may be of type cognito, request, token, iam",
  );
});
