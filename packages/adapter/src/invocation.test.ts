import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { functionUrlEvent, httpApiEvent, sqsEvent } from "../testing/events.ts";
import {
  answer,
  isCheck,
  startFunction,
  startFunctionOver,
  stopFunctionsAfterEach,
} from "../testing/function.ts";
import type { TestFunction } from "../testing/function.ts";
import { answering } from "../testing/raw-app.ts";
import { FUNCTION_ARN } from "../testing/runtime-api.ts";
import type { Outcome } from "../testing/runtime-api.ts";
import { eventually, gate } from "../testing/wait.ts";

stopFunctionsAfterEach();

const OK = answer(200, "ok", ["content-type: text/plain"]);

/** Fields of the one request that reached the app, in order; the request line is the first. */
function linesOf({ requests }: TestFunction, at = 0): string[] {
  return (requests()[at]?.head ?? "").split("\r\n");
}

function fieldOf(fn: TestFunction, name: string, at = 0): string | undefined {
  const values = linesOf(fn, at).filter((line) => line.toLowerCase().startsWith(`${name}: `));
  expect(values.length).toBeLessThanOrEqual(1);
  return values[0]?.slice(name.length + 2);
}

const errorOf = ({ text }: Outcome): { errorType: string; errorMessage: string } =>
  JSON.parse(text) as { errorType: string; errorMessage: string };

const context = (deadline: number): string =>
  `x-amzn-lambda-context: {"request_id":"my_id","deadline":${deadline},"invoked_function_arn":"${FUNCTION_ARN}",` +
  '"xray_trace_id":"Root=1-a","client_context":null,"identity":null,"tenant_id":null,' +
  '"env_config":{"function_name":"shop","memory":512,"version":"$LATEST",' +
  '"log_stream":"2026/11/24/[$LATEST]abc","log_group":"/aws/lambda/shop"}}';

const myHeaders = (deadline: number): Record<string, string> => ({
  "Lambda-Runtime-Aws-Request-Id": "my_id",
  "Lambda-Runtime-Deadline-Ms": String(deadline),
  "Lambda-Runtime-Trace-Id": "Root=1-a",
});

describe("an HTTP event", () => {
  it("reaches the app byte for byte like this, from a Function URL", async () => {
    const fn = await startFunction(OK);
    const deadline = Date.now() + 30_000;
    const event = functionUrlEvent({
      method: "POST",
      path: "/a%20b//c/../d",
      query: "x=1&x=2&flag&p=%2B+",
      headers: { "content-type": "text/plain", "X-Dup": "a,b", cookie: "c=1; d=2" },
      cookies: ["c=1", "d=2"],
      body: "héllo",
    });
    await fn.api.invoke({ event: JSON.stringify(event), headers: myHeaders(deadline) });
    expect(linesOf(fn)).toEqual([
      "POST /a%20b//c/../d?x=1&x=2&flag&p=%2B+ HTTP/1.1",
      "host: abcdef.lambda-url.eu-central-1.on.aws",
      "content-type: text/plain",
      "X-Dup: a,b",
      "cookie: c=1; d=2",
      "x-amzn-trace-id: Root=1-a",
      `x-amzn-request-context: ${JSON.stringify(event["requestContext"])}`,
      context(deadline),
      `lambda-runtime-deadline-ms: ${deadline}`,
      "lambda-runtime-aws-request-id: my_id",
      "content-length: 6",
    ]);
    expect(fn.requests()[0]?.body.toString()).toBe("héllo");
  });

  it("is answered byte for byte like this", async () => {
    const fields = ["content-type: text/html; charset=utf-8", "Set-Cookie: a=1; Path=/", "set-cookie: b=2"];
    const fn = await startFunction(
      answer(201, '<p>"é"</p>\n'.replace("é", "\xc3\xa9"), [
        ...fields,
        "Vary: a",
        "vary: b",
        "connection: keep-alive",
      ]),
    );
    const { kind, text } = await fn.api.invoke(functionUrlEvent());
    expect(kind).toBe("response");
    expect(text).toBe(
      '{"statusCode":201,"headers":{"content-type":"text/html; charset=utf-8","vary":"a, b"},' +
        '"body":"<p>\\"é\\"</p>\\n","isBase64Encoded":false,"cookies":["a=1; Path=/","b=2"]}',
    );
  });

  it("of an HTTP API has its decoded path encoded again and its cookies joined: LWA 11.1 (8) http_path_encoding", async () => {
    const fn = await startFunction(OK);
    await fn.api.invoke(httpApiEvent({ path: "/Año_1234", query: "a=b", cookies: ["c=1", "d=2"] }));
    expect(linesOf(fn)[0]).toBe("GET /A%C3%B1o_1234?a=b HTTP/1.1");
    expect(fieldOf(fn, "cookie")).toBe("c=1; d=2");
    expect(fieldOf(fn, "content-length")).toBeUndefined();
  });

  it("is a plain request and answer: LWA 11.1 (6) http_basic_request", async () => {
    const fn = await startFunction(answer(200, "Hello World"));
    const { text } = await fn.api.invoke(functionUrlEvent({ path: "/hello" }));
    expect(JSON.parse(text)).toMatchObject({ statusCode: 200, body: "Hello World", isBase64Encoded: false });
    expect(fn.requests()).toHaveLength(1);
  });

  it("carries headers both ways: LWA 11.1 (7) http_headers", async () => {
    const fn = await startFunction(answer(200, "OK", ["fizz: buzz"]));
    const { text } = await fn.api.invoke(functionUrlEvent({ headers: { foo: "bar" } }));
    expect(fieldOf(fn, "foo")).toBe("bar");
    expect(JSON.parse(text)).toMatchObject({ headers: { fizz: "buzz" }, body: "OK" });
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "PROPFIND", "patch"])(
    "keeps the method %s: LWA 11.1 (10) http_post_put_delete",
    async (method) => {
      const fn = await startFunction(({ head }) => answer(200, `${head.split(" ")[0]} Success`));
      const { text } = await fn.api.invoke(functionUrlEvent({ method }));
      expect(JSON.parse(text)).toMatchObject({ body: `${method} Success` });
    },
  );

  it("carries bodies exactly: LWA 11.1 (11) http_request_body_forwarded", async () => {
    const fn = await startFunction(OK);
    const bytes = Buffer.from([0x00, 0x01, 0x02, 0xff, 0xfe, 0x89, 0x50, 0x4e, 0x47]);
    await fn.api.invoke(functionUrlEvent({ method: "POST", body: '{"a": 1.50}' }));
    await fn.api.invoke(functionUrlEvent({ method: "POST" }));
    await fn.api.invoke(
      functionUrlEvent({ method: "POST", body: bytes.toString("base64"), isBase64Encoded: true }),
    );
    expect(fn.requests().map(({ body }) => body.toString("hex"))).toEqual([
      Buffer.from('{"a": 1.50}').toString("hex"),
      "",
      bytes.toString("hex"),
    ]);
    expect([0, 1, 2].map((at) => fieldOf(fn, "content-length", at))).toEqual(["11", "0", "9"]);
  });

  it("gets binary bodies as base64 and leaves what is compressed alone: LWA 11.1 (14), 11.4 (74)", async () => {
    const gzip = Buffer.from("1f8b08000000000000034bcf4f010017e2b3bd03000000", "hex").toString("latin1");
    const fn = await startFunction(answer(200, gzip, ["content-encoding: gzip"]));
    const { text } = await fn.api.invoke(functionUrlEvent());
    expect(JSON.parse(text)).toMatchObject({
      headers: { "content-encoding": "gzip" },
      body: Buffer.from(gzip, "latin1").toString("base64"),
      isBase64Encoded: true,
    });
  });

  it("keeps the type with its suffix and charset: LWA 11.1 (16) http_content_encoding_suffix", async () => {
    const type = "application/graphql-response+json; charset=utf-8";
    const fn = await startFunction(answer(200, '{"data":null}', [`content-type: ${type}`]));
    const { text } = await fn.api.invoke(functionUrlEvent());
    expect(JSON.parse(text)).toMatchObject({ headers: { "content-type": type }, body: '{"data":null}' });
  });

  it("gets an answer whose header value is Latin-1 (B6)", async () => {
    const fn = await startFunction(answer(200, "", ["x-name: caf\xe9"]));
    const { kind, text } = await fn.api.invoke(functionUrlEvent());
    expect(kind).toBe("response");
    expect(JSON.parse(text)).toMatchObject({ headers: { "x-name": "café" } });
  });

  it.each([
    ["HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\netag: x\r\ncontent-length: 50\r\n\r\n"],
  ])("has no body for %s answered %j, and the connection goes on", async (method, response) => {
    const fn = await startFunction(response);
    for (let i = 0; i < 2; i++) {
      const { text } = await fn.api.invoke(functionUrlEvent({ method }));
      expect(JSON.parse(text)).toMatchObject({ body: "", isBase64Encoded: false });
    }
    expect(fn.app.connections).toHaveLength(1);
  });

  it("has its base path taken off: LWA 11.1 (20, 21, 22)", async () => {
    const fn = await startFunction(OK, { AWS_LWA_REMOVE_BASE_PATH: "/prod/" });
    for (const path of ["/prod/api/data", "/other/path", "/prod", "/product"])
      await fn.api.invoke(functionUrlEvent({ path, query: "q=1" }));
    expect([0, 1, 2, 3].map((at) => linesOf(fn, at)[0])).toEqual([
      "GET /api/data?q=1 HTTP/1.1",
      "GET /other/path?q=1 HTTP/1.1",
      "GET /?q=1 HTTP/1.1",
      "GET /product?q=1 HTTP/1.1",
    ]);
  });

  it("has its authorization moved: LWA 11.1 (18, 25) http_authorization_source", async () => {
    const fn = await startFunction(OK, { AWS_LWA_AUTHORIZATION_SOURCE: "Auth-Token" });
    await fn.api.invoke(
      functionUrlEvent({ headers: { "auth-token": "Bearer token", authorization: "AWS4" } }),
    );
    await fn.api.invoke(functionUrlEvent({ headers: { authorization: "forged" } }));
    expect(fieldOf(fn, "authorization", 0)).toBe("Bearer token");
    expect(fieldOf(fn, "auth-token", 0)).toBeUndefined();
    expect(fieldOf(fn, "authorization", 1)).toBeUndefined();
    expect(fn.adapter.lines).toEqual([
      'WARN "auth-token" header not found in request headers requestId=request-2',
    ]);
  });

  it("takes no context from the client: LWA 11.1 (19, 31, 32), B23", async () => {
    const fn = await startFunction(OK);
    const headers = {
      "x-amzn-request-context": "forged",
      "X-Amzn-Lambda-Context": "forged",
      "x-amz-tenant-id": "forged",
      "lambda-runtime-deadline-ms": "forged",
      "x-amzn-trace-id": "Root=edge",
    };
    const event = JSON.stringify(functionUrlEvent({ headers }));
    await fn.api.invoke({ event });
    await fn.api.invoke({ event, headers: { "Lambda-Runtime-Aws-Tenant-Id": "tenant-abc-123" } });
    expect(linesOf(fn).join()).not.toContain("forged");
    expect(fieldOf(fn, "x-amz-tenant-id", 0)).toBeUndefined();
    expect(fieldOf(fn, "x-amz-tenant-id", 1)).toBe("tenant-abc-123");
    expect(fieldOf(fn, "x-amzn-trace-id", 0)).toBe("Root=edge");
  });

  it("has odd headers left out and goes on, saying which but not what they hold", async () => {
    const fn = await startFunction(OK);
    const headers = { "x-bad": "secret\r\nx-smuggled: 1", "bad name": "secret", "x-null": null, "x-n": 5 };
    const { kind } = await fn.api.invoke(functionUrlEvent({ headers }));
    expect(kind).toBe("response");
    expect(linesOf(fn).join("\n")).not.toMatch(/smuggled|bad|x-null/);
    expect(fieldOf(fn, "x-n")).toBe("5");
    expect(fn.adapter.lines).toHaveLength(2);
    expect(fn.adapter.lines.join("\n")).toContain('"x-bad"');
    expect(fn.adapter.lines.join("\n")).not.toContain("secret");
  });

  it.each([
    ["a raw query with a space and quotes (B1)", { query: 'q=a b"<>' }],
    ["a host that is none (B2)", { headers: { host: "{x}", "x-forwarded-proto": "https, http" } }],
    ["framing of its own (B18)", { headers: { "content-length": "5000", "transfer-encoding": "chunked" } }],
    ["an expectation", { headers: { expect: "100-continue", connection: "x-a", "x-a": "1" } }],
    ["empty cookies (B28)", { cookies: [] }],
  ])("with %s is served all the same", async (_, parts) => {
    const fn = await startFunction(OK);
    expect((await fn.api.invoke(functionUrlEvent({ method: "POST", body: "x", ...parts }))).kind).toBe(
      "response",
    );
    expect(fn.requests()[0]?.body.toString()).toBe("x");
  });

  it.each([
    ["base64 that is none (B3)", functionUrlEvent({ body: "@@@", isBase64Encoded: true })],
    ["a method that is none", functionUrlEvent({ method: "GET /x HTTP/1.1\r\nx: y" })],
  ])("with %s fails, and the loop goes on", async (_, event) => {
    const fn = await startFunction(OK);
    const failed = await fn.api.invoke(event);
    expect(failed).toMatchObject({ kind: "error", errorType: "Adapter.InvalidEvent" });
    expect(fn.requests()).toHaveLength(0);
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("that is no JSON fails without its text in the log, and the loop goes on", async () => {
    const fn = await startFunction(OK);
    const failed = await fn.api.invoke({ event: '{"authorization": secret}' });
    expect(failed).toMatchObject({ kind: "error", errorType: "Adapter.InvalidEvent" });
    expect(errorOf(failed).errorMessage).toContain("not JSON");
    expect(fn.adapter.lines.join("\n")).not.toContain("secret");
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("fails with a status of AWS_LWA_ERROR_STATUS_CODES: LWA 11.1 (17, 26)", async () => {
    let status = 502;
    const fn = await startFunction(() => answer(status, "Bad Gateway"), {
      AWS_LWA_ERROR_STATUS_CODES: "500,502-504",
    });
    const failed = await fn.api.invoke(functionUrlEvent({ path: "/x", query: "token=secret" }));
    expect(failed).toMatchObject({ kind: "error", errorType: "Adapter.AppErrorStatus" });
    expect(errorOf(failed).errorMessage).toBe('{"statusCode":502,"body":"Bad Gateway"}');
    expect(fn.adapter.lines).toEqual([
      "ERROR Invocation failed with Adapter.AppErrorStatus: The app answered with status 502 requestId=request-1 method=GET path=/x",
    ]);
    status = 404;
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("is answered with a 500 of the app when nothing is configured", async () => {
    const fn = await startFunction(answer(500, "oops"));
    expect(JSON.parse((await fn.api.invoke(functionUrlEvent())).text)).toMatchObject({ statusCode: 500 });
  });

  it("fails when the answer is larger than Lambda takes (B40)", async () => {
    const fn = await startFunction(({ head }) => answer(200, "x".repeat(Number(head.split(/[/ ]/)[2]))));
    const limit = 6_291_556;
    const around = '{"statusCode":200,"headers":{},"body":"","isBase64Encoded":false,"cookies":[]}'.length;
    const fits = await fn.api.invoke(functionUrlEvent({ path: `/${limit - around}` }));
    expect(fits.kind).toBe("response");
    expect(fits.body.length).toBe(limit);
    const large = await fn.api.invoke(functionUrlEvent({ path: `/${limit - around + 1}` }));
    expect(large).toMatchObject({ kind: "error", errorType: "Adapter.ResponseTooLarge" });
    expect(errorOf(large).errorMessage).toContain(`${limit + 1} bytes`);
  });

  const failures: [string, string, number, string][] = [
    ["closes", "", 502, "Adapter.AppClosedConnection"],
    [
      "closes in the middle of the body (B5)",
      "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx",
      502,
      "Adapter.AppClosedConnection",
    ],
    ["sends no HTTP", "hello\r\n\r\n", 502, "Adapter.AppSentInvalidHttp"],
  ];

  const breaking = (bytes: string): Promise<TestFunction> =>
    startFunctionOver(
      async ({ readRequest, socket }) => {
        if ((await readRequest()) !== undefined) socket.end(bytes, "latin1");
      },
      { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    );

  it.each(failures)("fails when the app %s, and the loop goes on", async (_, bytes, __, errorType) => {
    const fn = await breaking(bytes);
    for (let i = 0; i < 2; i++)
      expect(await fn.api.invoke(functionUrlEvent())).toMatchObject({ kind: "error", errorType });
  });

  it.each(failures)(
    "is answered when the app %s, with ANYLAMBDA_APP_FAILURE=response",
    async (_, bytes, status, errorType) => {
      const fn = await startFunctionOver(
        async ({ readRequest, socket }) => {
          if ((await readRequest()) !== undefined) socket.end(bytes, "latin1");
        },
        { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp", ANYLAMBDA_APP_FAILURE: "response" },
      );
      const { kind, text } = await fn.api.invoke(functionUrlEvent());
      expect(kind).toBe("response");
      expect(JSON.parse(text)).toMatchObject({
        statusCode: status,
        body: JSON.stringify({ message: "Bad Gateway", errorType }),
      });
      expect(await fn.api.invoke({ event: sqsEvent })).toMatchObject({ kind: "error", errorType });
    },
  );

  it("fails when nothing listens any more", async () => {
    const fn = await startFunction(OK);
    await fn.app.close();
    expect(await fn.api.invoke(functionUrlEvent())).toMatchObject({
      kind: "error",
      errorType: "Adapter.AppUnreachable",
    });
  });
});

describe("the deadline", () => {
  /** The first request that is not the readiness check is never answered. */
  const hanging = (env: Record<string, string> = {}): Promise<TestFunction> => {
    let hung = false;
    return startFunctionOver(async ({ readRequest, socket }) => {
      for (;;) {
        const request = await readRequest();
        if (request === undefined) return;
        if (!isCheck(request) && !hung) {
          hung = true;
          continue;
        }
        socket.write(OK);
      }
    }, env);
  };

  it("is not waited for: the app is given up before it, and the next invocation has a connection of its own (B29)", async () => {
    const fn = await hanging();
    const failed = await fn.api.invoke({
      event: JSON.stringify(functionUrlEvent({ path: "/slow", query: "token=secret" })),
      headers: { "Lambda-Runtime-Deadline-Ms": String(Date.now() + 600) },
    });
    expect(failed).toMatchObject({ kind: "error", errorType: "Adapter.DeadlineExceeded" });
    expect(errorOf(failed).errorMessage).toMatch(/^The app did not answer GET \/slow within \d+ ms$/);
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
    const [hung, next] = fn.app.requests.filter((request) => !isCheck(request));
    expect(next?.connection).not.toBe(hung?.connection);
    await eventually(() => fn.app.connections[hung?.connection ?? 0]?.socket.destroyed);
  });

  it("becomes a 504 with ANYLAMBDA_APP_FAILURE=response", async () => {
    const fn = await hanging({ ANYLAMBDA_APP_FAILURE: "response" });
    const { kind, text } = await fn.api.invoke({
      event: JSON.stringify(functionUrlEvent()),
      headers: { "Lambda-Runtime-Deadline-Ms": String(Date.now() + 600) },
    });
    expect(kind).toBe("response");
    expect(JSON.parse(text)).toMatchObject({ statusCode: 504 });
  });

  it.each([
    ["missing", null],
    ["no number", "soon"],
    ["in the past: LWA 11 (deadline 123)", "123"],
    ["further away than a timer reaches", String(Date.now() + 3e9)],
    ["infinite", "1e999"],
  ])("is no limit when it is %s", async (_, deadline) => {
    const fn = await startFunction(OK);
    const { kind } = await fn.api.invoke({
      event: JSON.stringify(functionUrlEvent()),
      headers: { "Lambda-Runtime-Deadline-Ms": deadline },
    });
    expect(kind).toBe("response");
  });
});

describe("an event that is not HTTP", () => {
  it("is posted byte for byte like this (spec adapter.md 3.9)", async () => {
    const fn = await startFunction(answer(200, "null"));
    const deadline = Date.now() + 30_000;
    await fn.api.invoke({ event: `\n ${sqsEvent} \n`, headers: myHeaders(deadline) });
    expect(linesOf(fn)).toEqual([
      "POST /events HTTP/1.1",
      `host: 127.0.0.1:${fn.app.port}`,
      "content-type: application/json",
      "x-amzn-trace-id: Root=1-a",
      "x-amzn-request-context: null",
      context(deadline),
      `lambda-runtime-deadline-ms: ${deadline}`,
      "lambda-runtime-aws-request-id: my_id",
      `content-length: ${sqsEvent.length}`,
    ]);
    expect(fn.requests()[0]?.body.toString()).toBe(sqsEvent);
  });

  it("goes to AWS_LWA_PASS_THROUGH_PATH, which no base path touches", async () => {
    const env = { AWS_LWA_PASS_THROUGH_PATH: "queue/in?x", AWS_LWA_REMOVE_BASE_PATH: "/queue" };
    const fn = await startFunction(answer(200, "null"), env);
    await fn.api.invoke({ event: sqsEvent });
    expect(linesOf(fn)[0]).toBe("POST /queue/in%3Fx HTTP/1.1");
  });

  it("gets the app's JSON byte for byte: 1.50 and the order of keys (B19)", async () => {
    const own = '{"batchItemFailures":[{"itemIdentifier":"m-1"}], "a":1.50,"Z":12345678901234567890}';
    const fn = await startFunction(answer(200, own, ["content-type: application/json"]));
    expect((await fn.api.invoke({ event: sqsEvent })).text).toBe(own);
  });

  it.each([["true"], ["[]"], ["null"], ["1"], ['"x"'], ['{"Records":null}']])(
    "may be any JSON: %s",
    async (event) => {
      const fn = await startFunction(answer(200, "{}"));
      expect((await fn.api.invoke({ event })).kind).toBe("response");
      expect(fn.requests()[0]?.body.toString()).toBe(event);
    },
  );

  it.each([
    [200, "<p>", "response"],
    [204, "", "response"],
    [404, "{}", "response"],
    [499, "{}", "response"],
    [500, "{}", "error"],
    [503, "", "error"],
  ])("answered %i with %j is a %s (B19)", async (status, body, kind) => {
    const fn = await startFunction(answer(status, body));
    expect((await fn.api.invoke({ event: sqsEvent })).kind).toBe(kind);
  });

  it("answered 4xx leaves a line, since the message is gone for good, without the app's words", async () => {
    const fn = await startFunction(answer(404, '{"secret":1}'), { AWS_LWA_PASS_THROUGH_PATH: "/jobs" });
    await fn.api.invoke({ event: sqsEvent });
    expect(fn.adapter.lines).toEqual([
      "WARN The app answered the event with status 404, which counts as done requestId=request-1 path=/jobs",
    ]);
  });

  it("answered with what is no JSON leaves a line, without what it was", async () => {
    const fn = await startFunction(answer(200, "<secret>"));
    expect((await fn.api.invoke({ event: sqsEvent })).text).toBe("null");
    expect(fn.adapter.lines).toEqual([
      "WARN The app's answer to an event is not JSON; Lambda gets null instead requestId=request-1 status=200",
    ]);
  });

  it("fails by AWS_LWA_ERROR_STATUS_CODES alone when that is set", async () => {
    let status = 500;
    const fn = await startFunction(() => answer(status, "{}"), { AWS_LWA_ERROR_STATUS_CODES: "404" });
    expect((await fn.api.invoke({ event: sqsEvent })).kind).toBe("response");
    status = 404;
    expect((await fn.api.invoke({ event: sqsEvent })).kind).toBe("error");
  });

  it("fails with the app's own error, so that Step Functions can match it (B35)", async () => {
    const own = '{"errorMessage":"sold out","errorType":"Shop.SoldOut","n":1.50}';
    const fn = await startFunction(answer(500, own));
    expect(await fn.api.invoke({ event: '{"order":1}' })).toMatchObject({
      kind: "error",
      errorType: "Shop.SoldOut",
      text: own,
    });
  });

  it("fails when the answer is larger than Lambda takes (B40)", async () => {
    const fn = await startFunction(answer(200, JSON.stringify("x".repeat(6_291_555))));
    expect(await fn.api.invoke({ event: sqsEvent })).toMatchObject({
      kind: "error",
      errorType: "Adapter.ResponseTooLarge",
    });
  });
});

describe("handleInvocation", () => {
  it("answers or fails every JSON event, and the loop never ends", async () => {
    const fn = await startFunction(OK);
    const member = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string({ unit: "binary" }), fc.constant(null));
    const likeHttp = fc
      .record(
        {
          version: fc.constantFrom("2.0", "1.0", 2),
          rawPath: fc.oneof(fc.string({ unit: "binary" }), member),
          rawQueryString: fc.oneof(fc.string({ unit: "binary" }), member),
          headers: fc.oneof(fc.dictionary(fc.string(), member), member),
          cookies: fc.oneof(fc.array(fc.string({ unit: "binary" })), member),
          queryStringParameters: fc.oneof(fc.dictionary(fc.string(), member), member),
          requestContext: fc.record({
            http: fc.record({ method: fc.constantFrom("GET", "POST", "", null) }),
          }),
          body: fc.oneof(fc.string({ unit: "binary" }), member),
          isBase64Encoded: fc.oneof(fc.boolean(), member),
        },
        { requiredKeys: ["version", "requestContext"] },
      )
      .map((event) => JSON.stringify(event));
    const event = fc.oneof({ weight: 3, arbitrary: likeHttp }, fc.json(), fc.string({ unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(event, async (text) => {
        const { kind, errorType } = await fn.api.invoke({ event: text });
        expect([
          ["response", undefined],
          ["error", "Adapter.InvalidEvent"],
        ]).toContainEqual([kind, errorType]);
      }),
      { numRuns: 300 },
    );
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("answers or fails whatever bytes the app sends, and the loop never ends", async () => {
    let bytes = Buffer.alloc(0);
    const fn = await startFunctionOver(
      async ({ readRequest, socket }) => {
        if ((await readRequest()) !== undefined) socket.end(bytes);
      },
      { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    );
    const piece = fc.oneof(
      fc.constantFrom(
        "HTTP/1.1 200 OK\r\n",
        "\r\n",
        "\n",
        "content-length: ",
        "transfer-encoding: chunked\r\n",
        "5\r\n",
      ),
      fc.constantFrom(
        "HTTP/1.1 103 Early\r\n\r\n",
        "0\r\n\r\n",
        "x: y\r\n",
        "set-cookie: a=\xe9\r\n",
        "3",
        ":",
      ),
      fc.string({ unit: "binary-ascii" }),
      fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some).toString("latin1")),
    );
    const start = fc.constantFrom("", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n");
    await fc.assert(
      fc.asyncProperty(
        start,
        fc.array(piece, { maxLength: 12 }),
        fc.boolean(),
        async (head, pieces, isHttp) => {
          bytes = Buffer.from(head + pieces.join(""), "latin1");
          const outcome = await fn.api.invoke({
            event: isHttp ? JSON.stringify(functionUrlEvent()) : sqsEvent,
          });
          expect(() => JSON.parse(outcome.text) as unknown).not.toThrow();
          expect(outcome.errorType).not.toBe("Adapter.InternalError");
        },
      ),
      { numRuns: 300 },
    );
  });

  it("writes no header value, query or body of a request into the log, at any level", async () => {
    const go = gate();
    go.open();
    const fn = await startFunctionOver(
      answering((request) => (isCheck(request) ? OK : answer(500, "secret", ["set-cookie: secret=1"]))),
      { AWS_LAMBDA_LOG_LEVEL: "TRACE", AWS_LWA_ERROR_STATUS_CODES: "500" },
    );
    await fn.api.invoke(
      functionUrlEvent({
        method: "POST",
        path: "/login",
        query: "token=secret",
        headers: { authorization: "Bearer secret", cookie: "s=secret", "bad name": "secret" },
        cookies: ["s=secret"],
        body: "secret",
      }),
    );
    expect(fn.adapter.lines.length).toBeGreaterThan(1);
    expect(fn.adapter.lines.join("\n")).not.toContain("secret");
  });
});
