import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiServer } from "./api-server.ts";
import { ExtensionRegistry } from "./extension-registry.ts";
import { extensionStateError } from "./extension-states.ts";
import { RuntimeApi } from "./runtime-api.ts";
import { type Call, type Reply, call, until } from "./testing/harness.ts";

const metadata = { functionName: "f", functionVersion: "$LATEST", handler: "h", accountId: "123456789012" };
const root = "/2020-01-01/extension";

let server: ApiServer;
let registry: ExtensionRegistry;
let changes: number;
const ask = (made: Call): Promise<Reply> => call(server.address, made);

beforeEach(async () => {
  changes = 0;
  registry = new ExtensionRegistry(() => (changes += 1));
  server = await ApiServer.start(metadata);
  server.serve({ runtimeApi: new RuntimeApi(() => undefined), registry });
});
afterEach(() => server.close());

const register = (name: string | undefined, body: string, headers = {}): Promise<Reply> =>
  ask({
    method: "POST",
    path: `${root}/register`,
    headers: { ...(name !== undefined && { "Lambda-Extension-Name": name }), ...headers },
    body,
  });
const registered = async (name: string, events: string[]): Promise<string> => {
  const reply = await register(name, JSON.stringify({ events }));
  expect(reply.status).toBe(200);
  return reply.headers["lambda-extension-identifier"] as string;
};
const poll = (id: string): Promise<Reply> =>
  ask({ path: `${root}/event/next`, headers: { "Lambda-Extension-Identifier": id } });
const report = (kind: "init" | "exit", headers: Record<string, string>): Promise<Reply> =>
  ask({ method: "POST", path: `${root}/${kind}/error`, headers, body: "{}" });

function expectRefused(reply: Reply, errorType: string, errorMessage: string): void {
  expect(reply.status).toBe(403);
  expect(reply.headers["content-type"]).toBe("application/json");
  expect(reply.body).toBe(`${JSON.stringify({ errorMessage, errorType })}\n`);
}

const invoke = { eventType: "INVOKE", deadlineMs: 1, requestId: "id", invokedFunctionArn: "arn" } as const;
const shutdown = { eventType: "SHUTDOWN", shutdownReason: "spindown", deadlineMs: 2 } as const;
const strangeId = "00000000-0000-4000-8000-000000000000";

describe("register", () => {
  it("gives an identifier and what the function is called", async () => {
    registry.expect("ext");
    const reply = await register("ext", `{"events":["INVOKE","SHUTDOWN"]}`);
    expect(reply.status).toBe(200);
    expect(reply.headers["lambda-extension-identifier"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.body).toBe(`{"functionName":"f","functionVersion":"$LATEST","handler":"h"}\n`);
    expect(registry.unregistered).toEqual([]);
  });

  it("adds the account when asked", async () => {
    const headers = { "Lambda-Extension-Accept-Feature": "other, accountId" };
    const reply = await register("ext", `{"events":[]}`, headers);
    expect(JSON.parse(reply.body)).toEqual({ ...metadata });
  });

  it("takes a body without events", async () => {
    expect((await register("a", "{}")).status).toBe(200);
  });

  it("refuses what AWS refuses, in AWS's words", async () => {
    expectRefused(await register(undefined, "{}"), "Extension.InvalidExtensionName", "Empty extension name");
    expectRefused(await register("", "{}"), "Extension.InvalidExtensionName", "Empty extension name");
    expectRefused(await register("a", ""), "InvalidRequestFormat", "unexpected end of JSON input");
    expect(JSON.parse((await register("a", "{")).body)).toMatchObject({ errorType: "InvalidRequestFormat" });
    expect(JSON.parse((await register("a", `{"events":[1]}`)).body)).toMatchObject({
      errorType: "InvalidRequestFormat",
    });
    expectRefused(
      await register("a", `{"events":[],"configurationKeys":["x"]}`),
      "InvalidRequestFormat",
      "configurationKeys are deprecated; use environment variables instead",
    );
    expectRefused(
      await register("a", `{"events":["FOO"]}`),
      "Extension.InvalidEventType",
      "FOO: ErrorInvalidEventType",
    );
    expectRefused(
      await register("a", `{"events":["SHUTDOWN"]}`),
      "Extension.InvalidEventType",
      "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
    );
  });

  it("refuses a name that is taken, and an external extension's second registration", async () => {
    await registered("internal", []);
    expectRefused(
      await register("internal", "{}"),
      "Extension.InvalidExtensionState",
      "Extension with this name already registered",
    );
    registry.expect("ext");
    await registered("ext", []);
    const { errorType, errorMessage } = extensionStateError("Registered", "register", "ext");
    expectRefused(await register("ext", "{}"), errorType, errorMessage);
  });

  it("refuses the eleventh, and everybody once the runtime has polled", async () => {
    for (let i = 0; i < 10; i += 1) await registered(`ext-${i}`, []);
    expectRefused(
      await register("ext-10", "{}"),
      "Extension.TooManyExtensions",
      "Extension limit (10) reached",
    );
    expect(registry.expect("ext-11")).toBe(false);
    registry.close();
    expectRefused(
      await register("late", "{}"),
      "Extension.RegistrationClosed",
      "Extension registration closed already",
    );
  });
});

describe("the identifier", () => {
  it("is asked for, read, and looked up", async () => {
    const type = { "Lambda-Extension-Function-Error-Type": "Extension.X" };
    for (const made of [
      (headers: Record<string, string>) => ask({ path: `${root}/event/next`, headers }),
      (headers: Record<string, string>) => report("init", { ...headers, ...type }),
      (headers: Record<string, string>) => report("exit", { ...headers, ...type }),
    ]) {
      expectRefused(
        await made({}),
        "Extension.MissingExtensionIdentifier",
        "Missing Lambda-Extension-Identifier header",
      );
      expectRefused(
        await made({ "Lambda-Extension-Identifier": "no-uuid" }),
        "Extension.InvalidExtensionIdentifier",
        "Invalid Lambda-Extension-Identifier",
      );
    }
    expectRefused(
      await poll(strangeId),
      "Extension.UnknownExtensionIdentifier",
      `Unknown extension ${strangeId}`,
    );
    expectRefused(
      await report("exit", { "Lambda-Extension-Identifier": strangeId, ...type }),
      "Extension.UnknownExtensionIdentifier",
      "Unknown Lambda-Extension-Identifier",
    );
    expectRefused(
      await report("init", { "Lambda-Extension-Identifier": strangeId }),
      "Extension.MissingHeader",
      "Lambda-Extension-Function-Error-Type not found",
    );
  });
});

describe("event/next", () => {
  it("gives INVOKE with an identifier of its own, and gates the invocation until the next poll (3)", async () => {
    const id = await registered("ext", ["INVOKE"]);
    const first = poll(id);
    await until(() => registry.unready.length === 0);
    registry.invoke(() => invoke);
    const reply = await first;
    expect(reply.headers["content-type"]).toBe("application/json");
    expect(reply.headers["lambda-extension-event-identifier"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.body).toBe(JSON.stringify(invoke));
    expect(registry.idle).toBe(false);
    void poll(id).catch(() => undefined);
    await until(() => registry.idle);
  });

  it("refuses a second poll while one waits", async () => {
    const id = await registered("ext", ["INVOKE"]);
    const first = poll(id);
    await until(() => registry.unready.length === 0);
    const { errorType, errorMessage } = extensionStateError("Ready", "next", id);
    expectRefused(await poll(id), errorType, errorMessage);
    registry.invoke(() => invoke);
    expect((await first).status).toBe(200);
  });

  it("lets an extension without events wait for ever (4)", async () => {
    registry.expect("quiet");
    const quiet = await registered("quiet", []);
    const loud = await registered("loud", ["INVOKE"]);
    let answered = false;
    poll(quiet).then(
      () => (answered = true),
      () => undefined,
    );
    const first = poll(loud);
    await until(() => registry.unready.length === 0);
    registry.invoke(() => invoke);
    await first;
    expect(answered).toBe(false);
  });

  it("gives SHUTDOWN at once to who waits, and at the next poll to who is busy", async () => {
    registry.expect("waits");
    registry.expect("busy");
    const waits = await registered("waits", ["SHUTDOWN"]);
    const busy = await registered("busy", ["INVOKE", "SHUTDOWN"]);
    const polls = [poll(waits), poll(busy)];
    await until(() => registry.unready.length === 0);
    registry.invoke(() => invoke);
    await polls[1];
    for (const extension of registry.registered) registry.shutdown(extension, shutdown);
    const told = await Promise.all([polls[0] as Promise<Reply>, poll(busy)]);
    for (const reply of told) {
      expect(reply.body).toBe(`{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":2}`);
      expect(reply.headers["content-type"]).toBe("application/json");
      expect(reply.headers["lambda-extension-event-identifier"]).toBeUndefined();
    }
  });
});

describe("init/error and exit/error", () => {
  it("are taken in their states, once more without effect, and refused elsewhere (1)", async () => {
    const id = await registered("ext", ["INVOKE"]);
    const headers = {
      "Lambda-Extension-Identifier": id,
      "Lambda-Extension-Function-Error-Type": "Extension.Mine",
    };
    const reply = await report("init", headers);
    expect([reply.status, reply.body]).toEqual([202, `{"status":"OK"}\n`]);
    expect((await report("init", headers)).status).toBe(202);
    const exit = extensionStateError("InitError", "exitError", id);
    expectRefused(await report("exit", headers), exit.errorType, exit.errorMessage);
    const next = extensionStateError("InitError", "next", id);
    expectRefused(await poll(id), next.errorType, next.errorMessage);
    expect(registry.find(id)?.errorType).toBe("Extension.Mine");

    const other = await registered("other", []);
    void poll(other).catch(() => undefined);
    await until(() => registry.find(other)?.state === "Ready");
    const late = extensionStateError("Ready", "initError", other);
    expectRefused(
      await report("init", { ...headers, "Lambda-Extension-Identifier": other }),
      late.errorType,
      late.errorMessage,
    );
    expect((await report("exit", { ...headers, "Lambda-Extension-Identifier": other })).status).toBe(202);
    expect(registry.find(other)?.state).toBe("ExitError");
  });
});
