import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DoorRig, doorRig } from "../testing/doors.ts";
import { call, of } from "../testing/harness.ts";
import type { HttpApiOptions } from "./door-options.ts";
import { openDoor } from "./open-door.ts";

const serverError = `{"message":"Internal Server Error"}`;

describe.each(["2.0", "1.0"] as const)("an HTTP API with payload format %s", (payloadFormatVersion) => {
  let door: DoorRig;
  const options: HttpApiOptions = { type: "http-api", payloadFormatVersion };

  beforeAll(async () => {
    door = await doorRig(options);
  });
  afterAll(() => door[Symbol.asyncDispose]());

  it("makes events of its own kind, of anything and any method", async () => {
    const event = await door.eventOf("/a%20b?x=1&x=2", { method: "PATCH", body: Buffer.from([0, 255]) });
    expect(event).toMatchObject({ version: payloadFormatVersion, body: "AP8=", isBase64Encoded: true });
    const { domainName, apiId, stage, accountId, requestId } = event.requestContext;
    expect(domainName).toBe(`${String(apiId)}.execute-api.eu-west-1.amazonaws.com`);
    expect([stage, accountId]).toEqual(["$default", "123456789012"]);
    expect(requestId).toMatch(/^[\w-]{15}=$/);
    if (payloadFormatVersion === "2.0")
      expect(event).toMatchObject({ routeKey: "$default", rawPath: "/a b", rawQueryString: "x=1&x=2" });
    else expect(event).toMatchObject({ resource: "$default", path: "/a%20b", httpMethod: "PATCH" });
  });

  it("adds its request id to whatever it answers", async () => {
    const reply = await door.told({ statusCode: 201, headers: { "x-my-id": "1" }, body: "ü" }, "/");
    expect([reply.status, reply.body, reply.headers["content-length"]]).toEqual([201, "ü", "2"]);
    expect(reply.rawHeaders).toContain("X-My-Id");
    expect(reply.headers["content-type"]).toBe("text/plain; charset=utf-8");
    const { requestId } = (door.events().at(-1) ?? { requestContext: {} }).requestContext as {
      requestId?: string;
    };
    expect(reply.headers["apigw-requestid"]).toBe(requestId);
  });

  it.each([
    ["a status that is none (6.6)", { statusCode: 0 }],
    ["a status that is no integer (6.6)", { statusCode: 200.5 }],
    ["an interim status (U9)", { statusCode: 101 }],
    ["a body that is no string", { statusCode: 200, body: {} }],
  ])("answers 500 to %s", async (_, answer) => {
    const reply = await door.told(answer, "/");
    expect([reply.status, reply.body, reply.headers["content-type"]]).toEqual([
      500,
      serverError,
      "application/json",
    ]);
  });

  it("takes an answer without statusCode as its version does (O5, O7)", async () => {
    const reply = await door.told({ a: 1 }, "/");
    const expected = payloadFormatVersion === "2.0" ? [200, `{"a":1}`] : [500, serverError];
    expect([reply.status, reply.body]).toEqual(expected);
  });

  it("answers 500 when the function fails or dies (10 of section 1)", async () => {
    for (const how of ["error", "exit"]) {
      const reply = await door.ask("/", { headers: { "x-do": how } });
      expect([reply.status, reply.body]).toEqual([500, serverError]);
    }
  });

  it("decodes base64 whenever it is flagged", async () => {
    const body = Buffer.from([0, 159, 146, 150]).toString("base64");
    const reply = await door.told({ statusCode: 200, body, isBase64Encoded: true }, "/");
    expect(reply.headers["content-length"]).toBe("4");
  });

  it("refuses more than it or Lambda takes (6.7)", async () => {
    for (const [bytes, name] of [
      [10_485_761, "x"],
      [5_500_000, "x"],
    ] as const) {
      const reply = await door.ask("/", { method: "POST", body: Buffer.alloc(bytes, name) });
      expect([reply.status, reply.body]).toEqual([413, `{"message":"Request Entity Too Large"}`]);
    }
    const reply = await door.ask("/", { headers: { "x-long": "x".repeat(10_240) } });
    expect(reply.status).toBe(431);
  });

  it("chooses the route, names its variables decoded, and knows no other (O11)", async () => {
    const routes = ["GET /items/{id}", "ANY /files/{path+}"];
    const listener = await door.open({ ...options, routes, stage: "dev", stageVariables: { level: "3" } });
    const address = new URL(listener.url).host;
    const item = await call(address, { path: "/dev/items/a%20b" });
    expect(item.status).toBe(200);
    expect(door.events().at(-1)).toMatchObject({
      pathParameters: { id: "a b" },
      stageVariables: { level: "3" },
      requestContext: { stage: "dev" },
      ...(payloadFormatVersion === "2.0"
        ? { routeKey: "GET /items/{id}", rawPath: "/dev/items/a b" }
        : { resource: "/items/{id}", path: "/dev/items/a%20b" }),
    });
    await call(address, { method: "DELETE", path: "/dev/files/a/b%2Fc" });
    expect(door.events().at(-1)).toMatchObject({ pathParameters: { path: "a/b/c" } });
    for (const [method, path] of [
      ["POST", "/dev/items/1"],
      ["GET", "/dev/other"],
      ["GET", "/items/1"],
      ["GET", "/develop/items/1"],
    ] as const) {
      const reply = await call(address, { method, path });
      expect([reply.status, reply.body]).toEqual([404, `{"message":"Not Found"}`]);
      expect(reply.headers["apigw-requestid"]).toMatch(/^[\w-]{15}=$/);
    }
  });

  it("answers 503 when the function is slower than its timeout, and the function runs on (O12)", async () => {
    const listener = await door.open({ ...options, timeoutMs: 50 });
    const reply = await call(new URL(listener.url).host, { path: "/", headers: { "x-do": "wait:300" } });
    expect([reply.status, reply.body]).toEqual([503, `{"message":"Service Unavailable"}`]);
    expect((await door.ask("/")).status).toBe(200);
    for (const report of of(door.rig.events, "report").slice(-2)) expect(report.status).toBe("success");
  });

  it("answers preflights itself and speaks for the function (6.7)", async () => {
    const cors = { allowOrigins: ["https://shop.test"], allowMethods: ["PUT"], allowHeaders: ["x-a"] };
    const listener = await door.open({ ...options, cors });
    const address = new URL(listener.url).host;
    const before = door.events().length;
    const headers = { Origin: "https://shop.test", "Access-Control-Request-Method": "PUT" };
    const preflight = await call(address, { method: "OPTIONS", path: "/x", headers });
    expect([preflight.status, preflight.body]).toEqual([204, ""]);
    expect(preflight.headers["access-control-allow-origin"]).toBe("https://shop.test");
    expect(door.events()).toHaveLength(before);
    const answer = { statusCode: 200, headers: { "access-control-allow-origin": "*", "x-b": "1" } };
    const said = Buffer.from(JSON.stringify(answer)).toString("base64url");
    const reply = await call(address, {
      path: "/",
      headers: { Origin: "https://shop.test", "x-answer": said },
    });
    expect(reply.headers).toMatchObject({ "access-control-allow-origin": "https://shop.test", "x-b": "1" });
  });
});

describe("an HTTP API", () => {
  it("cannot have a route that is none", async () => {
    await using door = await doorRig({ type: "http-api" });
    for (const route of ["items", "GET items", "GET /{a+}/b"])
      await expect(openDoor(door.rig.fleet, { type: "http-api", routes: [route] })).rejects.toThrow(
        /is no route/,
      );
  });

  it("answers 503 to whom Lambda throttles, and when there is no environment any more", async () => {
    await using door = await doorRig({ type: "http-api" }, { whenBusy: "throttle" });
    const slow = door.ask("/", { headers: { "x-do": "wait:1000" } });
    await expect.poll(() => door.rig.events.some(({ type }) => type === "start")).toBe(true);
    const reply = await door.ask("/");
    expect([reply.status, reply.body]).toEqual([503, `{"message":"Service Unavailable"}`]);
    await slow;
    await door.rig.fleet.shutdown();
    expect((await door.ask("/")).status).toBe(503);
  });
});
