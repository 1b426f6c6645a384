import http from "node:http";
import net from "node:net";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import type { RuntimeAnswer } from "./answers.ts";
import { ApiServer } from "./api-server.ts";
import { ExtensionRegistry } from "./extension-registry.ts";
import type { InvocationTimes } from "./invocation-times.ts";
import { RuntimeApi } from "./runtime-api.ts";
import {
  type RuntimeCall,
  type RuntimeState,
  runtimeStateAfter,
  runtimeStateError,
} from "./runtime-states.ts";
import { type Reply, call, textOf, until } from "./testing/harness.ts";

const metadata = { functionName: "f", functionVersion: "1", handler: "h", accountId: "123456789012" };
const root = "/2018-06-01/runtime";
const next = { path: `${root}/invocation/next` };
const response = (id: string, body: string | Buffer = "{}", headers = {}) => ({
  method: "POST",
  path: `${root}/invocation/${id}/response`,
  body,
  headers,
});
const error = (id: string, body = "{}", headers = {}) => ({
  method: "POST",
  path: `${root}/invocation/${id}/error`,
  body,
  headers,
});
const initError = { method: "POST", path: `${root}/init/error`, body: "{}" };

let server: ApiServer;
let api: RuntimeApi;
let address: string;
let done = 0;
let times: InvocationTimes;
let changes: number;
let answers: RuntimeAnswer[];

beforeEach(async () => {
  server = await ApiServer.start(metadata);
  address = server.address;
  fresh();
});
afterEach(() => server.close());

function fresh(): void {
  changes = 0;
  done = 0;
  answers = [];
  api = new RuntimeApi(() => (changes += 1));
  server.serve({ runtimeApi: api, registry: new ExtensionRegistry(() => undefined) });
}

function deliver(requestId = "id-1", payload = `{"a":1}`): void {
  const head = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(payload))];
  head.push("Lambda-Runtime-Aws-Request-Id", requestId);
  const answer = (given: RuntimeAnswer): void => void answers.push(given);
  times = { started: performance.now(), producedBytes: 0 };
  api.deliver({
    requestId,
    head,
    payload: Buffer.from(payload),
    mode: "buffered",
    answer,
    broke: () => {},
    times,
    done: () => (done += 1),
  });
}

/** A runtime with an event in its hands. */
async function running(requestId = "id-1"): Promise<void> {
  const polled = call(address, next);
  await until(() => api.state === "Ready");
  deliver(requestId);
  await polled;
}

function expectJson(reply: Reply, status: number, body: object): void {
  expect(reply.status).toBe(status);
  expect(reply.headers["content-type"]).toBe("application/json");
  expect(reply.headers["content-length"]).toBe(String(reply.body.length));
  expect(reply.body).toBe(`${JSON.stringify(body)}\n`);
}

const ok = { status: "OK" };
const invalidId = { errorMessage: "Invalid request ID", errorType: "InvalidRequestID" };
const refused = (state: RuntimeState, made: RuntimeCall) => runtimeStateError(state, made);

describe("the router", () => {
  it("answers ping", async () => {
    const reply = await call(address, { path: "/2018-06-01/ping" });
    expect([reply.status, reply.body]).toEqual([200, "pong"]);
  });

  it.each([
    "/",
    "/2018-06-01/runtime",
    "/2018-06-01/runtime/invocation/next/",
    "/2018-06-01/runtime/invocation//response",
    "/2018-06-01/runtime/invocation/id/response/more",
    "/2018-06-01/runtime/invocation/id/other",
    "/2018-06-01/runtime/init/error/",
    "/2018-06-01/runtime/restore/next",
    "/2018-06-01/runtime/restore/error",
    "/2020-01-01/extension/registered",
    "/2022-07-01/telemetry/",
  ])("knows no %s", async (path) => {
    const reply = await call(address, { path });
    expect(reply.status).toBe(404);
    expect(reply.body).toBe("404 page not found\n");
    expect(reply.headers["content-type"]).toMatch(/^text\/plain/);
    expect(reply.headers["x-content-type-options"]).toBe("nosniff");
    expect(reply.headers["content-length"]).toBe("19");
  });

  it.each([
    ["POST", "/2018-06-01/runtime/invocation/next", "GET"],
    ["OPTIONS", "/2018-06-01/runtime/invocation/next", "GET"],
    ["HEAD", "/2018-06-01/runtime/invocation/next", "GET"],
    ["GET", "/2018-06-01/runtime/invocation/id/response", "POST"],
    ["PUT", "/2018-06-01/runtime/invocation/id/error", "POST"],
    ["GET", "/2018-06-01/runtime/init/error", "POST"],
    ["POST", "/2018-06-01/ping", "GET"],
    ["GET", "/2020-01-01/extension/register", "POST"],
    ["POST", "/2020-01-01/extension/event/next", "GET"],
    ["GET", "/2020-01-01/extension/init/error", "POST"],
    ["GET", "/2020-01-01/extension/exit/error", "POST"],
    ["POST", "/2022-07-01/telemetry", "PUT"],
    ["POST", "/2020-08-15/logs", "PUT"],
  ])("answers %s %s with 405", async (method, path, allow) => {
    const reply = await call(address, { method, path });
    expect([reply.status, reply.headers.allow, reply.headers["content-length"], reply.body]).toEqual([
      405,
      allow,
      "0",
      "",
    ]);
  });

  it("refuses telemetry and logs with a 202, the safest no", async () => {
    expectJson(await call(address, { method: "PUT", path: "/2022-07-01/telemetry", body: "{}" }), 202, {
      errorMessage: "Telemetry API is not supported",
      errorType: "Telemetry.NotSupported",
    });
    expectJson(await call(address, { method: "PUT", path: "/2020-08-15/logs", body: "{}" }), 202, {
      errorMessage: "Logs API is not supported",
      errorType: "Logs.NotSupported",
    });
  });

  it("takes a query along", async () => {
    await running();
    expectJson(
      await call(address, { ...response("id-1"), path: `${root}/invocation/id-1/response?x` }),
      202,
      ok,
    );
  });

  it("takes headers of 1 MiB", async () => {
    await running();
    const headers = { "Lambda-Runtime-Function-XRay-Error-Cause": "x".repeat(1024 * 1024) };
    expectJson(await call(address, error("id-1", "{}", headers)), 202, ok);
  });
});

describe("/invocation/next", () => {
  it("waits, and gives the event with its head and its bytes", async () => {
    const polled = call(address, { ...next, headers: { Accept: "application/xml" } });
    await until(() => api.state === "Ready");
    deliver("id-1", `{"a":"é"}`);
    const reply = await polled;
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("application/json");
    expect(reply.headers["lambda-runtime-aws-request-id"]).toBe("id-1");
    expect(api.state).toBe("Running");
  });

  it("gives the same event again to a runtime that asks again before it answered", async () => {
    await running();
    const again = await call(address, next);
    expect([again.status, again.body]).toEqual([200, `{"a":1}`]);
    expectJson(await call(address, response("id-1")), 202, ok);
    expect(answers).toHaveLength(1);
  });

  it("gives the event to every poll that waits", async () => {
    const polls = [call(address, next), call(address, next)];
    await until(() => changes === 2);
    deliver();
    expect((await Promise.all(polls)).map((reply) => reply.status)).toEqual([200, 200]);
  });

  it("keeps the event for a runtime whose poll broke off", async () => {
    const agent = new http.Agent();
    const broken = call(address, { ...next, agent });
    const failed = expect(broken).rejects.toThrow();
    await until(() => api.state === "Ready");
    agent.destroy();
    await failed;
    expect(
      (await Promise.all([call(address, next), until(() => changes === 2).then(() => deliver())]))[0].body,
    ).toBe(`{"a":1}`);
  });
});

describe("/response and /error", () => {
  it("take an answer, tell it first, and say OK", async () => {
    await running();
    expectJson(await call(address, response("id-1", `"héllo"`)), 202, ok);
    expect(answers).toEqual([{ payload: Buffer.from(`"héllo"`) }]);
    expectJson(await call(address, response("id-1")), 403, refused("RuntimeResponseSentState", "response"));
    expectJson(await call(address, error("id-1")), 403, refused("RuntimeResponseSentState", "error"));
    expect(answers).toHaveLength(1);
  });

  it("take an empty answer", async () => {
    await running();
    expectJson(await call(address, response("id-1", "")), 202, ok);
    expect(answers.map((answer) => "payload" in answer && answer.payload.length)).toEqual([0]);
  });

  it("take an id that was URL-encoded", async () => {
    await running("id-é 1");
    expectJson(await call(address, response(encodeURIComponent("id-é 1"))), 202, ok);
  });

  it("check the id before the state (1)", async () => {
    for (const made of [response("other"), error("other"), response("%F")]) {
      expectJson(await call(address, made), 400, invalidId);
    }
    await running();
    for (const made of [response("other"), error("other"), response("%F")]) {
      expectJson(await call(address, made), 400, invalidId);
      expect(api.state).toBe("Running");
    }
    expectJson(await call(address, response("id-1")), 202, ok);
    expectJson(await call(address, response("other")), 400, invalidId);
  });

  it("pass an error on byte for byte, and class its type", async () => {
    await running();
    const body = `{ "errorMessage":"no",  "errorType":"Oops" }`;
    const headers = { "Lambda-Runtime-Function-Error-Type": "Function.SomeError" };
    expectJson(await call(address, error("id-1", body, headers)), 202, ok);
    expect(answers).toEqual([{ payload: Buffer.from(body), errorType: "Function.SomeError" }]);
  });

  it("answer 413 to more than the limit, and go on", async () => {
    await running();
    expectJson(await call(address, response("id-1", Buffer.alloc(MAX_PAYLOAD_BYTES + 1))), 413, {
      errorMessage: "Exceeded maximum allowed payload size (6291556 bytes).",
      errorType: "RequestEntityTooLarge",
    });
    const [answer] = answers;
    expect(answer && "payload" in answer && textOf(answer.payload)).toBe(
      `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`,
    );
    expectJson(await call(address, error("id-1")), 403, refused("RuntimeResponseSentState", "error"));
    await running("id-2");
    expectJson(await call(address, response("id-2", Buffer.alloc(MAX_PAYLOAD_BYTES))), 202, ok);
  });

  it("refuse a response mode nobody knows", async () => {
    await running();
    const headers = { "Lambda-Runtime-Function-Response-Mode": "Streaming" };
    expectJson(await call(address, response("id-1", "{}", headers)), 400, {
      errorMessage: "Invalid function response mode",
      errorType: "InvalidFunctionResponseMode",
    });
    expect(answers).toEqual([expect.objectContaining({ failed: "Runtime.InvalidResponseModeHeader" })]);
  });

  it("collect a streamed answer", async () => {
    await running();
    const headers = { "Lambda-Runtime-Function-Response-Mode": "streaming" };
    await postChunked(["one ", "two"], headers);
    expect(answers).toEqual([{ payload: Buffer.from("one two") }]);
  });

  it("take a chunked answer whose announced trailers stay away", async () => {
    await running();
    await postChunked([`"fi`, `ne"`], announced);
    expect(answers).toEqual([{ payload: Buffer.from(`"fine"`) }]);
  });

  it("take a chunked answer with error trailers for a function error", async () => {
    await running();
    const document = `{"errorMessage":"late","errorType":"Late"}`;
    const trailers = {
      "Lambda-Runtime-Function-Error-Type": "Runtime.Late",
      "Lambda-Runtime-Function-Error-Body": Buffer.from(document).toString("base64"),
    };
    await postChunked(["partial"], announced, trailers);
    expect(answers).toEqual([{ payload: Buffer.from(document), errorType: "Runtime.Late" }]);
  });

  it.each([
    ["announced length", "Content-Length: 10\r\n\r\n12345"],
    ["last chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"],
  ])("answer 400 when the body ends before its %s", async (_, rest) => {
    await running();
    const text = await half(`POST ${root}/invocation/id-1/response HTTP/1.1\r\nHost: h\r\n${rest}`);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(text).toContain(
      `\r\n\r\n{"errorMessage":"HTTP request detected as truncated","errorType":"TruncatedHTTPRequest"}\n`,
    );
    await until(() => answers.length === 1);
    expect(answers).toEqual([expect.objectContaining({ failed: "Runtime.TruncatedResponse" })]);
  });
});

describe("/init/error", () => {
  it("is taken before the first poll, and final", async () => {
    const body = `{"errorMessage":"no","errorType":"X"}`;
    const headers = { "Lambda-Runtime-Function-Error-Type": "Runtime.BadStart" };
    expectJson(await call(address, { ...initError, body, headers }), 202, ok);
    expect(api.initError).toEqual({ errorType: "Runtime.BadStart", payload: Buffer.from(body) });
    expectJson(await call(address, initError), 403, refused("InitError", "initError"));
    expectJson(await call(address, next), 403, refused("InitError", "next"));
  });

  it("is refused after the first poll", async () => {
    await running();
    expectJson(await call(address, initError), 403, refused("Running", "initError"));
    expect(api.initError).toBeUndefined();
  });
});

describe("any history of calls", () => {
  it("is answered as the state machine says, and a refused call changes nothing (2)", async () => {
    const made = fc.constantFrom("next", "response", "error", "initError", "wrongId", "deliver");
    await fc.assert(
      fc.asyncProperty(fc.array(made, { maxLength: 12 }), async (history) => {
        fresh();
        let state: RuntimeState = "Started";
        let invocations = 0;
        let inFlight = false;
        const polls: Promise<Reply>[] = [];
        const agent = new http.Agent({ keepAlive: true });
        for (const step of history) {
          const id = `id-${invocations}`;
          if (step === "deliver") {
            // Invariant 4: the environment delivers to a runtime at rest only.
            if (!api.idle) continue;
            invocations += 1;
            inFlight = true;
            deliver(`id-${invocations}`);
            await Promise.all(polls.splice(0));
            state = "Running";
          } else if (step === "wrongId") {
            expectJson(await call(address, { ...response("wrong"), agent }), 400, invalidId);
          } else if (step === "next") {
            const expected: RuntimeState | undefined = runtimeStateAfter(state, "next");
            if (expected === undefined)
              expectJson(await call(address, { ...next, agent }), 403, refused(state, "next"));
            else if (state === "Running") expect((await call(address, { ...next, agent })).status).toBe(200);
            else {
              if (state === "RuntimeResponseSentState") inFlight = false;
              state = expected;
              const before = changes;
              polls.push(call(address, next));
              await until(() => changes > before);
            }
          } else {
            const request = { response: response(id), error: error(id), initError }[step];
            const reply = await call(address, { ...request, agent });
            const expected: RuntimeState | undefined = runtimeStateAfter(state, step);
            if (step !== "initError" && !inFlight) expectJson(reply, 400, invalidId);
            else if (expected === undefined) expectJson(reply, 403, refused(state, step));
            else {
              expectJson(reply, 202, ok);
              state = step === "initError" ? "InitError" : "RuntimeResponseSentState";
            }
          }
          expect(api.state).toBe(state);
          // Invariant 3.
          expect(answers.length).toBeLessThanOrEqual(invocations);
        }
        agent.destroy();
        for (const poll of polls) poll.catch(() => undefined);
        if (api.state === "Ready") deliver("last");
        await Promise.all(polls);
      }),
      { numRuns: 60 },
    );
  });
});

const announced = { Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body" };

async function postChunked(
  parts: string[],
  headers: object,
  trailers: Record<string, string> = {},
): Promise<void> {
  const [host, port] = address.split(":");
  const status = await new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, method: "POST", path: `${root}/invocation/id-1/response`, headers: { ...headers } },
      (reply) => resolve(reply.resume().statusCode),
    );
    request.on("error", reject);
    for (const part of parts) request.write(part);
    request.addTrailers(trailers);
    request.end();
  });
  expect(status).toBe(202);
}

/** Sends bytes, closes the sending side only, and reads what comes back. */
function half(bytes: string): Promise<string> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect({ host, port: Number(port), allowHalfOpen: true }, () => socket.end(bytes));
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

describe("what is noted of an invocation's course", () => {
  it("has the length of the answer, its times in order, and its end once", async () => {
    await running();
    await call(address, response("id-1", "12345"));
    expect(done).toBe(0);
    const polled = call(address, next);
    await until(() => done === 1);
    const { started, responseStarted = 0, responseEnded = 0, answered = 0, ready = 0 } = times;
    expect(times.producedBytes).toBe(5);
    expect([responseStarted, responseEnded, answered, ready]).toEqual(
      [responseStarted, responseEnded, answered, ready].sort((a, b) => a - b),
    );
    expect(responseStarted).toBeGreaterThanOrEqual(started);
    deliver("id-2");
    await polled;
    expect(done).toBe(1);
  });

  it("takes an error for no response, as AWS does", async () => {
    await running();
    await call(address, error("id-1", "12345"));
    expect(times.producedBytes).toBe(0);
    expect(times.responseStarted).toBeUndefined();
    expect(times.answered).toBeGreaterThanOrEqual(times.started);
  });
});

describe("the cause of an error for X-Ray (environment.md 1.6)", () => {
  it("comes by a header of up to 1 MiB, and is cropped", async () => {
    await running();
    const paths = Array.from({ length: 10_000 }, (_, i) => `/var/task/${"x".repeat(80)}/${i}.js`);
    const cause = JSON.stringify({ paths });
    expect(cause.length).toBeGreaterThan(900_000);
    const headers = { "Lambda-Runtime-Function-XRay-Error-Cause": cause };
    expect((await call(address, error("id-1", "{}", headers))).status).toBe(202);
    const [answer] = answers as { errorCause: string }[];
    expect(Buffer.byteLength(answer?.errorCause ?? "")).toBeLessThanOrEqual(65_536);
  });
});
