import http from "node:http";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Rig, call, of, rig, until } from "../testing/harness.ts";
import { listenFunctionUrl } from "./function-url.ts";
import type { HttpListener } from "./http-listener.ts";

let r: Rig;
let listener: HttpListener;
let address: string;

beforeAll(async () => {
  r = await rig({ command: { ...fixtureOf("url-runtime.mjs") } });
  listener = await listenFunctionUrl(r.fleet);
  address = new URL(listener.url).host;
});
afterAll(async () => {
  await listener.close();
  await r[Symbol.asyncDispose]();
});

function fixtureOf(name: string) {
  return { file: process.execPath, args: [new URL(`../testing/fixtures/${name}`, import.meta.url).pathname] };
}

interface Event {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Record<string, string>;
  readonly cookies?: string[];
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: { requestId: string; domainName: string; http: Record<string, string> };
}

describe("a request", () => {
  it("arrives as the event says it was sent", async () => {
    const headers = [
      "Host",
      "h",
      "X-Twice",
      "1",
      "Cookie",
      "a=1; b=2",
      "x-twice",
      "2",
      "X-Text",
      latin1("é"),
    ];
    const reply = await call(address, {
      method: "PUT",
      path: "/a%20b//%F?x=%31&x",
      headers,
      body: Buffer.from([0, 255]),
    });
    expect(reply.status).toBe(200);
    const event = JSON.parse(reply.body) as Event;
    expect(event).toMatchObject({
      rawPath: "/a%20b//%F",
      rawQueryString: "x=%31&x",
      body: "AP8=",
      isBase64Encoded: true,
      cookies: ["a=1", "b=2"],
      requestContext: {
        requestId: reply.headers["x-amzn-requestid"],
        accountId: "anonymous",
        http: { method: "PUT", sourceIp: "127.0.0.1" },
      },
    });
    expect(event.headers).toMatchObject({
      host: "h",
      "x-twice": "1,2",
      "x-text": "é",
      "x-forwarded-proto": "http",
    });
    expect(event.headers["x-amzn-trace-id"]).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(event.requestContext.domainName).toMatch(/^[a-z0-9]{32}\.lambda-url\.eu-west-1\.on\.aws$/);
  });

  it("has one id and one trace in the event, in the log and in the runtime", async () => {
    const trace = "Root=1-00000001-000000000000000000000002;Parent=0000000000000003;Sampled=1";
    const reply = await call(address, { path: "/head", headers: { "X-Amzn-Trace-Id": trace } });
    const head = JSON.parse(reply.body) as Record<string, string>;
    expect(head["lambda-runtime-aws-request-id"]).toBe(reply.headers["x-amzn-requestid"]);
    expect(head["lambda-runtime-trace-id"]).toBe(trace);
    const own = JSON.parse((await call(address, { path: "/trace" })).body) as {
      event: string;
      runtime: string;
    };
    expect(own.runtime.startsWith(`${own.event};Parent=`)).toBe(true);
  });

  it("may name its target in absolute form, but not as *", async () => {
    expect(await raw(`GET http://other/x?y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)).toContain(
      `"rawPath":"/x"`,
    );
    expect(await raw(`GET http://other?y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)).toContain(
      `"rawPath":"/"`,
    );
    expect(await raw(`OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 400 /,
    );
  });

  it("may be chunked", async () => {
    const chunked = "5\r\nhello\r\n0\r\n\r\n";
    const head =
      "Host: h\r\nConnection: close\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(await raw(`POST / HTTP/1.1\r\n${head}${chunked}`)).toContain(`"body":"hello"`);
  });

  it("is refused when it is larger than Lambda takes, also when only its event is", async () => {
    for (const bytes of [6_291_457, 5_000_000]) {
      const reply = await call(address, { method: "POST", path: "/", body: Buffer.alloc(bytes) });
      expect([reply.status, reply.headers["x-amzn-errortype"]]).toEqual([413, "RequestTooLargeException"]);
      expect(reply.headers["content-length"]).toBe(String(reply.body.length));
    }
    const headers = { "Content-Type": "text/plain" };
    const reply = await call(address, {
      method: "POST",
      path: "/length",
      headers,
      body: Buffer.alloc(6_000_000, "x"),
    });
    expect(reply.body).toBe("6000000");
  });
});

describe("an answer", () => {
  it("is what the function said", async () => {
    const reply = await call(address, { path: "/answer?status=201" });
    expect([reply.status, reply.body]).toEqual([201, "päng"]);
    expect(reply.headers["content-length"]).toBe("5");
    expect(reply.headers["set-cookie"]).toEqual(["a=1; Expires=Mon, 1 Jan", "b=2"]);
    expect(reply.rawHeaders).toContain("X-Case");
    expect(Buffer.from(reply.headers["x-text"] as string, "latin1").toString()).toBe("é");
  });

  it.each([204, 304])("has neither body nor length with status %d", async (status) => {
    const reply = await call(address, { path: `/answer?status=${status}` });
    expect([reply.status, reply.body, reply.headers["content-length"]]).toEqual([status, "", undefined]);
  });

  it("to HEAD has no body", async () => {
    const reply = await call(address, { method: "HEAD", path: "/answer?status=200" });
    expect([reply.status, reply.body, reply.headers["transfer-encoding"]]).toEqual([200, "", undefined]);
  });

  it("with an interim status is none", async () => {
    expect((await call(address, { path: "/answer?status=101" })).status).toBe(502);
  });

  it("is 502 and one sentence when the function failed, threw or died", async () => {
    for (const path of ["/error", "/exit"]) {
      const reply = await call(address, { path });
      expect([reply.status, reply.body]).toEqual([502, "Internal Server Error"]);
      expect(reply.headers["x-amzn-requestid"]).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect((await call(address, { path: "/answer?status=200" })).status).toBe(200);
  });

  it("nobody waits for breaks nothing", async () => {
    const before = of(r.events, "report").length;
    const request = http.request({ host: "127.0.0.1", port: listener.port, path: "/wait" });
    request.on("error", () => undefined);
    request.end();
    await until(() => of(r.events, "start").length > before);
    request.destroy();
    await until(() => of(r.events, "report").length > before);
    expect(of(r.events, "report").at(-1)?.status).toBe("success");
    expect((await call(address, { path: "/answer?status=200" })).status).toBe(200);
  });

  it("is not asked for by a client that hangs up in the middle of its body", async () => {
    const before = of(r.events, "start").length;
    await raw("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345", true).catch(() => "");
    await call(address, { path: "/" });
    expect(of(r.events, "start")).toHaveLength(before + 1);
  });
});

describe("a configured URL", () => {
  const origin = "https://shop.test";

  it("answers preflights itself, and adds to what the function says (7.4)", async () => {
    const cors = { allowOrigins: ["*"], allowMethods: ["GET"], exposeHeaders: ["x-case"] };
    const door = await listenFunctionUrl(r.fleet, { cors });
    const before = of(r.events, "start").length;
    const headers = { Origin: origin, "Access-Control-Request-Method": "GET" };
    const preflight = await call(`127.0.0.1:${door.port}`, { method: "OPTIONS", path: "/x", headers });
    expect([preflight.status, preflight.body]).toEqual([200, ""]);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET",
      "x-amzn-requestid": expect.any(String),
    });
    expect(of(r.events, "start")).toHaveLength(before);
    const reply = await call(`127.0.0.1:${door.port}`, { path: "/answer?status=200", headers: { origin } });
    expect(reply.headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "x-case",
    });
    await door.close();
  });

  it("wants a signature with AuthType AWS_IAM, and names who signed (7.1)", async () => {
    const door = await listenFunctionUrl(r.fleet, { authType: "AWS_IAM" });
    const address = `127.0.0.1:${door.port}`;
    for (const headers of [{}, { Authorization: "Bearer x" }]) {
      const reply = await call(address, { path: "/", headers });
      expect([reply.status, reply.headers["x-amzn-errortype"]]).toEqual([403, "AccessDeniedException"]);
      expect(JSON.parse(reply.body)).toEqual({ Message: expect.stringMatching(/^Forbidden\./) });
    }
    const credential = "AKIDEXAMPLE/20261126/eu-west-1/lambda/aws4_request";
    const signature = "0".repeat(64);
    const signed = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=${signature}`;
    const query = `X-Amz-Credential=${encodeURIComponent(credential)}&X-Amz-Signature=${signature}`;
    for (const asked of [{ path: "/", headers: { Authorization: signed } }, { path: `/?${query}` }]) {
      const event = JSON.parse((await call(address, asked)).body) as Event;
      expect(event.requestContext).toMatchObject({
        accountId: "123456789012",
        authorizer: { iam: { accessKey: "AKIDEXAMPLE", accountId: "123456789012", cognitoIdentity: null } },
      });
    }
    await door.close();
  });
});

describe("the server", () => {
  it("keeps connections", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const replies = [];
    for (let i = 0; i < 3; i += 1) replies.push(await call(address, { path: "/", agent }));
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200]);
    agent.destroy();
  });

  it("is reached on loopback only, and tells when its port is taken", async () => {
    expect(listener.url).toBe(`http://127.0.0.1:${listener.port}/`);
    await expect(listenFunctionUrl(r.fleet, { port: listener.port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });

  it("closes after the last answer, and turns callers away when the environment is down", async () => {
    await using other = await rig({ command: fixtureOf("url-runtime.mjs") });
    const door = await listenFunctionUrl(other.fleet);
    const agent = new http.Agent({ keepAlive: true });
    const open = { path: "/wait", agent };
    const reply = call(`127.0.0.1:${door.port}`, open);
    await until(() => of(other.events, "start").length === 1);
    const closed = door.close();
    expect((await reply).headers.connection).toBe("close");
    await closed;
    const second = await listenFunctionUrl(other.fleet);
    await other.fleet.shutdown();
    const refused = await call(`127.0.0.1:${second.port}`, { path: "/" });
    expect([refused.status, refused.headers["x-amzn-errortype"]]).toEqual([503, "ServiceException"]);
    await second.close();
  });
});

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

/** Sends bytes and reads what comes back until the server closes; `hangUp` closes first. */
function raw(bytes: string, hangUp = false): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect({ host: "127.0.0.1", port: listener.port }, () => {
      socket.write(bytes);
      if (hangUp) socket.end();
    });
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}
