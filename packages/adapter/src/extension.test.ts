import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { machine } from "../testing/adapter.ts";
import type { Machine } from "../testing/adapter.ts";
import { OK, startRawApp } from "../testing/raw-app.ts";
import { startRuntimeApi } from "../testing/runtime-api.ts";
import type { RuntimeApi } from "../testing/runtime-api.ts";
import { eventually } from "../testing/wait.ts";
import { awaitEvents, register } from "./extension.ts";
import { createLog } from "./log.ts";
import type { Log } from "./log.ts";

let api: RuntimeApi;
let one: Machine;
let log: Log;

beforeEach(async () => {
  api = await startRuntimeApi();
  one = machine();
  log = createLog(one.platform, { level: "info", json: false });
});

afterEach(async () => {
  one.stop();
  await api.close();
});

describe("register", () => {
  it("sends exactly these bytes (spec adapter.md 2.1)", async () => {
    const raw = await startRawApp(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: abc\r\ncontent-length: 0\r\n\r\n");
    });
    const authority = `127.0.0.1:${raw.port}`;
    expect(await register(one.platform, authority, log)).toMatchObject({ identifier: "abc" });
    expect(raw.requests).toHaveLength(1);
    expect(raw.requests[0]?.head).toBe(
      "POST /2020-01-01/extension/register HTTP/1.1\r\n" +
        "lambda-extension-name: lambda-adapter\r\n" +
        `host: ${authority}\r\n` +
        "content-length: 16",
    );
    expect(raw.requests[0]?.body.toString()).toBe('{ "events": [] }');
    await raw.close();
  });

  it("tries again when it gets no answer (B30)", async () => {
    api.intercept = (call) => {
      api.intercept = undefined;
      call.socket.resetAndDestroy();
      return true;
    };
    expect(await register(one.platform, api.authority, log)).toMatchObject({ identifier: "ext-1" });
    expect(one.lines).toEqual([expect.stringContaining("The Extensions API did not answer")]);
  });

  it.each([
    ["another status", 403, { "lambda-extension-identifier": "x" }],
    ["no identifier", 200, {}],
  ])("says why when Lambda answers with %s", async (_, status, headers) => {
    api.intercept = (_, response) => {
      response.writeHead(status, headers).end("Extension.InvalidExtensionName\n");
      return true;
    };
    await expect(register(one.platform, api.authority, log)).rejects.toThrow(
      `Lambda refused to register the extension: status ${status} Extension.InvalidExtensionName`,
    );
  });
});

describe("awaitEvents", () => {
  it("sends exactly these bytes, once, and waits (spec adapter.md 2.1)", async () => {
    const raw = await startRawApp(async ({ readRequest }) => void (await readRequest()));
    const authority = `127.0.0.1:${raw.port}`;
    void awaitEvents(one.platform, authority, { identifier: "abc", connection: undefined }, log);
    await eventually(() => raw.requests.length > 0);
    expect(raw.requests[0]?.head).toBe(
      `GET /2020-01-01/extension/event/next HTTP/1.1\r\nlambda-extension-identifier: abc\r\nhost: ${authority}`,
    );
    one.stop();
    await raw.close();
  });

  it("asks again when the call breaks (B30)", async () => {
    void awaitEvents(one.platform, api.authority, { identifier: "abc", connection: undefined }, log);
    for (let count = 1; count <= 3; count++) {
      await eventually(() => api.calls.length === count);
      api.calls.at(-1)?.socket.resetAndDestroy();
    }
    await eventually(() => api.calls.length === 4);
  });

  it("asks again after an event that nobody asked for", async () => {
    let answered = 0;
    const raw = await startRawApp(async ({ readRequest, socket }) => {
      await readRequest();
      if (answered++ < 2) socket.write(OK);
    });
    void awaitEvents(
      one.platform,
      `127.0.0.1:${raw.port}`,
      { identifier: "abc", connection: undefined },
      log,
    );
    await eventually(() => raw.requests.length === 3);
    one.stop();
    await raw.close();
  });

  it("ends, with a warning, when it is refused", async () => {
    api.intercept = (_, response) => {
      response.writeHead(403).end("Extension.UnknownExtensionIdentifier\n");
      return true;
    };
    await awaitEvents(one.platform, api.authority, { identifier: "abc", connection: undefined }, log);
    expect(one.lines).toEqual([
      "WARN Lambda answered /2020-01-01/extension/event/next with status 403: Extension.UnknownExtensionIdentifier ",
    ]);
  });
});
