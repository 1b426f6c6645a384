// The Telemetry and the Logs API of real environments, with real extensions.
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ApiServer } from "../api-server.ts";
import { ExtensionRegistry } from "../extension-registry.ts";
import type { ExtensionProgram } from "../function.ts";
import { RuntimeApi } from "../runtime-api.ts";
import {
  type Reply,
  type Rig,
  call,
  directory,
  fixture,
  notesOf,
  of,
  rig,
  until,
} from "../testing/harness.ts";
import { replayEngine } from "../snapstart/replay-engine.ts";
import { TelemetryHub } from "./hub.ts";

interface Noted {
  readonly time: string;
  readonly type: string;
  readonly record: Record<string, unknown> & { readonly requestId?: string };
}

function subscribing(name: string, plan: object = {}): ExtensionProgram {
  return { name, ...fixture("telemetry-extension.mjs", name, JSON.stringify(plan)) };
}

async function started(
  plan: object,
  more: object = {},
  options: Parameters<typeof rig>[1] = {},
): Promise<{ r: Rig; notes: string }> {
  const notes = join(directory(), "notes");
  const extensions = [subscribing("tele", plan)];
  const r = await rig({ extensions, variables: { NOTES: notes }, ...more }, options);
  await r.fleet.initialized;
  return { r, notes };
}

const answersIn = (notes: string): string[] => notesOf(notes).filter((line) => line.startsWith("answer "));
const recordsIn = (notes: string): Noted[] =>
  notesOf(notes)
    .filter((line) => line.startsWith("record "))
    .map((line) => JSON.parse(line.slice("record ".length)) as Noted);
const typesIn = (notes: string): string[] => recordsIn(notes).map(({ type }) => type);
const ok = `answer 200 application/json "OK"`;

describe("an extension that subscribes to telemetry", () => {
  it("gets every record of a good cold start and an invocation, in AWS's order (3.4)", async () => {
    const { r, notes } = await started({});
    {
      await using _ = r;
      const traceId = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
      const payload = Buffer.from(`{"do":"print","lines":["one"]}`);
      const invocation = r.fleet.invoke({ payload, traceId });
      await invocation.ended;
      await until(() => typesIn(notes).includes("platform.report"));
    }
    expect(answersIn(notes)).toEqual([ok]);
    const request = notesOf(notes).find((line) => line.startsWith("request "));
    expect(request).toBe("request POST /take?it=1 application/json");
    const records = recordsIn(notes);
    const platform = records.filter(({ type }) => type.startsWith("platform."));
    expect(platform.map(({ type }) => type.slice("platform.".length))).toEqual([
      "initStart",
      "telemetrySubscription",
      "extension",
      "initRuntimeDone",
      "initReport",
      "start",
      "runtimeDone",
      "report",
    ]);
    // Lines of the function stand between start and runtimeDone.
    const types = records.map(({ type }) => type);
    const lines = records.flatMap(({ type, record }, at) => (type === "function" ? [{ record, at }] : []));
    expect(new Set(lines.map(({ record }) => record))).toEqual(new Set(["one", "to stderr"]));
    for (const { at } of lines) {
      expect(at).toBeGreaterThan(types.indexOf("platform.start"));
      expect(at).toBeLessThan(types.indexOf("platform.runtimeDone"));
    }
    expect(types).toContain("extension");
    // What came before the subscription was replayed, the extension's own first line too.
    expect(types[0]).toBe("platform.initStart");
    expect(records.find(({ type }) => type === "extension")?.record).toBe("tele is up");

    const one = (type: string) => platform.find((each) => each.type === `platform.${type}`)?.record ?? {};
    const requestId = one("start")["requestId"];
    expect(one("initStart")).toMatchObject({
      initializationType: "on-demand",
      phase: "init",
      functionName: "tested",
      functionVersion: "$LATEST",
      instanceMaxMemory: 134_217_728,
    });
    expect(one("extension")).toEqual({ name: "tele", state: "Ready", events: ["INVOKE", "SHUTDOWN"] });
    expect(one("telemetrySubscription")).toEqual({
      name: "tele",
      state: "Subscribed",
      types: ["platform", "function", "extension"],
    });
    const done = one("runtimeDone") as unknown as {
      metrics: { durationMs: number; producedBytes: number };
      spans: { name: string; start: string; durationMs: number }[];
      tracing: { spanId: string; type: string; value: string };
    };
    expect(done).toMatchObject({ requestId, status: "success" });
    expect(done.metrics.producedBytes).toBe(4);
    expect(done.spans.map(({ name }) => name)).toEqual([
      "responseLatency",
      "responseDuration",
      "runtimeOverhead",
    ]);
    const parts = done.spans.reduce((sum, { durationMs }) => sum + durationMs, 0);
    expect(parts).toBeLessThanOrEqual(done.metrics.durationMs + 0.01);
    for (const { start } of done.spans) expect(start).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(done.tracing).toMatchObject({ type: "X-Amzn-Trace-Id" });
    expect(done.tracing.value).toContain("Root=1-5759e988-bd862e3fe1be46a994272793");
    expect(done.tracing.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(one("report")).toMatchObject({
      requestId,
      status: "success",
      spans: [{ name: "extensionOverhead" }],
      tracing: done.tracing,
    });
    expect((one("report")["metrics"] as { durationMs: number }).durationMs).toBeGreaterThanOrEqual(
      done.metrics.durationMs,
    );
    expect(r.lines().some((line) => line.startsWith("XRAY TraceId: 1-5759e988-"))).toBe(true);
  });

  it("gets only the types it asked for", async () => {
    const { r, notes } = await started({ body: { types: ["function"] } });
    await using _ = r;
    await r.invoke({ do: "print", lines: ["one"] });
    await until(() => recordsIn(notes).length === 2);
    expect(typesIn(notes)).toEqual(["function", "function"]);
  });

  it("gets lines over TCP, one JSON text a line", async () => {
    const { r, notes } = await started({ protocol: "TCP" });
    await using _ = r;
    await r.invoke({ do: "print", lines: [`{"a":1}`] });
    await until(() => typesIn(notes).includes("platform.report"));
    expect(answersIn(notes)).toEqual([ok]);
    // Text format: JSON stays text.
    expect(recordsIn(notes).find(({ type }) => type === "function")?.record).toBe(`{"a":1}`);
  });

  it("gets JSON lines as objects when the function logs JSON", async () => {
    const { r, notes } = await started({}, { logFormat: "JSON" });
    await using _ = r;
    await r.invoke({ do: "print", lines: [`{"a":1}`, "text"] });
    await until(() => typesIn(notes).includes("platform.report"));
    const records = recordsIn(notes).flatMap(({ type, record }) => (type === "function" ? [record] : []));
    expect(records).toContainEqual({ a: 1 });
    expect(records).toContain("text");
  });

  it("gets it from the Logs API in its own words (3.5)", async () => {
    const { r, notes } = await started({ api: "logs" });
    await using _ = r;
    const { requestId } = (await r.invoke({ do: "exit", code: 3 })).answer;
    // What came after the listener's end waits for the next one.
    await r.invoke({});
    await until(() => typesIn(notes).filter((type) => type === "platform.report").length === 2);
    expect(answersIn(notes)).toEqual([ok, ok]);
    const platform = recordsIn(notes).filter(({ type }) => type.startsWith("platform."));
    expect(platform.slice(0, 7).map(({ type }) => type)).toEqual([
      "platform.logsSubscription",
      "platform.extension",
      "platform.start",
      "platform.fault",
      "platform.runtimeDone",
      "platform.end",
      "platform.report",
    ]);
    expect(platform[3]?.record).toBe(
      `RequestId: ${requestId} Error: Runtime exited with error: exit status 3\nRuntime.ExitError`,
    );
    expect(platform[4]?.record).toEqual({ requestId, status: "failure" });
  });

  it("gets nothing twice when its listener refuses", async () => {
    const { r, notes } = await started({ refuse: 3 });
    await using _ = r;
    await r.invoke({});
    await until(() => typesIn(notes).includes("platform.report"));
    expect(typesIn(notes).filter((type) => type === "platform.start")).toHaveLength(1);
  });

  it("has everything when SHUTDOWN comes, the runtime's last words too", async () => {
    const { r, notes } = await started({ body: { buffering: { timeoutMs: 30_000 } } });
    {
      await using _ = r;
      await r.invoke({ do: "print", lines: ["one"] });
      expect(recordsIn(notes)).toEqual([]);
    }
    const all = notesOf(notes);
    expect(all.at(-1)).toBe("event SHUTDOWN");
    expect(typesIn(notes)).toContain("platform.report");
    expect(all.findLastIndex((line) => line.startsWith("record "))).toBeLessThan(all.length - 1);
  });

  it("gets nothing while it is frozen, and what it missed when it is thawed (3.2)", async () => {
    const { r, notes } = await started({}, {}, { freezeAfterMs: 20 });
    await using _ = r;
    const reports = (): number => typesIn(notes).filter((type) => type === "platform.report").length;
    // What is not delivered before the freeze has to wait for the next thaw: how many of them it takes, nobody knows.
    for (let frozen = 1; reports() < 3; frozen += 1) {
      expect(frozen, "invocations without the reports of the first").toBeLessThan(100);
      await r.invoke({});
      await until(() => of(r.events, "frozen").length >= frozen);
    }
    expect(of(r.events, "logsDropped")).toEqual([]);
    expect(of(r.events, "thawed").length).toBeGreaterThan(0);
    const ids = recordsIn(notes).flatMap(({ type, record }) =>
      type === "platform.start" ? [record.requestId] : [],
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("may ask again, and is told so; the last wish counts", async () => {
    const { r, notes } = await started({ again: true });
    await using _ = r;
    await r.invoke({});
    await until(() => typesIn(notes).includes("platform.report"));
    expect(answersIn(notes)).toEqual([ok, ok]);
    expect(of(r.events, "telemetrySubscription").map(({ state }) => state)).toEqual([
      "Subscribed",
      "Already subscribed",
    ]);
    expect(typesIn(notes).filter((type) => type === "platform.start")).toHaveLength(1);
  });

  it("may not ask when init is over", async () => {
    const { r, notes } = await started({ late: true });
    await using _ = r;
    await r.invoke({});
    await until(() => answersIn(notes).length === 2);
    expect(answersIn(notes)[1]).toBe(
      `answer 403 application/json {"errorMessage":"Telemetry API subscription is closed","errorType":"Telemetry.SubscriptionClosed"}`,
    );
  });

  it("may not ask both APIs", async () => {
    const { r, notes } = await started({ other: "logs" });
    await using _ = r;
    expect(answersIn(notes)[1]).toContain("answer 400");
    expect(answersIn(notes)[1]).toContain(
      `{"errorMessage":"already subscribed to the Telemetry API","errorType":"Logs.ValidationError"}`,
    );
  });

  it("keeps its subscription over a reset, and hears of the init inside the next invocation", async () => {
    const port = await freePort();
    const { r, notes } = await started({ port });
    await using _ = r;
    await r.invoke({ do: "exit", code: 1 });
    await r.invoke({});
    await until(() => typesIn(notes).filter((type) => type === "platform.report").length === 2);
    const platform = recordsIn(notes).filter(({ type }) => type.startsWith("platform."));
    const names = platform.map(({ type }) => type.slice("platform.".length));
    const [first, second] = [names.slice(0, 8), names.slice(8)];
    expect(first).toEqual([
      "initStart",
      "telemetrySubscription",
      "extension",
      "initRuntimeDone",
      "initReport",
      "start",
      "runtimeDone",
      "report",
    ]);
    expect(second).toEqual([
      "initStart",
      "telemetrySubscription",
      "extension",
      "initRuntimeDone",
      "initReport",
      "start",
      "runtimeDone",
      "report",
    ]);
    expect(platform[6]?.record).toMatchObject({ status: "error", errorType: "Runtime.ExitError" });
    expect(platform[8]?.record).toMatchObject({ phase: "invoke" });
    expect(platform[9]?.record).toMatchObject({ state: "Already subscribed" });
    expect(platform[12]?.record).toMatchObject({ phase: "invoke", status: "success" });
  });
});

describe("an extension of a function with SnapStart", () => {
  it("hears of the init that became the snapshot, then of its own restore (3.4)", async () => {
    const notes = join(directory(), "notes");
    {
      await using r = await rig(
        {
          command: fixture("snapstart-runtime.mjs", "hooks"),
          version: "1",
          extensions: [subscribing("tele")],
          variables: { NOTES: notes },
        },
        { snapStart: { engine: replayEngine() } },
      );
      await r.invoke({});
    }
    const all = notesOf(notes);
    // The published version's extension is told to end; what comes after is the copy's.
    const copy = all.slice(all.indexOf("event SHUTDOWN") + 1);
    expect(copy.filter((line) => line.startsWith("answer "))).toEqual([ok]);
    const records = copy
      .filter((line) => line.startsWith("record "))
      .map((line) => JSON.parse(line.slice("record ".length)) as Noted)
      .filter(({ type }) => type.startsWith("platform."));
    expect(records.map(({ type }) => type.slice("platform.".length))).toEqual([
      "initStart",
      "telemetrySubscription",
      "extension",
      "initRuntimeDone",
      "initReport",
      "restoreStart",
      "telemetrySubscription",
      "restoreRuntimeDone",
      "restoreReport",
      "start",
      "runtimeDone",
      "report",
    ]);
    expect(records[0]?.record).toMatchObject({ initializationType: "snap-start", functionVersion: "1" });
    expect(records[8]?.record).toMatchObject({
      status: "success",
      metrics: { durationMs: expect.any(Number) },
    });
    expect(records[11]?.record["metrics"]).toMatchObject({ restoreDurationMs: expect.any(Number) });
  });
});

describe("an init that fails", () => {
  it("is told with its status and its error type, extensions too", async () => {
    await using r = await rig({
      command: fixture("bad-runtime.mjs", "exit", "3"),
      extensions: [subscribing("tele")],
      variables: { NOTES: join(directory(), "notes") },
    });
    await r.fleet.initialized;
    expect(of(r.events, "initRuntimeDone")).toMatchObject([
      { phase: "init", status: "error", errorType: "Runtime.ExitError" },
    ]);
    expect(of(r.events, "extension")).toMatchObject([{ name: "tele" }]);
    await r.invoke({});
    expect(of(r.events, "runtimeDone")).toMatchObject([
      { status: "error", errorType: "Runtime.ExitError", producedBytes: 0, spans: [] },
    ]);
  });

  it("names the extension that is to blame", async () => {
    await using r = await rig({
      extensions: [{ name: "bad", ...fixture("extension.mjs", "bad", "-", "crash-at-start", "4") }],
    });
    await r.fleet.initialized;
    expect(of(r.events, "extension")).toMatchObject([
      { name: "bad", state: "Started", errorType: "Extension.Crash" },
    ]);
  });
});

describe("the answers of the two APIs", () => {
  const telemetry = "/2022-07-01/telemetry";
  const logs = "/2020-08-15/logs";

  async function api(): Promise<{
    put: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Reply>;
    hub: TelemetryHub;
    address: string;
    [Symbol.asyncDispose](): Promise<void>;
  }> {
    const metadata = { functionName: "f", functionVersion: "1", handler: "h", accountId: "123456789012" };
    const server = await ApiServer.start(metadata);
    const registry = new ExtensionRegistry(() => undefined);
    const hub = new TelemetryHub({
      context: {
        functionName: "f",
        functionVersion: "1",
        functionArn: "arn",
        initializationType: "on-demand",
        memorySizeMb: 128,
        instanceId: "e",
        logFormat: "Text",
      },
      tell: () => undefined,
    });
    hub.open();
    server.serve({ runtimeApi: new RuntimeApi(() => undefined), registry, telemetry: hub });
    const registered = registry.register("ext", []);
    const id = registered.ok ? registered.id : "";
    return {
      put: (path, body, headers = { "Lambda-Extension-Identifier": id }) =>
        call(server.address, {
          method: "PUT",
          path,
          headers,
          body: typeof body === "string" ? body : JSON.stringify(body),
        }),
      hub,
      address: server.address,
      [Symbol.asyncDispose]: async () => {
        hub.end();
        await server.close();
      },
    };
  }

  const subscription = (port: number, more: object = {}) => ({
    schemaVersion: "2025-01-29",
    types: ["platform"],
    destination: { protocol: "HTTP", URI: `http://sandbox:${port}` },
    ...more,
  });

  it("are exact", async () => {
    await using a = await api();
    const good = await a.put(telemetry, subscription(8080));
    expect(good).toMatchObject({ status: 200, body: `"OK"` });
    expect(good.headers).toMatchObject({ "content-type": "application/json", "content-length": "4" });
    const own = Number(a.address.split(":")[1]);
    const cases: [string, unknown, string, string][] = [
      [telemetry, subscription(9001), "ValidationError", "port 9001 is reserved"],
      [telemetry, subscription(own), "ValidationError", `port ${own} is reserved`],
      [telemetry, subscription(8080, { types: [] }), "ValidationError", "types should not be empty"],
      [logs, { types: ["platform"] }, "Logs.ValidationError", "destination is not provided"],
      [telemetry, "x".repeat(70_000), "ValidationError", "request body is too large"],
    ];
    for (const [path, body, errorType, errorMessage] of cases) {
      const reply = await a.put(path, body);
      expect(reply.status).toBe(400);
      expect(reply.body).toBe(`${JSON.stringify({ errorMessage, errorType })}\n`);
    }
  });

  it("want an extension", async () => {
    await using a = await api();
    const body = subscription(8080);
    const id = "00000000-0000-4000-8000-000000000000";
    for (const path of [telemetry, logs]) {
      const types = [];
      for (const headers of [
        {},
        { "Lambda-Extension-Identifier": "x" },
        { "Lambda-Extension-Identifier": id },
      ]) {
        const reply = await a.put(path, body, headers);
        expect(reply.status).toBe(403);
        types.push((JSON.parse(reply.body) as { errorType: string }).errorType);
      }
      expect(types).toEqual([
        "Extension.MissingExtensionIdentifier",
        "Extension.InvalidExtensionIdentifier",
        "Extension.UnknownExtensionIdentifier",
      ]);
    }
  });

  it("know one method, and no path below", async () => {
    await using a = await api();
    for (const path of [telemetry, logs]) {
      expect(await call(a.address, { path })).toMatchObject({
        status: 405,
        headers: { allow: "PUT" },
        body: "",
      });
      expect(await call(a.address, { method: "PUT", path: `${path}/` })).toMatchObject({ status: 404 });
    }
  });

  it("close with init", async () => {
    await using a = await api();
    a.hub.close();
    expect(await a.put(telemetry, subscription(8080))).toMatchObject({
      status: 403,
      body: `{"errorMessage":"Telemetry API subscription is closed","errorType":"Telemetry.SubscriptionClosed"}\n`,
    });
    expect(
      await a.put(logs, { types: ["platform"], destination: { protocol: "HTTP", URI: "http://sandbox:80" } }),
    ).toMatchObject({ status: 403, body: expect.stringContaining("Logs.SubscriptionClosed") });
  });

  it("refuse a TCP port where nobody listens", async () => {
    await using a = await api();
    const destination = { protocol: "TCP", port: await freePort() };
    const reply = await a.put(telemetry, subscription(1, { destination }));
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body)).toMatchObject({
      errorType: "ValidationError",
      errorMessage: expect.stringMatching(/^Invalid destination: .*ECONNREFUSED/),
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
