import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { lineOf, machine, runAdapter } from "../testing/adapter.ts";
import type { Machine } from "../testing/adapter.ts";
import { functionUrlEvent, sqsEvent } from "../testing/events.ts";
import {
  answer,
  isCheck,
  startFunction,
  startFunctionOver,
  stopFunctionsAfterEach,
} from "../testing/function.ts";
import { freePort } from "../testing/platform-contract.ts";
import { OK, answering, startRawApp } from "../testing/raw-app.ts";
import { polls, startRuntimeApi } from "../testing/runtime-api.ts";
import type { RuntimeApi } from "../testing/runtime-api.ts";
import { eventually, gate, turns } from "../testing/wait.ts";

stopFunctionsAfterEach();

const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function startApi(): Promise<RuntimeApi> {
  const api = await startRuntimeApi();
  closing.push(() => api.close());
  return api;
}

function start(
  api: RuntimeApi,
  port: number,
  env: Record<string, string> = {},
  options: { readonly virtualTime?: boolean } = {},
): Machine {
  const adapter = runAdapter(
    { AWS_LAMBDA_RUNTIME_API: api.authority, AWS_LWA_PORT: String(port), ...env },
    options,
  );
  closing.push(() => adapter.stop());
  return adapter;
}

const NEXT = "/runtime/invocation/next";

describe("run", () => {
  it("registers, waits for the app, then asks for invocations", async () => {
    const fn = await startFunction(OK);
    expect(fn.api.calls.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      "GET /2018-06-01/runtime/invocation/next",
      "GET /2020-01-01/extension/event/next",
      "POST /2020-01-01/extension/register",
    ]);
    expect(fn.api.calls[0]?.path).toContain("register");
    expect(fn.app.requests).toHaveLength(1);
    expect(fn.adapter.lines).toEqual([]);
  });

  it("uses the connection of the readiness check again: LWA 11.1 (27) http_async_init_ready_at_init", async () => {
    const fn = await startFunction(OK, { AWS_LWA_ASYNC_INIT: "true" });
    expect((await fn.api.invoke(functionUrlEvent({ path: "/hello" }))).kind).toBe("response");
    expect(fn.app.requests.map(({ head }) => head.split(" ")[1])).toEqual(["/ready-check", "/hello"]);
    expect(fn.app.connections).toHaveLength(1);
  });

  it("exits 1 when it may not register", async () => {
    const api = await startApi();
    api.intercept = (_, response) => {
      response.writeHead(403).end("no\n");
      return true;
    };
    const { code, lines } = await start(api, await freePort()).exited;
    expect(code).toBe(1);
    expect(lines).toEqual(["ERROR Lambda refused to register the extension: status 403 no"]);
  });

  it("keeps serving when the call for events breaks (B30)", async () => {
    const fn = await startFunction(OK);
    fn.api.callsTo("/event/next")[0]?.socket.resetAndDestroy();
    await eventually(() => fn.api.callsTo("/event/next").length === 2);
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("exits 1 when the Runtime API is gone for good", async () => {
    const fn = await startFunction(OK);
    await fn.api.close();
    const { code, lines } = await fn.adapter.exited;
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(/^ERROR The Runtime API did not answer .*invocation\/next/);
  });

  it.each(["http", "tcp"])(
    "reaches an app on a Unix socket, whose file comes late (readiness by %s)",
    async (protocol) => {
      const path = join(mkdtempSync(join(tmpdir(), "adapter-")), "app.sock");
      const api = await startApi();
      const adapter = start(api, await freePort(), {
        ANYLAMBDA_APP_SOCKET: path,
        AWS_LWA_READINESS_CHECK_PROTOCOL: protocol,
        AWS_LAMBDA_LOG_LEVEL: "DEBUG",
      });
      await eventually(() => adapter.lines.some((line) => line.includes("nothing listens there yet")));
      const app = await startRawApp(answering(OK), { path });
      closing.push(() => app.close());
      await polls(api, 1);
      expect((await api.invoke(functionUrlEvent({ path: "/hello" }))).kind).toBe("response");
      expect(app.requests.at(-1)?.head).toContain("GET /hello HTTP/1.1");
    },
  );

  it("names the Unix socket at which nobody listens any more", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "adapter-")), "app.sock");
    const api = await startApi();
    const app = await startRawApp(answering(OK), { path });
    start(api, await freePort(), {
      ANYLAMBDA_APP_SOCKET: `unix:${path}`,
      AWS_LWA_POOL_IDLE_TIMEOUT_SECONDS: "0",
    });
    await polls(api, 1);
    await app.close();
    const { text } = await api.invoke(functionUrlEvent());
    expect(text).toContain(`No connection to the app at unix:${path}: ENOENT`);
  });

  it("polls the proxy and registers at Lambda: LWA 11.2 (46), B32", async () => {
    const lambda = await startApi();
    const proxy = await startApi();
    const app = await startRawApp(answering(OK));
    closing.push(() => app.close());
    start(lambda, app.port, { AWS_LWA_LAMBDA_RUNTIME_API_PROXY: `http://${proxy.authority}` });
    await polls(proxy, 1);
    expect((await proxy.invoke(functionUrlEvent())).kind).toBe("response");
    expect(lambda.callsTo(NEXT)).toEqual([]);
    expect(lambda.callsTo("/register")).toHaveLength(1);
    expect(proxy.callsTo("/register")).toEqual([]);
  });
});

describe("init", () => {
  it("asks the proxy for the restore too: it stands for the Runtime API as a whole", async () => {
    const lambda = await startApi();
    const proxy = await startApi();
    proxy.intercept = ({ path }, response) => {
      if (!path.endsWith("/restore/next")) return false;
      response.writeHead(200).end();
      return true;
    };
    const app = await startRawApp(answering(OK));
    closing.push(() => app.close());
    start(lambda, app.port, {
      AWS_LWA_LAMBDA_RUNTIME_API_PROXY: proxy.authority,
      AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start",
    });
    await polls(proxy, 1);
    expect(proxy.callsTo("/restore/next")).toHaveLength(1);
    expect(lambda.callsTo(/runtime/)).toEqual([]);
  });

  it("reports an app that is not ready in time, and exits 1", async () => {
    const api = await startApi();
    const port = await freePort();
    const adapter = start(api, port, { AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS: "0.05" });
    const { code } = await adapter.exited;
    expect(code).toBe(1);
    const errorMessage = "The app was not ready within 50 ms: nothing listens there yet";
    expect(adapter.lines).toContainEqual(`ERROR ${errorMessage}`);
    const [call] = api.callsTo("/runtime/init/error");
    expect(JSON.parse(String(call?.body))).toEqual({ errorType: "Adapter.AppNotReady", errorMessage });
    expect(api.callsTo(NEXT)).toEqual([]);
  });

  it("goes on after 9.8 s with async init, and serves when the app is ready", async () => {
    const api = await startApi();
    const port = await freePort();
    const adapter = start(api, port, { AWS_LWA_ASYNC_INIT: "true" }, { virtualTime: true });
    await eventually(() => api.callsTo("/event/next").length > 0);
    while (!adapter.lines.some((line) => line.includes("8000ms"))) await adapter.advance(100);
    expect(api.callsTo(NEXT)).toEqual([]);
    while (api.callsTo(NEXT).length === 0) await adapter.advance(100);
    const outcome = api.invoke(functionUrlEvent({ path: "/first" }));
    const app = await startRawApp(answering(OK), { port });
    closing.push(() => app.close());
    while (!app.requests.some(({ head }) => head.startsWith("GET /first "))) await adapter.advance(10);
    expect((await outcome).kind).toBe("response");
    expect((await api.invoke(functionUrlEvent())).kind).toBe("response");
    expect(app.requests.map(({ head }) => head.split(" ")[1])).toEqual(["/", "/first", "/"]);
  });

  it("fails an invocation whose deadline passes before the app is ready, and waits on in the next", async () => {
    const api = await startApi();
    const port = await freePort();
    const env = { AWS_LWA_ASYNC_INIT: "true", AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS: "0.02" };
    start(api, port, env);
    await polls(api, 1);
    const headers = { "Lambda-Runtime-Deadline-Ms": String(Date.now() + 100) };
    const failed = await api.invoke({ event: sqsEvent, headers });
    expect(failed.kind).toBe("error");
    expect(["Adapter.AppNotReady", "Adapter.DeadlineExceeded"]).toContain(failed.errorType);
    const app = await startRawApp(answering(answer(200, "null")), { port });
    closing.push(() => app.close());
    expect((await api.invoke({ event: sqsEvent })).kind).toBe("response");
  });

  it("ignores async init, and says so, where finishing early does harm (spec adapter.md 7.1)", async () => {
    const fn = await startFunction(OK, {
      AWS_LWA_ASYNC_INIT: "true",
      AWS_LAMBDA_INITIALIZATION_TYPE: "provisioned-concurrency",
    });
    expect(await lineOf(fn.adapter, /ASYNC_INIT/)).toBe(
      "WARN AWS_LWA_ASYNC_INIT is ignored: provisioned-concurrency waits for the app as long as it takes",
    );
  });
});

describe("the loop", () => {
  it("asks for the next invocation only after the answer of the last", async () => {
    const fn = await startFunction(OK);
    await Promise.all([fn.api.invoke(functionUrlEvent()), fn.api.invoke(functionUrlEvent())]);
    await polls(fn.api, 3);
    expect(
      fn.api.calls.map(({ path }) => path.split("/").at(-1)).filter((word) => word !== "register"),
    ).toEqual(["next", "next", "response", "next", "response", "next"]);
  });

  it("serves four at a time with AWS_LAMBDA_MAX_CONCURRENCY=4, each on a connection of its own", async () => {
    const go = gate();
    const fn = await startFunctionOver(
      async (connection) => {
        for (;;) {
          const request = await connection.readRequest();
          if (request === undefined) return;
          if (!isCheck(request)) await go.opened;
          const [, target = ""] = request.head.split(" ");
          connection.socket.write(answer(200, target));
        }
      },
      { AWS_LAMBDA_MAX_CONCURRENCY: "4" },
    );
    const paths = ["/a", "/b", "/c", "/d"];
    const outcomes = paths.map((path) => fn.api.invoke(functionUrlEvent({ path })));
    await eventually(() => fn.requests().length === 4);
    expect(new Set(fn.app.requests.slice(1).map(({ connection }) => connection)).size).toBe(4);
    go.open();
    const bodies = (await Promise.all(outcomes)).map(
      ({ text }) => (JSON.parse(text) as { body: string }).body,
    );
    expect(bodies).toEqual(paths);
  });

  it("goes on with the others, and again with all, when one of four loses the Runtime API: LWA 11.4 (84), B31", async () => {
    const fn = await startFunction(OK, { AWS_LAMBDA_MAX_CONCURRENCY: "4" });
    fn.api.callsTo(NEXT)[0]?.socket.resetAndDestroy();
    await polls(fn.api, 5);
    const events = Array.from({ length: 12 }, (_, i) => functionUrlEvent({ path: `/${i}` }));
    const outcomes = await Promise.all(events.map((event) => fn.api.invoke(event)));
    expect(outcomes.every(({ kind }) => kind === "response")).toBe(true);
    const open = fn.api.callsTo(NEXT).filter(({ socket }) => !socket.destroyed);
    expect(new Set(open.map(({ socket }) => socket)).size).toBe(4);
  });

  it("begins a worker again that was refused for longer than its patience (B31)", async () => {
    const fn = await startFunction(OK, { AWS_LAMBDA_MAX_CONCURRENCY: "2" });
    let refuse = true;
    fn.api.intercept = (call, response) => {
      if (!refuse || !call.path.endsWith(NEXT)) return false;
      response.writeHead(500).end();
      return true;
    };
    const outcomes = [fn.api.invoke(functionUrlEvent()), fn.api.invoke(functionUrlEvent())];
    await Promise.all(outcomes);
    await lineOf(fn.adapter, /^ERROR A worker lost the Runtime API and begins again/);
    refuse = false;
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("uses each connection to the app once before a snapshot, and no such connection after it", async () => {
    const api = await startApi();
    const app = await startRawApp(answering(OK));
    closing.push(() => app.close());
    api.intercept = (call, response) => {
      if (!call.path.endsWith("/restore/next")) return false;
      response.writeHead(200).end();
      return true;
    };
    start(api, app.port, { AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start" });
    await polls(api, 1);
    expect((await api.invoke(functionUrlEvent())).kind).toBe("response");
    expect(app.requests[0]?.connection).not.toBe(app.requests[1]?.connection);
    await eventually(() => app.connections[0]?.socket.destroyed);
  });
});

describe("a fault of ours", () => {
  it("in an invocation is its answer, and the loop goes on", async () => {
    const broken = { is: false };
    const { after } = machine().platform;
    const fn = await startFunction(
      OK,
      {},
      {
        after: (ms, action) => {
          if (broken.is) throw new Error("no timers left");
          return after(ms, action);
        },
      },
    );
    broken.is = true;
    const failed = await fn.api.invoke(functionUrlEvent());
    expect(failed).toMatchObject({ kind: "error", errorType: "Adapter.InternalError" });
    expect(JSON.parse(failed.text)).toEqual({
      errorType: "Adapter.InternalError",
      errorMessage: "no timers left",
    });
    expect(await lineOf(fn.adapter, /^ERROR/)).toBe(
      "ERROR Invocation failed with Adapter.InternalError: no timers left requestId=request-1",
    );
    broken.is = false;
    expect((await fn.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("while a failure is being answered is an answer too", async () => {
    const { codec } = machine().platform;
    const fn = await startFunctionOver(
      async ({ readRequest, socket }) => {
        const request = await readRequest();
        if (request !== undefined && isCheck(request)) socket.end(OK);
        else socket.destroy();
      },
      { ANYLAMBDA_APP_FAILURE: "response" },
      {
        codec: {
          ...codec,
          jsonString: () => {
            throw new Error("no memory");
          },
        },
      },
    );
    for (let i = 0; i < 2; i++)
      expect(await fn.api.invoke(functionUrlEvent())).toMatchObject({
        kind: "error",
        errorType: "Adapter.InternalError",
      });
  });
});

describe("SIGTERM", () => {
  it("ends the process at once when nothing is under way", async () => {
    const fn = await startFunction(OK);
    fn.adapter.terminate();
    expect((await fn.adapter.exited).code).toBe(0);
  });

  it("is heeded after the invocation that is under way", async () => {
    const go = gate();
    const fn = await startFunctionOver(async ({ readRequest, socket }) => {
      for (;;) {
        const request = await readRequest();
        if (request === undefined) return;
        if (!isCheck(request)) await go.opened;
        socket.write(OK);
      }
    });
    const outcome = fn.api.invoke(functionUrlEvent());
    await eventually(() => fn.requests().length === 1);
    fn.adapter.terminate();
    await turns(5);
    go.open();
    expect((await outcome).kind).toBe("response");
    expect((await fn.adapter.exited).code).toBe(0);
  });
});
