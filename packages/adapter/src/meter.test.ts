import { describe, expect, it } from "vitest";
import { lineOf, machine } from "../testing/adapter.ts";
import { functionUrlEvent, restEvent, sqsEvent } from "../testing/events.ts";
import {
  answer,
  isCheck,
  startFunction,
  startFunctionOver,
  stopFunctionsAfterEach,
} from "../testing/function.ts";
import type { TestFunction } from "../testing/function.ts";
import { OK } from "../testing/raw-app.ts";
import { polls } from "../testing/runtime-api.ts";
import { createLog } from "./log.ts";
import { startMeter } from "./meter.ts";

stopFunctionsAfterEach();

const debug = { AWS_LAMBDA_LOG_LEVEL: "DEBUG" };
const access = { ANYLAMBDA_ACCESS_LOG: "true" };

/** The fields of the lines that begin so; a wait for the poll that follows makes sure that they are written. */
async function linesOf(
  fn: TestFunction,
  start: string,
  invocations: number,
): Promise<Record<string, string>[]> {
  await polls(fn.api, invocations + 1);
  return fn.adapter.lines
    .filter((line) => line.startsWith(`${start} `))
    .map((line) =>
      Object.fromEntries(
        [...line.slice(start.length + 1).matchAll(/(\S+?)=("[^"]*"|\S*)/g)].map(
          ([, name = "", value = ""]) => [name, value],
        ),
      ),
    );
}

const ms: unknown = expect.stringMatching(/^\d+(\.\d)?$/);

describe("startMeter", () => {
  it("gives none where nobody wants to know, so that nothing is measured", () => {
    const { platform } = machine();
    const at = platform.now();
    const log = (level: "trace" | "debug" | "info" | "off"): ReturnType<typeof createLog> =>
      createLog(platform, { level, json: false });
    expect(startMeter(platform, log("info"), false, at)).toBeUndefined();
    expect(startMeter(platform, log("off"), false, at)).toBeUndefined();
    expect(startMeter(platform, log("debug"), false, at)).toBeDefined();
    expect(startMeter(platform, log("trace").with({ requestId: "1" }), false, at)).toBeDefined();
    expect(startMeter(platform, log("info"), true, at)).toBeDefined();
  });
});

describe("the metrics", () => {
  it("are a line for each invocation at debug level, whatever it was", async () => {
    const fn = await startFunction(({ head }) => answer(head.includes("/events") ? 200 : 201, "[1]"), debug);
    await fn.api.invoke(
      functionUrlEvent({ method: "POST", path: "/a", query: "token=secret", body: "héllo" }),
    );
    await fn.api.invoke({ event: sqsEvent });
    const parts = { prepare_ms: ms, app_ms: ms, respond_ms: ms };
    expect(await linesOf(fn, "DEBUG invocation", 2)).toEqual([
      {
        requestId: "request-1",
        door: "function-url",
        method: "POST",
        path: "/a",
        status: "201",
        request_bytes: "6",
        response_bytes: "3",
        ...parts,
      },
      {
        requestId: "request-2",
        door: "records",
        method: "POST",
        path: "/events",
        status: "200",
        request_bytes: String(sqsEvent.length),
        response_bytes: "3",
        ...parts,
      },
    ]);
    expect(fn.adapter.lines.join("\n")).not.toMatch(/secret|access/);
  });

  it("of a stream count what went through it", async () => {
    const fn = await startFunction(answer(200, "x".repeat(100_000)), {
      ...debug,
      AWS_LWA_INVOKE_MODE: "response_stream",
    });
    await fn.api.invoke(restEvent());
    expect(await linesOf(fn, "DEBUG invocation", 1)).toMatchObject([
      {
        door: "rest",
        status: "200",
        request_bytes: "0",
        response_bytes: "100000",
        app_ms: ms,
        respond_ms: ms,
      },
    ]);
  });

  it("of a failure name it, with as much as there was", async () => {
    const fn = await startFunctionOver(
      async ({ readRequest, socket }) => {
        for (;;) {
          const request = await readRequest();
          if (request === undefined) return;
          if (isCheck(request)) socket.write(OK);
          else if (request.head.includes("/500")) socket.write(answer(500, "oops"));
          else socket.destroy();
        }
      },
      { ...debug, AWS_LWA_ERROR_STATUS_CODES: "500" },
    );
    for (const event of [
      "no json",
      JSON.stringify(functionUrlEvent()),
      JSON.stringify(functionUrlEvent({ path: "/500" })),
    ])
      await fn.api.invoke({ event });
    const [invalid, closed, status] = await linesOf(fn, "DEBUG invocation", 3);
    expect(invalid).toEqual({
      requestId: "request-1",
      error: "Adapter.InvalidEvent",
      response_bytes: "0",
      prepare_ms: ms,
      respond_ms: ms,
    });
    expect(closed).toMatchObject({ error: "Adapter.AppClosedConnection", path: "/", app_ms: ms });
    expect(closed).not.toHaveProperty("status");
    expect(status).toMatchObject({ error: "Adapter.AppErrorStatus", status: "500", response_bytes: "4" });
  });

  it.each(["INFO", "WARN"])("are not written at the level %s", async (level) => {
    const fn = await startFunction(OK, { AWS_LAMBDA_LOG_LEVEL: level });
    await fn.api.invoke(functionUrlEvent());
    await polls(fn.api, 2);
    expect(fn.adapter.lines).toEqual([]);
  });

  it("read the clock four times more, and nobody reads it for them when they are off", async () => {
    const readsWith = async (env: Record<string, string>): Promise<number> => {
      let reads = 0;
      const { now } = machine().platform;
      const counting = (): ReturnType<typeof now> => {
        reads++;
        return now();
      };
      const fn = await startFunction(OK, env, { now: counting });
      await fn.api.invoke(functionUrlEvent());
      await polls(fn.api, 2);
      const before = reads;
      await fn.api.invoke(functionUrlEvent());
      await polls(fn.api, 3);
      return reads - before;
    };
    expect((await readsWith(debug)) - (await readsWith({}))).toBe(4);
  });
});

describe("the access log", () => {
  it("has a line for each HTTP event and none for others", async () => {
    const fn = await startFunction(answer(404, "not here"), access);
    await fn.api.invoke(
      functionUrlEvent({ path: "/a b", query: "token=secret", headers: { cookie: "secret" } }),
    );
    await fn.api.invoke({ event: '{"order":1}' });
    await fn.api.invoke(restEvent({ method: "HEAD", path: "/x" }));
    expect(await linesOf(fn, "INFO access", 3)).toEqual([
      { requestId: "request-1", method: "GET", path: "/a%20b", status: "404", bytes: "8", ms },
      { requestId: "request-3", method: "HEAD", path: "/x", status: "404", bytes: "0", ms },
    ]);
    expect(fn.adapter.lines.join("\n")).not.toMatch(/secret|DEBUG/);
  });

  it("is JSON where the log is", async () => {
    const fn = await startFunction(OK, { ...access, AWS_LAMBDA_LOG_FORMAT: "JSON" });
    await fn.api.invoke(functionUrlEvent());
    const { timestamp, ...rest } = JSON.parse(await lineOf(fn.adapter, /access/)) as Record<string, unknown>;
    expect(typeof timestamp).toBe("string");
    expect(rest).toEqual({
      level: "INFO",
      message: "access",
      requestId: "request-1",
      method: "GET",
      path: "/",
      status: 200,
      bytes: 2,
      ms: expect.any(Number) as number,
    });
  });

  it("tells what the client got when the app failed", async () => {
    const breaking = (env: Record<string, string>): Promise<TestFunction> =>
      startFunctionOver(
        async ({ readRequest, socket }) => {
          const request = await readRequest();
          if (request !== undefined && isCheck(request)) socket.end(OK);
          else socket.destroy();
        },
        { ...access, ...env },
      );
    const error = "Adapter.AppClosedConnection";
    const failing = await breaking({});
    await failing.api.invoke(functionUrlEvent());
    expect(await linesOf(failing, "INFO access", 1)).toEqual([
      { requestId: "request-1", method: "GET", path: "/", error, bytes: "0", ms },
    ]);
    const answering = await breaking({ ANYLAMBDA_APP_FAILURE: "response" });
    await answering.api.invoke(functionUrlEvent());
    expect(await linesOf(answering, "INFO access", 1)).toMatchObject([{ status: "502", error }]);
  });

  it("has the refusals of hooks too", async () => {
    const fn = await startFunction(OK, { ...access, AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH: "/after" });
    await fn.api.invoke(functionUrlEvent({ path: "/after" }));
    expect(await linesOf(fn, "INFO access", 1)).toMatchObject([{ path: "/after", status: "403" }]);
  });

  it("does not show below the level of the log", async () => {
    const fn = await startFunction(OK, { ...access, AWS_LAMBDA_LOG_LEVEL: "WARN" });
    await fn.api.invoke(functionUrlEvent());
    await polls(fn.api, 2);
    expect(fn.adapter.lines).toEqual([]);
  });
});
