/** Every front door from end to end, as Lambda and the app see it; the mappings' own tests are in wire. */
import { describe, expect, it } from "vitest";
import {
  albEvent,
  functionUrlEvent,
  httpApi1Event,
  httpApiEvent,
  latticeEvent,
  restEvent,
  sqsEvent,
  webSocketEvent,
} from "../testing/events.ts";
import type { HttpEventParts } from "../testing/events.ts";
import { answer, startFunction, stopFunctionsAfterEach } from "../testing/function.ts";
import type { TestFunction } from "../testing/function.ts";
import { eventually } from "../testing/wait.ts";

stopFunctionsAfterEach();

type EventOf = (parts?: HttpEventParts) => Record<string, unknown>;

const albMulti: EventOf = (parts) => albEvent(parts, true);
const lattice1: EventOf = (parts) => latticeEvent(parts, 1);
const albSingle: EventOf = (parts) => albEvent(parts);
const lattice2: EventOf = (parts) => latticeEvent(parts);

const doors: readonly (readonly [string, EventOf])[] = [
  ["a Function URL", functionUrlEvent],
  ["an HTTP API", httpApiEvent],
  ["an HTTP API with format 1.0", httpApi1Event],
  ["a REST API", restEvent],
  ["a load balancer", albSingle],
  ["a load balancer with multi-value headers", albMulti],
  ["Lattice V1", lattice1],
  ["Lattice V2", lattice2],
];

/** Fields of the app's last request, the request line first; without what the adapter adds of its own. */
function sentBy(fn: TestFunction): string[] {
  const lines = (fn.requests().at(-1)?.head ?? "").split("\r\n");
  return lines.filter((line) => !/^(x-amzn-(lambda|request)-context|lambda-runtime-)/.test(line));
}

const created = answer(201, "ok", [
  "content-type: text/plain",
  "set-cookie: a=1",
  "Set-Cookie: b=2",
  "vary: a",
  "vary: b",
  "server: x",
  "connection: keep-alive",
]);

describe("a request and its answer", () => {
  const parts = {
    method: "POST",
    path: "/a%20b",
    query: "x=1&x=2&y=%26",
    headers: { "content-type": "text/plain", cookie: "c=1" },
    body: "héllo",
  };
  const own = { "content-type": "text/plain" };
  const listed = { "content-type": ["text/plain"], "set-cookie": ["a=1", "b=2"], vary: ["a", "b"] };

  it.each([
    ["a REST API", restEvent, { statusCode: 201, multiValueHeaders: listed }],
    [
      "an HTTP API with format 1.0",
      httpApi1Event,
      { statusCode: 201, multiValueHeaders: { ...listed, server: ["x"] } },
    ],
    [
      "a load balancer with multi-value headers",
      albMulti,
      {
        statusCode: 201,
        statusDescription: "201 Created",
        multiValueHeaders: { ...listed, server: ["x"] },
      },
    ],
  ])("go through %s like this, all cookies kept", async (_, eventOf, expected) => {
    const fn = await startFunction(created);
    const { kind, text } = await fn.api.invoke(eventOf(parts));
    expect(sentBy(fn)).toEqual([
      "POST /a%20b?x=1&x=2&y=%26 HTTP/1.1",
      expect.stringMatching(/^host: .*amazonaws\.com$/i),
      "content-type: text/plain",
      "cookie: c=1",
      "content-length: 6",
    ]);
    expect(fn.requests()[0]?.body.toString()).toBe("héllo");
    expect(kind).toBe("response");
    expect(JSON.parse(text)).toEqual({ ...expected, body: "ok", isBase64Encoded: false });
    expect(fn.adapter.lines).toEqual([]);
  });

  it.each([
    ["a load balancer", albSingle, ": enable multi-value headers on the target group to keep them"],
    ["Lattice V1", lattice1, ""],
    ["Lattice V2", lattice2, ""],
  ])("go through %s like this, one cookie kept and the other told about", async (_, eventOf, mend) => {
    const fn = await startFunction(created);
    const { text } = await fn.api.invoke(eventOf({ ...parts, query: "x=1&y=2" }));
    expect(sentBy(fn)[0]).toBe("POST /a%20b?x=1&y=2 HTTP/1.1");
    expect(fn.requests()[0]?.body.toString()).toBe("héllo");
    const { headers, ...rest } = JSON.parse(text) as { headers: Record<string, string> };
    expect(rest).toEqual({
      statusCode: 201,
      statusDescription: "201 Created",
      body: "ok",
      isBase64Encoded: false,
    });
    expect(headers).toMatchObject({ ...own, vary: "a, b" });
    expect(["a=1", "b=2"]).toContain(headers["set-cookie"]);
    expect(fn.adapter.lines).toEqual([
      `WARN 1 set-cookie header(s) were left out, because the front door takes one${mend} requestId=request-1`,
    ]);
  });

  it.each(doors)("go through %s with bytes that are no text", async (_, eventOf) => {
    const bytes = Buffer.from([0x00, 0xff, 0xfe, 0x89, 0x50, 0x4e, 0x47]);
    const fn = await startFunction(answer(200, bytes.toString("latin1")));
    const given = { method: "PUT", body: bytes.toString("base64"), isBase64Encoded: true };
    const { text } = await fn.api.invoke(eventOf(given));
    expect(fn.requests()[0]?.body.equals(bytes)).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ body: bytes.toString("base64"), isBase64Encoded: true });
  });

  it.each(doors)("go through %s without names that only the adapter gives out", async (_, eventOf) => {
    const fn = await startFunction(created);
    const headers = {
      "x-anylambda-connection-id": "forged",
      "X-AnyLambda-Edge-Trace-Id": "forged",
      "x-anylambda-anything": "forged",
      "x-amzn-request-context": "forged",
      "x-kept": "kept",
    };
    await fn.api.invoke(eventOf({ headers }));
    const { head = "" } = fn.requests()[0] ?? {};
    expect(head).not.toContain("forged");
    expect(head).toContain("x-kept: kept");
  });

  it.each(doors)("go through %s with the edge's trace kept beside Lambda's (B24)", async (_, eventOf) => {
    const fn = await startFunction(created);
    const event = JSON.stringify(eventOf({ headers: { "X-Amzn-Trace-Id": "Root=edge" } }));
    await fn.api.invoke({ event, headers: { "Lambda-Runtime-Trace-Id": "Root=lambda" } });
    await fn.api.invoke({ event });
    const traces = fn
      .requests()
      .map(({ head }) => head.split("\r\n").filter((line) => /trace-id/i.test(line)));
    expect(traces).toEqual([
      expect.arrayContaining(["x-anylambda-edge-trace-id: Root=edge", "x-amzn-trace-id: Root=lambda"]),
      [expect.stringMatching(/^x-amzn-trace-id: Root=edge$/i)],
    ]);
  });

  it("of a health check of a load balancer has a host all the same", async () => {
    const fn = await startFunction(created);
    const event = { ...albEvent({ path: "/health" }), headers: { "user-agent": "ELB-HealthChecker/2.0" } };
    expect((await fn.api.invoke(event)).kind).toBe("response");
    expect(sentBy(fn)).toContain("host: localhost");
  });
});

describe("the largest answer", () => {
  const sized = ({ head }: { readonly head: string }): string =>
    answer(200, "x".repeat(Number(head.split(/[/ ]/)[2])));
  const around =
    '{"statusCode":200,"statusDescription":"200 OK","headers":{},"body":"","isBase64Encoded":false}';

  it("of a load balancer is 1 MB of JSON, and beyond it the invocation fails with both sizes", async () => {
    const fn = await startFunction(sized);
    const room = 1_048_576 - around.length;
    const fits = await fn.api.invoke(albEvent({ path: `/${room}` }));
    expect(fits.kind).toBe("response");
    expect(fits.body).toHaveLength(1_048_576);
    const large = await fn.api.invoke(albEvent({ path: `/${room + 1}` }));
    expect(large).toMatchObject({ kind: "error", errorType: "Adapter.ResponseTooLarge" });
    expect(large.text).toContain("1048577 bytes for a body of");
    expect(large.text).toContain("1048576 can be taken");
  });

  it("of the others is 6 MB", async () => {
    const fn = await startFunction(sized);
    for (const eventOf of [restEvent, httpApi1Event, lattice2])
      expect((await fn.api.invoke(eventOf({ path: "/2000000" }))).kind).toBe("response");
  });
});

describe("a WebSocket API", () => {
  const fields = [
    "x-anylambda-connection-id: L0SM9cOFvHcCIhw=",
    "x-anylambda-connections-url: https://w1b2c3.execute-api.eu-central-1.amazonaws.com/test/@connections/L0SM9cOFvHcCIhw%3D",
  ];
  const forged = {
    "x-anylambda-connection-id": "forged",
    "x-anylambda-route-key": "forged",
    "X-Anylambda-Connections-Url": "forged",
  };

  it("is mapped with ANYLAMBDA_WEBSOCKET_PATH, and no client can say who it is", async () => {
    const fn = await startFunction(answer(200, "welcome", ["sec-websocket-protocol: chat"]), {
      ANYLAMBDA_WEBSOCKET_PATH: "/ws",
    });
    const connect = webSocketEvent("CONNECT", { query: "room=1", headers: { Host: "w", ...forged } });
    const accepted = JSON.parse((await fn.api.invoke(connect)).text) as unknown;
    expect(sentBy(fn)).toEqual([
      "POST /ws/connect?room=1 HTTP/1.1",
      "Host: w",
      ...fields,
      "x-anylambda-route-key: $connect",
      "content-length: 0",
    ]);
    expect(accepted).toMatchObject({ statusCode: 200, headers: { "Sec-WebSocket-Protocol": "chat" } });

    const message = await fn.api.invoke(webSocketEvent("MESSAGE", { body: '{"say":"hi"}' }));
    expect(sentBy(fn)).toEqual([
      "POST /ws/message HTTP/1.1",
      "host: w1b2c3.execute-api.eu-central-1.amazonaws.com",
      "content-type: application/json",
      ...fields,
      "x-anylambda-route-key: $default",
      "content-length: 12",
    ]);
    expect(JSON.parse(message.text)).toMatchObject({ statusCode: 200, body: "welcome" });

    expect((await fn.api.invoke(webSocketEvent("DISCONNECT"))).kind).toBe("response");
    expect(sentBy(fn)[0]).toBe("POST /ws/disconnect HTTP/1.1");
  });

  it("is passed through without it, with the same headers beside the event (B27)", async () => {
    const fn = await startFunction(answer(200, '{"statusCode":200}'));
    const event = JSON.stringify(webSocketEvent("CONNECT", { headers: forged }));
    expect((await fn.api.invoke({ event })).text).toBe('{"statusCode":200}');
    expect(sentBy(fn)).toEqual([
      "POST /events HTTP/1.1",
      `host: 127.0.0.1:${fn.app.port}`,
      "content-type: application/json",
      ...fields,
      "x-anylambda-route-key: $connect",
      `content-length: ${event.length}`,
    ]);
    expect(fn.requests()[0]?.body.toString()).toBe(event);
  });

  it("refuses a connection with the app's status", async () => {
    const fn = await startFunction(answer(401), { ANYLAMBDA_WEBSOCKET_PATH: "/ws" });
    const { text } = await fn.api.invoke(webSocketEvent("CONNECT"));
    expect(JSON.parse(text)).toMatchObject({ statusCode: 401 });
  });
});

describe("AWS_LWA_INVOKE_MODE=response_stream", () => {
  const ownDomain = (): object => {
    const event = httpApiEvent();
    return {
      ...event,
      requestContext: { ...(event["requestContext"] as object), domainName: "api.example.com" },
    };
  };
  const joined = { statusCode: 200, headers: { "content-type": "text/plain" }, cookies: ["a=1", "b=2"] };
  const lists = {
    statusCode: 200,
    multiValueHeaders: { "content-type": ["text/plain"], "set-cookie": ["a=1", "b=2"] },
  };
  const app = answer(200, '{"a":1}', ["content-type: text/plain", "set-cookie: a=1", "set-cookie: b=2"]);
  const env = { AWS_LWA_INVOKE_MODE: "response_stream" };

  it.each([
    ["a Function URL", functionUrlEvent(), joined],
    ["a 2.0 event of a domain of one's own", ownDomain(), joined],
    ["a REST API", restEvent(), lists],
  ])("streams to %s", async (_, event, prelude) => {
    const fn = await startFunction(app, env);
    const { text, headers } = await fn.api.invoke(event);
    const [json = "", body] = text.split("\0".repeat(8));
    expect(JSON.parse(json)).toEqual(prelude);
    expect(body).toBe('{"a":1}');
    expect(headers).toContainEqual(["lambda-runtime-function-response-mode", "streaming"]);
  });

  it.each([
    ["an HTTP API", JSON.stringify(httpApiEvent())],
    ["an HTTP API with format 1.0", JSON.stringify(httpApi1Event())],
    ["a load balancer", JSON.stringify(albSingle())],
    ["a load balancer with multi-value headers", JSON.stringify(albMulti())],
    ["Lattice V1", JSON.stringify(lattice1())],
    ["Lattice V2", JSON.stringify(lattice2())],
    ["a WebSocket API", JSON.stringify(webSocketEvent("CONNECT"))],
    ["an event that is not HTTP", sqsEvent],
  ])("answers %s in one piece (B15)", async (_, event) => {
    const fn = await startFunction(app, { ...env, ANYLAMBDA_WEBSOCKET_PATH: "/ws" });
    const { text, headers } = await fn.api.invoke({ event });
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(headers.map(([name]) => name)).not.toContain("lambda-runtime-function-response-mode");
  });

  it("fails a status that no door takes instead of beginning with it", async () => {
    const fn = await startFunction(answer(999, "x"), env);
    expect(await fn.api.invoke(functionUrlEvent())).toMatchObject({
      kind: "error",
      errorType: "Adapter.AppSentInvalidHttp",
    });
  });
});

describe("a status that no front door takes", () => {
  it.each(doors)("fails the invocation through %s", async (_, eventOf) => {
    const fn = await startFunction(answer(600, "x"));
    expect(await fn.api.invoke(eventOf())).toMatchObject({
      kind: "error",
      errorType: "Adapter.AppSentInvalidHttp",
    });
  });
});

describe("ANYLAMBDA_PASS_THROUGH_ROUTES", () => {
  it("gives sources a path of their own, and all others the usual one", async () => {
    const fn = await startFunction(answer(200, "null"), {
      ANYLAMBDA_PASS_THROUGH_ROUTES: "sqs=/jobs?x, scheduled=cron, websocket=/ws",
      AWS_LWA_PASS_THROUGH_PATH: "/rest",
    });
    const schedule = { "detail-type": "Scheduled Event", source: "aws.events", detail: {} };
    const s3 = { Records: [{ eventSource: "aws:s3" }] };
    for (const event of [sqsEvent, JSON.stringify(schedule), JSON.stringify(s3), "1"])
      await fn.api.invoke({ event });
    await fn.api.invoke(webSocketEvent("CONNECT"));
    expect(fn.requests().map(({ head }) => head.split(" ")[1])).toEqual([
      "/jobs%3Fx",
      "/cron",
      "/rest",
      "/rest",
      "/ws",
    ]);
  });
});

describe("ANYLAMBDA_MAX_CONTEXT_BYTES", () => {
  const contextOf = (fn: TestFunction): string =>
    /^x-amzn-request-context: (.*)$/m.exec(fn.requests().at(-1)?.head ?? "")?.[1]?.trim() ?? "";
  const withClaims = (bytes: number, elsewhere = 0): Record<string, unknown> => {
    const event = restEvent();
    const context = event["requestContext"] as object;
    const claims = { authorizer: { claims: { groups: "g".repeat(bytes) } }, notes: "n".repeat(elsewhere) };
    return { ...event, requestContext: { ...context, ...claims } };
  };

  it("leaves out the authorizer of a context that is too large, and says so (B39)", async () => {
    const fn = await startFunction(answer(200));
    const small = withClaims(1000);
    await fn.api.invoke(small);
    expect(contextOf(fn)).toBe(JSON.stringify(small["requestContext"]));
    expect(fn.adapter.lines).toEqual([]);
    const large = withClaims(13_000);
    await fn.api.invoke(large);
    const { authorizer: _, ...rest } = large["requestContext"] as Record<string, unknown>;
    expect(contextOf(fn)).toBe(JSON.stringify(rest));
    await eventually(() => fn.adapter.lines.length === 1);
    expect(fn.adapter.lines[0]).toMatch(
      /^WARN The request context has 13\d{3} bytes and its authorizer is left out \(ANYLAMBDA_MAX_CONTEXT_BYTES\) requestId=/,
    );
  });

  it("leaves out all of a context that is too large without its authorizer", async () => {
    const fn = await startFunction(answer(200));
    await fn.api.invoke(withClaims(10, 13_000));
    expect(contextOf(fn)).toBe("null");
    expect(fn.adapter.lines[0]).toContain("all of it is left out");
  });

  it.each(['"text"', "[1,2,3]", "12345", "true"])("takes a context for what it is: %s", async (context) => {
    const fn = await startFunction(answer(200, "null"), { ANYLAMBDA_MAX_CONTEXT_BYTES: "3" });
    expect((await fn.api.invoke({ event: `{"requestContext":${context}}` })).kind).toBe("response");
    expect(contextOf(fn)).toBe("null");
  });

  it("of 0 is null for every event, and nothing is said of an event without a context", async () => {
    const fn = await startFunction(answer(200, "null"), { ANYLAMBDA_MAX_CONTEXT_BYTES: "0" });
    expect((await fn.api.invoke({ event: sqsEvent })).kind).toBe("response");
    expect(contextOf(fn)).toBe("null");
    expect(fn.adapter.lines).toEqual([]);
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
    expect(contextOf(fn)).toBe("null");
  });
});
