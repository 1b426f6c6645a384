import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import type { RequestAuthorizerOptions } from "../authorizers/options.ts";
import { type GuardedRig, guardedRig } from "../testing/authorizers.ts";
import { until } from "../testing/harness.ts";

const gate: RequestAuthorizerOptions = {
  type: "request",
  function: "gate",
  identitySource: ["route.request.querystring.token"],
};

function guarded(): Promise<GuardedRig> {
  return guardedRig({ type: "websocket", routeResponses: ["$default"], authorization: { authorizer: gate } });
}

/** Status and body with which a handshake is refused. */
async function refusal({ listener }: GuardedRig, query: string): Promise<[number | undefined, string]> {
  const client = new WebSocket(`${listener.url}${query}`);
  const [, response] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return [response.statusCode, Buffer.concat(chunks).toString()];
}

it("asks who connects, and tells all later events what it heard", async () => {
  await using api = await guarded();
  const client = new WebSocket(`${api.listener.url}?token=allow`);
  await once(client, "open");
  client.send("hello");
  await once(client, "message");
  client.close();
  await until(() => api.events().length === 3);
  const authorizer = {
    principalId: "user-1",
    user: "ada",
    level: "7",
    admin: "true",
    integrationLatency: expect.any(Number),
  };
  expect(
    api.events().map(({ requestContext }) => [requestContext["eventType"], requestContext["authorizer"]]),
  ).toEqual([
    ["CONNECT", authorizer],
    ["MESSAGE", authorizer],
    ["DISCONNECT", authorizer],
  ]);
  expect(api.asked()).toMatchObject([
    {
      type: "REQUEST",
      methodArn: expect.stringMatching(
        /^arn:aws:execute-api:eu-west-1:123456789012:\w{10}\/prod\/\$connect$/,
      ),
      queryStringParameters: { token: "allow" },
      requestContext: { routeKey: "$connect", eventType: "CONNECT" },
    },
  ]);
});

it("refuses whom its authorizer refuses, and the function hears nothing", async () => {
  await using api = await guarded();
  expect(await refusal(api, "")).toEqual([401, `{"message":"Unauthorized"}`]);
  expect(await refusal(api, "?token=fail+Unauthorized")).toEqual([401, `{"message":"Unauthorized"}`]);
  expect(await refusal(api, "?token=deny")).toEqual([
    403,
    `{"message":"User is not authorized to access this resource with an explicit deny"}`,
  ]);
  expect(await refusal(api, "?token=nothing")).toEqual([
    403,
    `{"message":"User is not authorized to access this resource"}`,
  ]);
  expect(await refusal(api, "?token=fail")).toEqual([500, `{"message":"Internal server error"}`]);
  expect(api.events()).toEqual([]);
});

it("asks each who connects: nothing is kept", async () => {
  await using api = await guarded();
  for (const _ of [1, 2]) await refusal(api, "?token=deny");
  expect(api.asked().length).toBe(2);
});

it("has no authorizer of another type", async () => {
  const authorization = { authorizer: { type: "jwt", issuer: "https://a.example", audience: [] } } as const;
  await using api = await guarded();
  await expect(api.open({ type: "websocket", authorization })).rejects.toThrow(
    "An API of type websocket has no authorizer of type jwt: it may be of type request, iam",
  );
});
