import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DoorRig, doorRig, streamed } from "../testing/doors.ts";
import { type Reply, call } from "../testing/harness.ts";

let door: DoorRig;

beforeAll(async () => {
  door = await doorRig({ type: "rest", stage: "live", binaryMediaTypes: ["image/png"] });
});
afterAll(() => door[Symbol.asyncDispose]());

const summary = ({ status, body, headers }: Reply) => [status, body, headers["x-amzn-errortype"]];
const malformed = [502, `{"message": "Internal server error"}`, "InternalServerErrorException"];

describe("a request to a REST API", () => {
  it("is mounted at its stage, which is not in the event's path (4.2)", async () => {
    expect(door.listener.url).toBe(`http://${door.address}/live/`);
    const event = await door.eventOf("/caf%C3%A9/a%2Fb%20c/?q=1&q=2");
    expect(event).toMatchObject({
      resource: "/{proxy+}",
      path: "/caf%C3%A9/a%2Fb%20c/",
      pathParameters: { proxy: "caf%C3%A9/a%2Fb%20c" },
      multiValueQueryStringParameters: { q: ["1", "2"] },
      requestContext: { stage: "live", path: "/live/caf%C3%A9/a%2Fb%20c/", resourcePath: "/{proxy+}" },
    });
    expect((await door.eventOf("")) as object).toMatchObject({
      resource: "/",
      path: "/",
      pathParameters: null,
    });
    expect(event.requestContext["resourceId"]).toMatch(/^[a-z0-9]{6}$/);
    expect(event.requestContext["resourceId"]).not.toBe(door.events().at(-1)?.requestContext["resourceId"]);
  });

  it("keeps the last value in the single map and all in the other (4.4)", async () => {
    const event = await door.eventOf("/", { headers: ["Host", "h", "x-q", "1", "X-Q", "2"] });
    expect(event).toMatchObject({ headers: { "x-q": "2" }, multiValueHeaders: { "x-q": ["1", "2"] } });
  });

  it("is base64 when its type is a binary one, else text (4.5)", async () => {
    const png = Buffer.from([137, 80, 78, 71]);
    const headers = { "Content-Type": "image/png" };
    expect(await door.eventOf("/", { method: "POST", body: png, headers })).toMatchObject({
      body: png.toString("base64"),
      isBase64Encoded: true,
    });
    expect(await door.eventOf("/", { method: "POST", body: png })).toMatchObject({ isBase64Encoded: false });
  });

  it("for what is no resource ends with 403 (4.9)", async () => {
    const listener = await door.open({ type: "rest", resources: ["GET /items/{id}", "POST /items"] });
    const address = new URL(listener.url).host;
    expect(listener.url).toBe(`http://${address}/prod/`);
    const token = [403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException"];
    for (const [method, path] of [
      ["GET", "/prod/items"],
      ["HEAD", "/prod/items/1"],
      ["GET", "/prod/items/1/2"],
      ["GET", "/prod/"],
    ] as const) {
      const reply = summary(await call(address, { method, path }));
      expect(reply).toEqual(method === "HEAD" ? [403, "", token[2]] : token);
    }
    expect(summary(await call(address, { path: "/items/1" }))).toEqual([
      403,
      `{"message":"Forbidden"}`,
      "ForbiddenException",
    ]);
    await call(address, { path: "/prod/items/1/" });
    expect(door.events().at(-1)).toMatchObject({ path: "/items/1/", pathParameters: { id: "1" } });
  });

  it("has the method that X-HTTP-Method-Override names (4.4)", async () => {
    const headers = { "X-HTTP-Method-Override": "patch" };
    expect(await door.eventOf("/", { method: "POST", headers })).toMatchObject({ httpMethod: "PATCH" });
    const listener = await door.open({ type: "rest", resources: ["DELETE /x"] });
    const address = new URL(listener.url).host;
    const override = { "X-HTTP-Method-Override": "DELETE" };
    expect((await call(address, { path: "/prod/x", headers: override })).status).toBe(200);
    expect((await call(address, { path: "/prod/x" })).status).toBe(403);
  });

  it("with |, { or } unescaped ends with 400, and no event is made of it (4.3)", async () => {
    const before = door.events().length;
    for (const path of ["/a|b", "/{a", "/x?a={}"]) expect((await door.ask(path)).status).toBe(400);
    expect(door.events()).toHaveLength(before);
    expect((await door.ask("/a%7Cb?%7B=%7D")).status).toBe(200);
  });

  it("that is too long ends with 413, and with too many headers with 431 (4.9)", async () => {
    for (const bytes of [10_485_761, 7_000_000]) {
      const headers = { "Content-Type": "text/plain" };
      const reply = await door.ask("/", { method: "POST", headers, body: Buffer.alloc(bytes, "x") });
      expect([reply.status, reply.body]).toEqual([413, `{"message":"Request Too Long"}`]);
    }
    expect((await door.ask("/", { headers: { "x-long": "x".repeat(10_240) } })).status).toBe(431);
  });
});

describe("an answer of a REST API", () => {
  it.each([
    ["O1: {} is 200, empty, JSON", {}, [200, "", "application/json"]],
    ["O2: a status in digits", { statusCode: "201", body: "x" }, [201, "x", "application/json"]],
    ["headers null", { statusCode: 200, headers: null }, [200, "", "application/json"]],
    ["a type of its own", { headers: { "Content-Type": "text/x" }, body: "y" }, [200, "y", "text/x"]],
  ])("%s (4.7)", async (_, answer, expected) => {
    const { status, body, headers } = await door.told(answer, "/");
    expect([status, body, headers["content-type"]]).toEqual(expected);
  });

  it.each([
    ["a status in words", { statusCode: "nope" }],
    ["status 0", { statusCode: 0 }],
    ["a key that it does not know", { statusCode: 200, cookies: ["a=1"] }],
    ["statusDescription", { statusCode: 200, statusDescription: "200 OK" }],
    ["a number as a header's value", { statusCode: 200, headers: { x: 1 } }],
    ["a multi-valued header that is no list", { multiValueHeaders: { x: "notarray" } }],
    ["a body that is no string", { body: { a: 1 } }],
    ["a bare string", "hello"],
    ["a list", [1]],
    ["null", null],
  ])("with %s is malformed: 502 (4.7)", async (_, answer) => {
    expect(summary(await door.told(answer, "/"))).toEqual(malformed);
  });

  it("that is no JSON, or a failure, is 502 of another spelling (4.7)", async () => {
    const expected = [502, `{"message":"Internal server error"}`, undefined];
    expect(summary(await door.told(Buffer.from("no json"), "/"))).toEqual(expected);
    for (const how of ["error", "exit"])
      expect(summary(await door.ask("/", { headers: { "x-do": how } }))).toEqual(expected);
  });

  it("O10: has its forbidden headers renamed or left out, and the gateway's own added (4.7)", async () => {
    const headers = {
      Date: "then",
      Server: "mine",
      Connection: "close",
      "WWW-Authenticate": "Basic",
      "User-Agent": "u",
      "Content-Length": "7",
      "Max-Forwards": "1",
      Host: "h",
      TE: "t",
      Via: "v",
      "Transfer-Encoding": "chunked",
      Upgrade: "x",
      "X-Own": "1",
    };
    const reply = await door.told({ headers, body: "x" }, "/");
    expect(reply.headers).toMatchObject({
      "x-amzn-remapped-date": "then",
      "x-amzn-remapped-server": "mine",
      "x-amzn-remapped-connection": "close",
      "x-amzn-remapped-www-authenticate": "Basic",
      "x-amzn-remapped-user-agent": "u",
      "x-amzn-remapped-content-length": "7",
      "x-amzn-remapped-max-forwards": "1",
      "x-own": "1",
      "content-length": "1",
      "x-amzn-requestid": expect.stringMatching(/^[0-9a-f-]{36}$/),
      "x-amz-apigw-id": expect.stringMatching(/^[\w-]{15}=$/),
      "x-amzn-trace-id": expect.stringMatching(/^Root=1-/),
    });
    expect(new Date(reply.headers.date ?? "").getTime()).not.toBeNaN();
    for (const name of ["host", "te", "via", "upgrade", "www-authenticate", "server", "transfer-encoding"])
      expect(reply.headers).not.toHaveProperty(name);
    expect(reply.headers["x-amzn-requestid"]).toBe(door.events().at(-1)?.requestContext["requestId"]);
  });

  it("has the multi-valued headers first, each pair once (4.7)", async () => {
    const answer = {
      headers: { "x-a": "s", "x-b": "1" },
      multiValueHeaders: { "X-A": ["m1", "m2"], "X-B": ["1"] },
    };
    const { rawHeaders } = await door.told(answer, "/");
    expect(rawHeaders.slice(0, 8)).toEqual(["X-A", "m1", "X-A", "m2", "X-B", "1", "X-A", "s"]);
  });

  it.each([
    ["image/png,*/*", 4],
    ["image/png;q=0.9", 4],
    ["image/webp,image/png", 8],
    ["*/*", 8],
    [undefined, 8],
  ])("O4: decodes base64 for the first type of Accept: %s (4.8)", async (accept, length) => {
    const body = Buffer.from([137, 80, 78, 71]).toString("base64");
    const reply = await door.told({ body, isBase64Encoded: true }, "/", {
      headers: accept ? { accept } : {},
    });
    expect(reply.headers["content-length"]).toBe(String(length));
  });

  it("that takes too long is 504, and the function runs to its end (4.9)", async () => {
    const listener = await door.open({ type: "rest", timeoutMs: 50 });
    const reply = await call(new URL(listener.url).host, { path: "/prod/", headers: { "x-do": "wait:300" } });
    expect([reply.status, reply.body]).toEqual([504, `{"message": "Endpoint request timed out"}`]);
    expect((await door.ask("/")).status).toBe(200);
  });

  it("is 500 when Lambda throttles", async () => {
    await using busy = await doorRig({ type: "rest" }, { whenBusy: "throttle" });
    const slow = busy.ask("/", { headers: { "x-do": "wait:1000" } });
    await expect.poll(() => busy.rig.events.some(({ type }) => type === "start")).toBe(true);
    expect((await busy.ask("/")).status).toBe(500);
    await slow;
  });
});

describe("a REST API that streams (4.10)", () => {
  let streaming: DoorRig;
  beforeAll(async () => {
    streaming = await doorRig({ type: "rest", responseTransferMode: "STREAM" });
  });
  afterAll(() => streaming[Symbol.asyncDispose]());
  const headers = { "x-do": "stream" };

  it("sends the prelude's head and the bytes behind it, in chunks", async () => {
    const prelude = {
      statusCode: 201,
      multiValueHeaders: { "x-m": ["1", "2"], date: ["then"], "content-length": ["9"] },
      cookies: ["a=1"],
    };
    const reply = await streaming.told(streamed(prelude, "päng"), "/", { headers });
    expect([reply.status, reply.body, reply.headers["transfer-encoding"]]).toEqual([201, "päng", "chunked"]);
    expect(reply.headers).toMatchObject({
      "x-m": "1, 2",
      "set-cookie": ["a=1"],
      "x-amzn-remapped-date": "then",
      "x-amzn-remapped-content-length": "9",
      "content-type": "application/json",
    });
  });

  it("takes a prelude without members", async () => {
    const reply = await streaming.told(streamed({}, ""), "/", { headers });
    expect([reply.status, reply.body]).toEqual([200, ""]);
  });

  it.each([
    ["S5: without a delimiter in 16 KB", Buffer.from("{}"), "stream", "16384"],
    ["with a prelude that is no JSON", Buffer.concat([Buffer.from("{"), Buffer.alloc(9)]), "stream"],
    ["that is an answer in one piece", Buffer.from(`{"statusCode":200}`), ""],
  ])("answers 500 to a stream %s", async (_, bytes, how, pad = "0") => {
    const reply = await streaming.told(bytes, "/", { headers: { "x-do": how, "x-pad": pad } });
    expect([reply.status, reply.body]).toEqual([500, `{"message": "Internal server error"}`]);
  });

  it("answers 502 when the function fails before its first byte", async () => {
    expect((await streaming.ask("/", { headers: { "x-do": "error" } })).status).toBe(502);
  });
});
