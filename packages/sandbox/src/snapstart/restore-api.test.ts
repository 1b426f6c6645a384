import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiServer } from "../api-server.ts";
import { ExtensionRegistry } from "../extension-registry.ts";
import { RuntimeApi } from "../runtime-api.ts";
import { type RuntimeCall, type RuntimeState, runtimeStateError } from "../runtime-states.ts";
import { type Call, type Reply, call, until } from "../testing/harness.ts";
import { newCredentialsToken, offerOf } from "./credentials.ts";

// environment.md 1.8 and 6: the restore endpoints over a real socket.

const root = "/2018-06-01/runtime";
const next: Call = { path: `${root}/invocation/next` };
const restoreNext: Call = { path: `${root}/restore/next` };
const restoreError: Call = {
  method: "POST",
  path: `${root}/restore/error`,
  headers: { "Lambda-Runtime-Function-Error-Type": "Runtime.AfterRestoreError" },
  body: `{"errorMessage":"no pool"}`,
};
const initError: Call = { ...restoreError, path: `${root}/init/error` };

let server: ApiServer;
let api: RuntimeApi;
let address: string;

beforeEach(async () => {
  server = await ApiServer.start({ functionName: "f", functionVersion: "1", handler: "h", accountId: "1" });
  address = server.address;
  api = new RuntimeApi(() => undefined, true);
  server.serve({ runtimeApi: api, registry: new ExtensionRegistry(() => undefined) });
});
afterEach(() => server.close());

function refused(state: RuntimeState, made: RuntimeCall): string {
  const { errorMessage, errorType } = runtimeStateError(state, made);
  return `${JSON.stringify({ errorMessage, errorType })}\n`;
}

async function expectRefused(made: Call, state: RuntimeState, as: RuntimeCall): Promise<void> {
  const reply = await call(address, made);
  expect([reply.status, reply.body]).toEqual([403, refused(state, as)]);
  expect(api.state).toBe(state);
}

describe("restore/next", () => {
  it("waits, and is answered with 200 and nothing when the copy was restored", async () => {
    const polled = call(address, restoreNext);
    await until(() => api.atRestorePoint);
    expect(api.state).toBe("RestoreReady");
    api.restored();
    const reply = await polled;
    expect([reply.status, reply.body]).toEqual([200, ""]);
    expect(api.state).toBe("Restoring");
    const event = call(address, next);
    await until(() => api.state === "Ready");
    await server.close();
    await event.catch(() => undefined);
  });

  it("allows nothing while it waits", async () => {
    const polled = call(address, restoreNext);
    await until(() => api.knowsRestore);
    await expectRefused(restoreNext, "RestoreReady", "restoreNext");
    await expectRefused(next, "RestoreReady", "next");
    await expectRefused(initError, "RestoreReady", "initError");
    await expectRefused(restoreError, "RestoreReady", "restoreError");
    api.restored();
    expect((await polled).status).toBe(200);
  });

  it("is for the beginning only", async () => {
    const event = call(address, next).catch(() => undefined);
    await until(() => api.state === "Ready");
    // A runtime that never asks is at the restore point too, and learns nothing of it.
    expect([api.atRestorePoint, api.knowsRestore]).toEqual([true, false]);
    await expectRefused(restoreNext, "Ready", "restoreNext");
    api.restored();
    expect(api.state).toBe("Ready");
    await server.close();
    await event;
  });

  it("is a GET", async () => {
    const reply = await call(address, { ...restoreNext, method: "POST" });
    expect([reply.status, reply.headers.allow]).toEqual([405, "GET"]);
  });
});

describe("an error of a hook after the restore", () => {
  it.each([
    ["restore/error", restoreError],
    ["init/error, where some clients send it", initError],
  ])("comes by %s, and ends the runtime's part", async (_, posted) => {
    const polled = call(address, restoreNext);
    await until(() => api.knowsRestore);
    api.restored();
    await polled;
    const reply = await call(address, posted);
    expect([reply.status, reply.body]).toEqual([202, `{"status":"OK"}\n`]);
    expect(api.restoreError?.errorType).toBe("Runtime.AfterRestoreError");
    expect(Buffer.from(api.restoreError?.payload ?? []).toString()).toBe(`{"errorMessage":"no pool"}`);
    expect(api.initError).toBeUndefined();
    await expectRefused(next, "RuntimeRestoreErrorState", "next");
    await expectRefused(restoreError, "RuntimeRestoreErrorState", "restoreError");
  });

  it("is refused before there was a restore", async () => {
    await expectRefused(restoreError, "Started", "restoreError");
  });
});

describe("the credentials endpoint", () => {
  const get = (authorization?: string): Promise<Reply> =>
    call(address, {
      path: "/2021-04-23/credentials",
      ...(authorization !== undefined && { headers: { Authorization: authorization } }),
    });

  it("is not there without SnapStart", async () => {
    expect((await get("x")).status).toBe(404);
    expect((await get("x")).body).toBe("404 page not found\n");
  });

  it("gives the credentials to whoever has the token, and 404 to everybody else", async () => {
    const given = { accessKeyId: "A", secretAccessKey: "S", sessionToken: "T" };
    const token = newCredentialsToken();
    server.credentials = offerOf(token, given, new Date("2026-11-22T03:00:00.123Z"));
    expect(JSON.parse((await get(token)).body)).toEqual({
      AccessKeyId: "A",
      SecretAccessKey: "S",
      Token: "T",
      Expiration: "2026-11-22T04:00:00Z",
    });
    for (const wrong of [undefined, "", `Bearer ${token}`, `${token}x`]) {
      const reply = await get(wrong);
      expect(reply.status).toBe(404);
      expect(JSON.parse(reply.body).errorMessage).toBe("cannot get credentials for the provided token");
    }
  });

  it("gives every environment values of its own under the same token", () => {
    const sessions = [1, 2, 3].map(() => offerOf("t", undefined, new Date()).credentials.sessionToken);
    expect(new Set(sessions).size).toBe(3);
  });
});
