import { describe, expect, it } from "vitest";
import { type DoorRig, doorRig } from "../testing/doors.ts";
import type { Reply } from "../testing/harness.ts";

const page = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
const summary = ({ status, body, headers }: Reply) => [status, body, headers["content-type"], headers.server];
const pageOf = (status: number, reason: string) => [
  status,
  page(`${status} ${reason}`),
  "text/html",
  "awselb/2.0",
];
const badGateway = pageOf(502, "Bad Gateway");

describe.each([false, true])("a load balancer, multi-valued headers: %s", (multiValueHeaders) => {
  async function open(): Promise<DoorRig> {
    return doorRig({ type: "alb", multiValueHeaders });
  }
  const map = (headers: Record<string, string>): object =>
    multiValueHeaders
      ? { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, [one]])) }
      : { headers };

  it("gives the maps it is told to, undecoded (9.1)", async () => {
    await using door = await open();
    const event = await door.eventOf("/a%20b?x=%31&x=1+2", {
      headers: ["Host", "Shop", "X-A", "1", "x-a", "2"],
    });
    expect(event).toMatchObject({
      path: "/a%20b",
      httpMethod: "GET",
      body: "",
      isBase64Encoded: false,
      ...(multiValueHeaders
        ? {
            multiValueQueryStringParameters: { x: ["%31", "1+2"] },
            multiValueHeaders: { host: ["Shop"], "x-a": ["1", "2"] },
          }
        : { queryStringParameters: { x: "1+2" }, headers: { host: "Shop", "x-a": "2" } }),
    });
    expect(event).not.toHaveProperty(multiValueHeaders ? "headers" : "multiValueHeaders");
    expect(Object.keys(event.requestContext)).toEqual(["elb"]);
  });

  it("sends what the function answers, with its reason, and says who it is (9.3)", async () => {
    await using door = await open();
    const headers = map({ "X-Case": "1", "content-type": "text/x", connection: "close" });
    const reply = await door.told(
      { statusCode: 404, statusDescription: "404 Gone Fishing", ...headers, body: "x" },
      "/",
    );
    expect(summary(reply)).toEqual([404, "x", "text/x", "awselb/2.0"]);
    expect(reply.reason).toBe("Gone Fishing");
    expect(reply.rawHeaders).toContain("X-Case");
  });

  it.each([
    ["O8: null", null],
    ["no object", "hello"],
    ["no status", { headers: {} }],
    ["a status in digits", { statusCode: "200" }],
    ["a description that is null", { statusCode: 200, statusDescription: null }],
    ["a body that is no base64", { statusCode: 200, body: "@@", isBase64Encoded: true }],
  ])("answers with its page 502 to %s (9.3)", async (_, answer) => {
    await using door = await open();
    expect(summary(await door.told(answer, "/"))).toEqual(badGateway);
  });

  it("takes an answer of 1 MB of JSON, and no byte more (9.4)", async () => {
    await using door = await open();
    const answer = { statusCode: 200, body: "x" };
    const room = 1_048_576 - JSON.stringify(answer).length;
    const padded = async (spaces: number) =>
      summary(await door.told(answer, "/", { headers: { "x-pad": String(spaces) } }));
    expect(await padded(room)).toEqual([200, "x", undefined, "awselb/2.0"]);
    expect(await padded(room + 1)).toEqual(badGateway);
  });

  it("answers with its page 502 to a header whose value is no string, and to a map that is null (9.3)", async () => {
    await using door = await open();
    const name = multiValueHeaders ? "multiValueHeaders" : "headers";
    for (const value of [null, { x: multiValueHeaders ? [1] : 1 }])
      expect(summary(await door.told({ statusCode: 200, [name]: value }, "/"))).toEqual(badGateway);
  });

  it("answers with its page 502 when the function fails or dies (9.3)", async () => {
    await using door = await open();
    for (const how of ["error", "exit"])
      expect(summary(await door.ask("/", { headers: { "x-do": how } }))).toEqual(badGateway);
  });

  it("O9: does not look at the other map", async () => {
    await using door = await open();
    const other = multiValueHeaders ? { headers: { "x-a": "1" } } : { multiValueHeaders: { "x-a": ["1"] } };
    const reply = await door.told({ statusCode: 200, ...other }, "/");
    expect([reply.status, reply.headers["x-a"]]).toEqual([200, undefined]);
  });

  it("E9: refuses more than it takes, and no event is made of it (9.4)", async () => {
    await using door = await open();
    await door.ask("/");
    const before = door.events().length;
    const tooLarge = await door.ask("/", { method: "POST", body: Buffer.alloc(1_048_577) });
    expect(summary(tooLarge)).toEqual(pageOf(413, "Request Entity Too Large"));
    const bad = pageOf(400, "Bad Request");
    expect(summary(await door.ask("/", { headers: { "x-one": "x".repeat(16_384) } }))).toEqual(bad);
    expect(summary(await door.ask(`/${"x".repeat(16_384)}`))).toEqual(bad);
    const many = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`x-${at}`, "x".repeat(15_000)]));
    expect(summary(await door.ask("/", { headers: many }))).toEqual(bad);
    expect(door.events()).toHaveLength(before);
    expect((await door.ask("/", { method: "POST", body: Buffer.alloc(700_000, "x") })).status).toBe(200);
  });
});

describe("a load balancer", () => {
  it("has no WebSocket for a function (9.2)", async () => {
    await using door = await doorRig({ type: "alb" });
    const headers = { Connection: "Upgrade", Upgrade: "websocket" };
    expect(summary(await door.ask("/", { headers }))).toEqual(pageOf(400, "Bad Request"));
  });

  it("asks after the function's health when told to, and stops when it is closed (A15)", async () => {
    await using door = await doorRig({ type: "alb", healthCheck: { path: "/up", intervalMs: 20 } });
    await expect.poll(() => door.rig.events.filter(({ type }) => type === "end").length).toBeGreaterThan(2);
    expect(door.events()[0]).toEqual({
      requestContext: { elb: { targetGroupArn: expect.stringContaining(":targetgroup/tested/") } },
      httpMethod: "GET",
      path: "/up",
      queryStringParameters: {},
      headers: { "user-agent": "ELB-HealthChecker/2.0" },
      body: "",
      isBase64Encoded: false,
    });
  });
});
