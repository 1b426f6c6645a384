import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodePlatform } from "../platforms/node/platform.ts";
import { machine } from "../testing/adapter.ts";
import type { Machine } from "../testing/adapter.ts";
import { freePort } from "../testing/platform-contract.ts";
import { startRawApp } from "../testing/raw-app.ts";
import type { RawApp } from "../testing/raw-app.ts";
import { FUNCTION_ARN, startRuntimeApi } from "../testing/runtime-api.ts";
import type { RuntimeApi } from "../testing/runtime-api.ts";
import { eventually, turns } from "../testing/wait.ts";
import { RuntimeApiError } from "./errors.ts";
import { createLog } from "./log.ts";
import { RuntimeClient, addressOf } from "./runtime-client.ts";

let api: RuntimeApi;
let one: Machine;
let client: RuntimeClient;

const utf8 = (text: string): Uint8Array => Buffer.from(text);

function clientOf(authority: string, onMachine: Machine = one): RuntimeClient {
  return new RuntimeClient(
    onMachine.platform,
    authority,
    createLog(onMachine.platform, { level: "info", json: false }),
  );
}

beforeEach(async () => {
  api = await startRuntimeApi();
  one = machine();
  client = clientOf(api.authority);
});

afterEach(async () => {
  one.stop();
  await api.close();
});

describe("next", () => {
  it("waits for an invocation and gives its head and its event as it came", async () => {
    const event = ' {"n":1.50} \n';
    void api.invoke({
      event,
      headers: {
        "Lambda-Runtime-Aws-Request-Id": "id-1",
        "Lambda-Runtime-Deadline-Ms": "1795514403000",
        "Lambda-Runtime-Trace-Id": "Root=1",
        "Lambda-Runtime-Client-Context": "{}",
        "Lambda-Runtime-Cognito-Identity": "",
        "Lambda-Runtime-Aws-Tenant-Id": "t",
      },
    });
    const invocation = await client.next();
    expect(invocation.head).toEqual({
      requestId: "id-1",
      deadlineMs: 1795514403000,
      functionArn: FUNCTION_ARN,
      traceId: "Root=1",
      clientContext: "{}",
      cognitoIdentity: undefined,
      tenantId: "t",
    });
    expect(Buffer.from(invocation.event).toString()).toBe(event);
  });

  it("fails an invocation for whose event there is no memory, and goes on (4)", async () => {
    const narrow = machine(
      {},
      {
        instead: {
          async connect(address) {
            const connection = await nodePlatform.connect(address);
            let taken = 0;
            const read = async (): Promise<Uint8Array | null> => {
              const bytes = await connection.read();
              taken += bytes?.length ?? 0;
              if (taken > 1_000_000) throw new Error("out of memory");
              return bytes;
            };
            const readInto = async (bytes: Uint8Array, from: number): Promise<boolean> => {
              if (bytes.length > 1_000_000) throw new Error("out of memory");
              return connection.readInto(bytes, from);
            };
            return { ...connection, read, readInto };
          },
        },
      },
    );
    const failed = api.invoke({ event: JSON.stringify("x".repeat(4_000_000)) });
    const answered = api.invoke({ event: "{}" });
    const small = clientOf(api.authority, narrow);
    const { head } = await small.next();
    expect(await failed).toMatchObject({
      kind: "error",
      errorType: "Adapter.InternalError",
      text: expect.stringContaining("There is no memory for the event (out of memory)"),
    });
    expect(head.requestId).toBe("request-2");
    await small.respond(head.requestId, [utf8("{}")]);
    expect((await answered).kind).toBe("response");
    expect(narrow.lines).toEqual([expect.stringContaining("There is no memory for the event")]);
    narrow.stop();
  });

  it("lives without every header but the id: LWA 11.4 (86), B7, B8", async () => {
    const missing = { "Lambda-Runtime-Deadline-Ms": null, "Lambda-Runtime-Invoked-Function-Arn": null };
    void api.invoke({ event: "{}", headers: missing });
    const { head } = await client.next();
    expect(head).toMatchObject({ requestId: "request-1", deadlineMs: Number.NaN, functionArn: "" });
  });

  it.each(["soon", "NaN", "", "1e999"])("lives with a deadline of %j", async (deadline) => {
    void api.invoke({ event: "{}", headers: { "Lambda-Runtime-Deadline-Ms": deadline } });
    expect((await client.next()).head.requestId).toBe("request-1");
  });

  it("carries an event of 6 MiB byte for byte", async () => {
    const event = JSON.stringify({ body: "é".repeat(3 * 1024 * 1024 - 10) });
    void api.invoke({ event });
    expect(Buffer.from((await client.next()).event).equals(Buffer.from(event))).toBe(true);
  });

  it.each([403, 500, 503])("asks again when it is answered %i (B8)", async (status) => {
    let refusals = 2;
    api.intercept = (_, response) => {
      if (refusals === 0) return false;
      refusals--;
      response.writeHead(status).end("no\n");
      return true;
    };
    void api.invoke({ event: "{}" });
    expect((await client.next()).head.requestId).toBe("request-1");
    expect(one.lines).toEqual([
      `WARN The Runtime API answered /2018-06-01/runtime/invocation/next with status ${status}: no retry_in_ms=25`,
      `WARN The Runtime API answered /2018-06-01/runtime/invocation/next with status ${status}: no retry_in_ms=50`,
    ]);
  });

  it("asks again when there is no request id (B8)", async () => {
    void api.invoke({ event: "{}", headers: { "Lambda-Runtime-Aws-Request-Id": null } });
    const next = client.next();
    await eventually(() => one.lines.length > 0);
    void api.invoke({ event: "{}" });
    expect((await next).head.requestId).toBe("request-2");
    expect(one.lines[0]).toContain("without a request id");
  });

  it("asks again on a new connection when the connection breaks while it waits (2)", async () => {
    const next = client.next();
    await eventually(() => api.calls.length === 1);
    api.calls[0]?.socket.resetAndDestroy();
    await eventually(() => api.calls.length === 2);
    void api.invoke({ event: "{}" });
    expect((await next).head.requestId).toBe("request-1");
    expect(api.calls[1]?.socket).not.toBe(api.calls[0]?.socket);
  });
});

describe("connect", () => {
  it("opens the connection of the first call", async () => {
    let opened = 0;
    const counting = machine(
      {},
      { instead: { connect: (address) => (opened++, nodePlatform.connect(address)) } },
    );
    const ahead = clientOf(api.authority, counting);
    await ahead.connect();
    const asked = ahead.ask();
    const outcome = api.invoke({ event: "1" });
    const invocation = ahead.heard((await asked) ?? null) ?? (await ahead.next());
    await ahead.respond(invocation.head.requestId, [utf8("2")]);
    expect((await outcome).text).toBe("2");
    expect(opened).toBe(1);
    counting.stop();
  });

  it("leaves one that was closed, or could not be opened, to the first call", async () => {
    let isClosed = false;
    const app = await startRawApp(({ socket }) => {
      socket.on("close", () => (isClosed = true));
      socket.write("HTTP/1.1 408 Request Timeout\r\n\r\n");
    });
    const refused = clientOf(`127.0.0.1:${app.port}`);
    await refused.connect();
    await eventually(() => isClosed || undefined);
    expect(refused.ask()).toBeUndefined();
    await app.close();
    const unreachable = clientOf(`127.0.0.1:${await freePort()}`);
    await unreachable.connect();
    expect(unreachable.ask()).toBeUndefined();
    expect(one.lines).toEqual([]);
  });
});

describe("a call", () => {
  it("pauses before it is made again when the connection had never been used (2)", async () => {
    await client.connect();
    api.intercept = (call) => {
      api.intercept = undefined;
      call.socket.destroy();
      return true;
    };
    const outcome = api.invoke({ event: "{}" });
    const { head } = await client.next();
    await client.respond(head.requestId, [utf8("1")]);
    expect((await outcome).text).toBe("1");
    expect(one.lines).toEqual([expect.stringContaining("retry_in_ms=25")]);
  });

  it("keeps one connection for one call after the other (1)", async () => {
    for (let i = 0; i < 3; i++) {
      const outcome = api.invoke({ event: "{}" });
      const { head } = await client.next();
      await client.respond(head.requestId, [utf8('{"a"'), utf8(":1}")]);
      expect((await outcome).text).toBe('{"a":1}');
    }
    expect(new Set(api.calls.map(({ socket }) => socket)).size).toBe(1);
  });

  it("is made again at once when the kept connection had gone stale, without a word (2)", async () => {
    const outcome = api.invoke({ event: "{}" });
    const { head } = await client.next();
    api.intercept = (call) => {
      api.intercept = undefined;
      call.socket.resetAndDestroy();
      return true;
    };
    await client.respond(head.requestId, [utf8("1")]);
    expect((await outcome).text).toBe("1");
    expect(one.lines).toEqual([]);
  });

  it("is not made on a connection on which something arrived while it was idle", async () => {
    const outcome = api.invoke({ event: "{}" });
    const { head } = await client.next();
    api.calls[0]?.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    await turns(10);
    await client.respond(head.requestId, [utf8("1")]);
    expect((await outcome).text).toBe("1");
    expect(one.lines).toEqual([]);
  });

  it("throws RuntimeApiError after the last pause when nothing answers (3)", async () => {
    const slow = machine({}, { virtualTime: true });
    const authority = `127.0.0.1:${await freePort()}`;
    const failed = clientOf(authority, slow)
      .next()
      .catch((error: unknown) => error);
    for (let i = 0; i < 5; i++) {
      await eventually(() => slow.lines.length > i);
      await slow.advance(800);
    }
    const error = await failed;
    expect(error).toBeInstanceOf(RuntimeApiError);
    expect(String(error)).toContain("did not answer /2018-06-01/runtime/invocation/next");
    expect(slow.lines.map((line) => /retry_in_ms=(\d+)/.exec(line)?.[1])).toEqual([
      "25",
      "50",
      "100",
      "300",
      "800",
    ]);
  });

  it("sends a payload of many pieces with one length", async () => {
    const pieces = Array.from({ length: 50 }, (_, i) => utf8(`${i},`.repeat(1000)));
    const outcome = api.invoke({ event: "{}" });
    const { head } = await client.next();
    await client.respond(head.requestId, pieces);
    const { body, headers } = await outcome;
    expect(body.equals(Buffer.concat(pieces))).toBe(true);
    expect(headers).toEqual([
      ["host", api.authority],
      ["user-agent", "anylambda"],
      ["content-length", String(body.length)],
    ]);
  });
});

describe("respond and fail", () => {
  it.each([
    [400, "WARN"],
    [403, "WARN"],
    [404, "WARN"],
    [410, "WARN"],
    [413, "WARN"],
    [500, "WARN"],
  ])("logs a refusal with %i and goes on: LWA 11.4 (85)", async (status) => {
    void api.invoke({ event: "{}" });
    const { head } = await client.next();
    api.intercept = (_, response) => {
      api.intercept = undefined;
      response.writeHead(status).end('{"errorType":"No"}\n');
      return true;
    };
    await client.respond(head.requestId, [utf8("1")]);
    expect(one.lines).toHaveLength(1);
    expect(one.lines[0]).toContain(
      `refused /2018-06-01/runtime/invocation/request-1/response with status ${status}`,
    );
    expect(one.lines[0]).toContain('{"errorType":"No"}');
    expect(one.lines[0]?.includes("timed out")).toBe(status === 410);
    void api.invoke({ event: "{}" });
    expect((await client.next()).head.requestId).toBe("request-2");
  });

  it("takes a refusal that comes before a large payload is through", async () => {
    void api.invoke({ event: "{}" });
    const { head } = await client.next();
    await api.close();
    const raw: RawApp = await startRawApp(
      async ({ number, readHead, readRequest, socket }) => {
        if (number === 0) {
          await readHead();
          socket.pause();
          socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
        } else {
          await readRequest();
          socket.write(
            "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: next\r\ncontent-length: 2\r\n\r\n{}",
          );
        }
      },
      { port: addressOf(api.authority).port },
    );
    await client.respond(head.requestId, [Buffer.alloc(32 * 1024 * 1024)]);
    expect(one.lines.at(-1)).toContain("status 413");
    expect((await client.next()).head.requestId).toBe("next");
    await raw.close();
  });

  it("posts a failure with its type, which cannot break out of its header", async () => {
    const outcome = api.invoke({ event: "{}" });
    const { head } = await client.next();
    await client.fail(head.requestId, "Shop.Sold\r\nx-a: Öut", utf8('{"errorType":"x"}'));
    expect(await outcome).toMatchObject({
      kind: "error",
      errorType: "Shop.Sold x-a: ut",
      text: '{"errorType":"x"}',
    });
  });

  it("reports an init that failed", async () => {
    await client.failInit({ errorType: "Adapter.AppNotReady", errorMessage: "no" });
    const [call] = api.callsTo("/runtime/init/error");
    expect(call?.body.toString()).toBe('{"errorType":"Adapter.AppNotReady","errorMessage":"no"}');
    expect(call?.headers).toContainEqual(["lambda-runtime-function-error-type", "Adapter.AppNotReady"]);
  });
});

describe("addressOf", () => {
  it.each([
    ["127.0.0.1:9001", { host: "127.0.0.1", port: 9001 }],
    ["[::1]:9001", { host: "::1", port: 9001 }],
    ["localhost", { host: "localhost", port: 80 }],
  ])("reads %s", (authority, address) => {
    expect(addressOf(authority)).toEqual(address);
  });
});
