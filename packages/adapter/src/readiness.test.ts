import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lineOf, machine } from "../testing/adapter.ts";
import type { Machine } from "../testing/adapter.ts";
import { freePort } from "../testing/platform-contract.ts";
import { OK, answering, startRawApp } from "../testing/raw-app.ts";
import type { RawApp, RawConnection } from "../testing/raw-app.ts";
import { eventually, turns } from "../testing/wait.ts";
import { createAppClient } from "./app-client.ts";
import { readConfig } from "./config.ts";
import { createLog } from "./log.ts";
import { waitUntilReady } from "./readiness.ts";
import type { Readiness } from "./readiness.ts";

let app: RawApp | undefined;
let one: Machine;

beforeEach(() => {
  one = machine();
});

afterEach(async () => {
  one.stop();
  await app?.close();
  app = undefined;
});

const serve = async (serveOne: (connection: RawConnection) => Promise<void> | void): Promise<number> => {
  app = await startRawApp(serveOne);
  return app.port;
};

/** Waits for the app on `port` with more variables, on the test's machine. */
function wait(
  port: number,
  env: Record<string, string> = {},
  limitMs: number = Number.POSITIVE_INFINITY,
): Promise<Readiness> {
  const { config } = readConfig({ AWS_LWA_PORT: String(port), ...env });
  const address = { host: config.host, port: config.readinessPort ?? config.port };
  const log = createLog(one.platform, { level: "debug", json: false });
  return waitUntilReady(
    one.platform,
    config,
    createAppClient(one.platform, { address, idleMs: 4000 }),
    log,
    limitMs,
  );
}

const status = (code: number): string => `HTTP/1.1 ${code} X\r\ncontent-length: 0\r\n\r\n`;

describe("waitUntilReady over HTTP", () => {
  it("asks the path once, with the host only: LWA 11.1 (5), 11.2 (34)", async () => {
    const port = await serve(answering(OK));
    const env = { AWS_LWA_READINESS_CHECK_PATH: "/healthcheck?deep=1" };
    expect(await wait(port, env)).toEqual({ ready: true });
    expect(app?.requests.map(({ head }) => head)).toEqual([
      `GET /healthcheck?deep=1 HTTP/1.1\r\nhost: 127.0.0.1:${port}`,
    ]);
  });

  it("waits for an app that starts late", async () => {
    const port = await freePort();
    const ready = wait(port);
    await turns(20);
    app = await startRawApp(answering(OK), { port });
    expect(await ready).toEqual({ ready: true });
  });

  it("asks again until the status is healthy: LWA 11.2 (35)", async () => {
    let count = 0;
    const port = await serve(answering(() => status(++count < 4 ? 500 : 200)));
    expect(await wait(port)).toEqual({ ready: true });
    expect(count).toBe(4);
  });

  it.each([
    [499, "100-499", true],
    [500, "100-499", false],
    [403, "200-399", false], // LWA 11.2 (36)
    [401, "200-399,401", true],
    [599, "500-599", true],
  ])("takes %i with healthy statuses %s for ready: %s", async (code, list, ready) => {
    const port = await serve(answering(status(code)));
    let isReady = false;
    void wait(port, { AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: list }).then(() => (isReady = true));
    // Not ready shows in being asked again.
    await eventually(() => isReady || (app?.requests.length ?? 0) > 1);
    expect(isReady).toBe(ready);
  });

  it("remarks on a 404, which counts as ready", async () => {
    await wait(await serve(answering(status(404))));
    expect(one.lines).toContainEqual(expect.stringMatching(/^INFO The readiness check answered 404.* url=/));
  });

  it("asks the readiness port when there is one", async () => {
    const health = await startRawApp(answering(OK));
    expect(await wait(await freePort(), { AWS_LWA_READINESS_CHECK_PORT: String(health.port) })).toEqual({
      ready: true,
    });
    expect(health.requests[0]?.head).toContain(`host: 127.0.0.1:${health.port}`);
    await health.close();
  });

  it("is ready with an answer whose body never ends", async () => {
    const port = await serve(async ({ readRequest, socket }) => {
      await readRequest();
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    });
    expect(await wait(port)).toEqual({ ready: true });
  });

  it("goes on over an app that closes, resets and sends garbage", async () => {
    const port = await serve(async ({ number, readRequest, socket }) => {
      await readRequest();
      if (number === 0) socket.end();
      else if (number === 1) socket.resetAndDestroy();
      else socket.end(number === 2 ? "garbage\r\n\r\n" : OK);
    });
    expect(await wait(port)).toEqual({ ready: true });
  });

  it("tells the boot's timeline at its end", async () => {
    const port = await serve(async ({ number, readRequest, socket }) => {
      await readRequest();
      socket.end(number === 0 ? status(503) : OK);
    });
    await wait(port);
    const line = one.lines.find((text) => text.includes("app is ready"));
    expect(line).toMatch(
      /^DEBUG .* after_ms=\d+ timeline="\d+ms connected, no answer yet, \d+ms answered with status 503/,
    );
  });

  it("says every two seconds what it waits for", async () => {
    one = machine({}, { virtualTime: true });
    const port = await freePort();
    void wait(port);
    for (const ms of [2000, 4000, 6000]) {
      while (!one.lines.some((line) => line.includes(`${ms}ms`))) await one.advance(50);
      expect(await lineOf(one, new RegExp(`${ms}ms`))).toBe(
        `INFO app is not ready after ${ms}ms url=http://127.0.0.1:${port}/ state="nothing listens there yet"`,
      );
    }
  });

  it("names a server that accepts and never answers, and tries it again after ten seconds (B29)", async () => {
    one = machine({}, { virtualTime: true });
    const port = await serve(async (connection) => {
      await connection.readRequest();
      if (connection.number > 0) connection.socket.write(OK);
    });
    const waiting = wait(port);
    await eventually(() => app?.requests.length === 1);
    await one.advance(2000);
    expect(one.lines).toEqual([
      `INFO app is not ready after 2000ms url=http://127.0.0.1:${port}/ state="connected, no answer yet"`,
    ]);
    await one.advance(8100);
    expect(await waiting).toEqual({ ready: true });
    expect(app?.requests).toHaveLength(2);
    await eventually(() => app?.connections[0]?.socket.destroyed);
  });

  it("gives up at the limit and says what the last attempt met", async () => {
    one = machine({}, { virtualTime: true });
    const port = await serve(async (connection) => void (await connection.readRequest()));
    const waiting = wait(port, {}, 3000);
    await eventually(() => app?.requests.length === 1);
    await one.advance(4000);
    expect(await waiting).toEqual({ ready: false, state: "no answer within 3000ms" });
    await one.advance(10_000);
    expect(one.lines).toHaveLength(1);
  });

  it.each([
    [
      "what the one before it met, when the last attempt was too short to tell",
      100,
      "answered with status 503",
    ],
    ["that the last attempt got no answer, when it had the time for one", 3000, "no answer within 2990ms"],
  ])("says at the limit %s", async (_, limitMs, state) => {
    one = machine({}, { virtualTime: true });
    const port = await serve(async (connection) => {
      await connection.readRequest();
      if (connection.number === 0) connection.socket.end(status(503));
    });
    const waiting = wait(port, {}, limitMs);
    await eventually(() => app?.connections[0]?.socket.destroyed);
    await turns(5);
    await one.advance(10);
    await eventually(() => app?.requests.length === 2);
    await one.advance(limitMs + 100);
    expect(await waiting).toEqual({ ready: false, state });
  });

  it("asks nothing of an app that takes the connection only after the attempt was given up", async () => {
    one = machine({}, { virtualTime: true });
    const port = await serve(answering(OK));
    const { platform } = one;
    let connect = (): void => {};
    const late = {
      ...platform,
      connect: (address: Parameters<typeof platform.connect>[0]) =>
        new Promise<void>((resolve) => (connect = resolve)).then(() => platform.connect(address)),
    };
    const { config } = readConfig({ AWS_LWA_PORT: String(port) });
    const client = createAppClient(late, { address: { host: config.host, port }, idleMs: 4000 });
    const log = createLog(platform, { level: "debug", json: false });
    const waiting = waitUntilReady(late, config, client, log, 1000);
    await one.advance(2000);
    expect(await waiting).toEqual({ ready: false, state: "no answer within 1000ms" });
    connect();
    await eventually(() => app?.connections[0]?.socket.destroyed);
    expect(app?.requests).toEqual([]);
  });
});

describe("waitUntilReady over TCP", () => {
  const tcp = { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" };

  it("is ready as soon as the port is open, and sends nothing: LWA 11.1 (28), 11.2 (37)", async () => {
    const port = await serve(() => {});
    expect(await wait(port, tcp)).toEqual({ ready: true });
    const { socket } = await eventually(() => app?.connections[0]);
    await eventually(() => socket.destroyed);
    expect(socket.bytesRead).toBe(0);
  });

  it("waits for a closed port: LWA 11.2 (38)", async () => {
    one = machine({}, { virtualTime: true });
    const port = await freePort();
    const waiting = wait(port, tcp, 2500);
    while (one.lines.length === 0) await one.advance(100);
    expect(one.lines[0]).toBe(
      `INFO app is not ready after 2000ms url=tcp://127.0.0.1:${port} state="nothing listens there yet"`,
    );
    app = await startRawApp(() => {}, { port });
    while (app.connections.length === 0) await one.advance(10);
    expect(await waiting).toEqual({ ready: true });
  });
});
