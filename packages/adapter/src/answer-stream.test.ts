import { describe, expect, it } from "vitest";
import { lineOf } from "../testing/adapter.ts";
import { functionUrlEvent, httpApiEvent, sqsEvent } from "../testing/events.ts";
import { answer, isCheck, startFunctionOver, stopFunctionsAfterEach } from "../testing/function.ts";
import type { TestFunction } from "../testing/function.ts";
import { OK } from "../testing/raw-app.ts";
import type { RawConnection } from "../testing/raw-app.ts";
import type { Outcome } from "../testing/runtime-api.ts";
import { eventually, gate, turns } from "../testing/wait.ts";

stopFunctionsAfterEach();

const SEPARATOR = "\0".repeat(8);

/** `serve` has the connection from the first request that is not the readiness check. */
function streaming(
  serve: (connection: RawConnection) => Promise<void> | void,
  env: Record<string, string> = {},
): Promise<TestFunction> {
  return startFunctionOver(
    async (connection) => {
      for (;;) {
        const request = await connection.readRequest();
        if (request === undefined) return;
        if (isCheck(request)) connection.socket.write(OK);
        else await serve(connection);
      }
    },
    { AWS_LWA_INVOKE_MODE: "response_stream", ...env },
  );
}

function errorTrailersOf({ trailers }: Outcome): { type: string | undefined; document: unknown } {
  const value = (name: string): string | undefined =>
    trailers.find(([one]) => one.toLowerCase() === name)?.[1];
  const body = value("lambda-runtime-function-error-body");
  return {
    type: value("lambda-runtime-function-error-type"),
    document: body === undefined ? undefined : JSON.parse(Buffer.from(body, "base64").toString()),
  };
}

const soon = (): Record<string, string> => ({ "Lambda-Runtime-Deadline-Ms": String(Date.now() + 600) });

describe("a streamed answer", () => {
  it("is sent like this (spec adapter.md 4.3)", async () => {
    const fn = await streaming(({ socket }) => {
      socket.write("HTTP/1.1 201 X\r\ncontent-type: text/plain\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n");
      socket.write(
        "vary: a\r\nvary: b\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\xff\xfeo\r\n0\r\n\r\n",
        "latin1",
      );
    });
    const { body, headers, trailers } = await fn.api.invoke(functionUrlEvent());
    const [prelude = "", ...rest] = body.toString("latin1").split(SEPARATOR);
    expect(JSON.parse(prelude)).toEqual({
      statusCode: 201,
      headers: { "content-type": "text/plain", vary: "a, b" },
      cookies: ["a=1", "b=2"],
    });
    expect(rest).toEqual(["\xff\xfeo"]);
    expect(headers).toContainEqual(["lambda-runtime-function-response-mode", "streaming"]);
    expect(headers).toContainEqual(["content-type", "application/vnd.awslambda.http-integration-response"]);
    expect(trailers).toEqual([]);
  });

  it("leaves piece by piece, and the loop goes on over the same connections", async () => {
    let go = gate();
    const fn = await streaming(async ({ socket }) => {
      socket.write("HTTP/1.1 200 X\r\ncontent-length: 6\r\n\r\none");
      await go.opened;
      socket.write("two");
    });
    for (let i = 0; i < 2; i++) {
      go = gate();
      const outcome = fn.api.invoke(functionUrlEvent());
      await eventually(() => fn.requests().length === i + 1);
      go.open();
      expect((await outcome).text.split(SEPARATOR)[1]).toBe("onetwo");
    }
    expect(fn.app.connections).toHaveLength(1);
    expect(new Set(fn.api.callsTo(/invocation/).map(({ socket }) => socket)).size).toBe(1);
  });

  it.each([
    ["its length", "HTTP/1.1 200 X\r\ncontent-length: 6\r\n\r\none"],
    ["its last chunk", "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"],
  ])("ends with error trailers when the app closes before %s (B13)", async (_, bytes) => {
    const fn = await streaming(({ socket }) => void socket.end(bytes));
    const outcome = await fn.api.invoke(functionUrlEvent({ path: "/x" }));
    expect(outcome.text.split(SEPARATOR)[1]).toBe("one");
    expect(errorTrailersOf(outcome)).toMatchObject({
      type: "Adapter.AppClosedConnection",
      document: { errorType: "Adapter.AppClosedConnection" },
    });
    expect(fn.adapter.lines.at(-1)).toMatch(
      /^ERROR Invocation failed with Adapter.AppClosedConnection.* path=\/x$/,
    );
  });

  it.each([
    ["a length", "HTTP/1.1 200 X\r\ncontent-length: 6\r\n\r\none"],
    ["chunks", "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"],
    ["neither", "HTTP/1.1 200 X\r\n\r\none"],
  ])("with %s ends with error trailers at the deadline, never as complete (B29)", async (_, bytes) => {
    const fn = await streaming(({ socket }) => void socket.write(bytes));
    const outcome = await fn.api.invoke({ event: JSON.stringify(functionUrlEvent()), headers: soon() });
    expect(outcome.text.split(SEPARATOR)[1]).toBe("one");
    expect(errorTrailersOf(outcome).type).toBe("Adapter.DeadlineExceeded");
    await eventually(() => fn.app.connections[0]?.socket.destroyed);
  });

  it("breaks the app off when the client has gone, and the loop goes on", async () => {
    let endless = true;
    const fn = await streaming(({ socket }) => {
      if (!endless) return void socket.write(OK);
      socket.write("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n");
      const more = (): void =>
        void (socket.destroyed || socket.write("3\r\none\r\n", () => setImmediate(more)));
      more();
    });
    const sockets = new Set(fn.api.calls.map(({ socket }) => socket));
    void fn.api.invoke(functionUrlEvent());
    await eventually(() => fn.requests().length === 1);
    for (const socket of sockets) socket.destroy();
    await eventually(() => fn.app.connections.some(({ socket }) => socket.destroyed));
    endless = false;
    expect((await fn.api.invoke(functionUrlEvent())).text.split(SEPARATOR)[1]).toBe("ok");
  });

  it("is no failure of the app when the client goes while the app is silent", async () => {
    const fn = await streaming(({ socket }) => {
      socket.write("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
    });
    void fn.api.invoke(functionUrlEvent());
    await eventually(() => fn.requests().length === 1);
    await turns(20);
    for (const { socket } of fn.api.callsTo("/invocation/next")) socket.destroy();
    await eventually(() => fn.app.connections[0]?.socket.destroyed);
    await lineOf(fn.adapter, /^INFO The client has gone/);
    expect(fn.adapter.lines.filter((line) => line.startsWith("ERROR"))).toEqual([]);
  });

  it("is posted as a failure when the app fails before its head", async () => {
    const fn = await streaming(({ socket }) => void socket.end());
    expect(await fn.api.invoke(functionUrlEvent())).toMatchObject({
      kind: "error",
      errorType: "Adapter.AppClosedConnection",
    });
  });

  it("is posted as a failure when its status counts as one", async () => {
    const fn = await streaming(({ socket }) => void socket.write(answer(502, "Bad Gateway")), {
      AWS_LWA_ERROR_STATUS_CODES: "502",
    });
    expect(await fn.api.invoke(functionUrlEvent())).toMatchObject({
      kind: "error",
      errorType: "Adapter.AppErrorStatus",
    });
  });

  it.each([
    ["an HTTP API", JSON.stringify(httpApiEvent())],
    ["an event that is not HTTP", sqsEvent],
  ])("is answered in one piece to %s (B15)", async (_, event) => {
    const fn = await streaming(({ socket }) => void socket.write(answer(200, "{}")));
    const outcome = await fn.api.invoke({ event });
    expect(outcome.text).not.toContain("\0");
    expect(outcome.headers.map(([name]) => name)).not.toContain("transfer-encoding");
  });
});

describe("a buffered answer", () => {
  it("without a length is not taken for complete at the deadline (B29)", async () => {
    const fn = await streaming(({ socket }) => void socket.write("HTTP/1.1 200 X\r\n\r\nhalf"), {
      AWS_LWA_INVOKE_MODE: "buffered",
    });
    const outcome = await fn.api.invoke({ event: JSON.stringify(functionUrlEvent()), headers: soon() });
    expect(outcome).toMatchObject({ kind: "error", errorType: "Adapter.DeadlineExceeded" });
  });
});

describe("an answer of the adapter's own", () => {
  // In one piece it would reach the client with its envelope: the door takes it for the body.
  const partsOf = ({ kind, headers, body }: Outcome): readonly [prelude: unknown, text: string] => {
    expect(kind).toBe("response");
    expect(headers).toContainEqual(["content-type", "application/vnd.awslambda.http-integration-response"]);
    const [prelude = "", text = ""] = body.toString().split(SEPARATOR);
    return [JSON.parse(prelude), text];
  };
  const json = { headers: { "content-type": "application/json" }, cookies: [] };

  it("is streamed too, when the app is too slow", async () => {
    const fn = await streaming(() => new Promise(() => {}), { ANYLAMBDA_APP_FAILURE: "response" });
    const invocation = { event: JSON.stringify(functionUrlEvent()), headers: soon() };
    const [prelude, text] = partsOf(await fn.api.invoke(invocation));
    expect(prelude).toEqual({ statusCode: 504, ...json });
    expect(JSON.parse(text)).toMatchObject({ errorType: "Adapter.DeadlineExceeded" });
  });

  it("is streamed too, when it refuses a request for a hook", async () => {
    const fn = await streaming(() => {}, { AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH: "/after" });
    const outcome = await fn.api.invoke(functionUrlEvent({ path: "/after" }));
    expect(partsOf(outcome)).toEqual([{ statusCode: 403, ...json }, '{"message":"Forbidden"}']);
  });
});
