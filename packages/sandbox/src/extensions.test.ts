import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FunctionConfiguration } from "./function.ts";
import { type Rig, directory, extension, fixture, notesOf, of, rig, until } from "./testing/harness.ts";

/** A rig whose processes write down what they are told. */
async function noting(
  more: Partial<FunctionConfiguration>,
  options = {},
): Promise<{ r: Rig; notes: () => string[] }> {
  const file = join(directory(), "notes");
  return { r: await rig({ ...more, variables: { NOTES: file } }, options), notes: () => notesOf(file) };
}

const told = (notes: string[], name: string): Record<string, unknown>[] =>
  notes
    .filter((line) => line.startsWith(`${name} {`))
    .map((line) => JSON.parse(line.slice(name.length + 1)) as Record<string, unknown>);

describe("extensions while the function works", () => {
  it("hear of every invocation they subscribed to, and SHUTDOWN with its reason", async () => {
    const { r, notes } = await noting({
      extensions: [extension("both"), extension("last", "SHUTDOWN"), extension("none", "-")],
    });
    await using _ = r;
    expect((await r.fleet.initialized).status).toBe("success");
    const { answer } = await r.invoke({});
    await r.invoke({});
    await r.fleet.shutdown();
    const [first, second, end] = told(notes(), "both");
    expect(first).toEqual({
      eventType: "INVOKE",
      deadlineMs: expect.any(Number) as number,
      requestId: answer.requestId,
      invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:tested",
      tracing: {
        type: "X-Amzn-Trace-Id",
        value: expect.stringMatching(/^Root=1-.*;Parent=.*;Sampled=0$/) as string,
      },
    });
    expect(second?.["eventType"]).toBe("INVOKE");
    const shutdown = {
      eventType: "SHUTDOWN",
      shutdownReason: "spindown",
      deadlineMs: expect.any(Number) as number,
    };
    expect(end).toEqual(shutdown);
    expect(told(notes(), "last")).toEqual([shutdown]);
    expect(told(notes(), "none")).toEqual([]);
  });

  it("hold up the end of an invocation, not its answer", async () => {
    await using r = await rig({ extensions: [extension("slow", "INVOKE", "slow", "300")] });
    const invocation = r.fleet.invoke({ payload: Buffer.from("{}") });
    await invocation.answer;
    expect(of(r.events, "report")).toEqual([]);
    const report = await invocation.ended;
    expect(report?.durationMs).toBeGreaterThanOrEqual(299);
  });

  it("may be ten", async () => {
    const extensions = Array.from({ length: 10 }, (_, i) => extension(`ext-${i}`, "INVOKE"));
    await using r = await rig({ extensions });
    expect((await r.invoke({ a: 1 })).text).toBe(`{"a":1}`);
  });

  it("may not be eleven", async () => {
    const extensions = Array.from({ length: 11 }, (_, i) => extension(`ext-${i}`, "INVOKE"));
    await using r = await rig({ extensions });
    const init = await r.fleet.initialized;
    expect(init).toMatchObject({ status: "error", errorType: "Extension.LaunchError" });
    expect(init.failure?.message).toContain("ext-10 could not be started: Extension limit (10) reached");
  });
});

describe("extensions that fail a boot", () => {
  it.each([
    ["crash-at-start", "4", "Extension.Crash", "exit status 4"],
    ["crash-at-start", "0", "Extension.Crash", "exit code 0"],
    ["init-error", "", "Extension.InitError", "exit status 1"],
  ])("by %s %s", async (how, detail, errorType, message) => {
    await using r = await rig({ extensions: [extension("ext", "INVOKE", how, detail)] });
    expect(await r.fleet.initialized).toMatchObject({ status: "error", errorType });
    const { text, answer } = await r.invoke({});
    expect(text).toBe(
      `{"errorType":"${errorType}","errorMessage":"RequestId: ${answer.requestId} Error: ${message}"}`,
    );
    expect(answer.functionError).toBe("Unhandled");
  });

  it("by what they say last", async () => {
    await using r = await rig({ extensions: [extension("ext", "INVOKE", "crash-at-start", "1")] });
    const { failure } = await r.fleet.initialized;
    expect(failure?.message).toMatch(/^The extension ext ended: exit status 1, /);
    expect(failure?.lastLines).toEqual(["extension broken"]);
    expect(of(r.events, "log")[0]?.source).toEqual({ kind: "extension", name: "ext" });
  });

  it("by not being there", async () => {
    await using r = await rig({ extensions: [{ name: "ext", file: "/nowhere/ext", args: [] }] });
    expect(await r.fleet.initialized).toMatchObject({ status: "error", errorType: "Extension.LaunchError" });
    expect((await r.invoke({})).text).toContain("fork/exec /nowhere/ext: no such file or directory");
  });

  it.each([
    ["never-register", "it waited for extension ext to register (POST /2020-01-01/extension/register)"],
    ["never-ready", "it waited for extension ext to ask for the first event"],
  ])("by %s, and are named", async (how, message) => {
    await using r = await rig({ extensions: [extension("ext", "INVOKE", how)] }, { initLimitMs: 3000 });
    const init = await r.fleet.initialized;
    expect(init.status).toBe("timeout");
    expect(init.failure?.message).toContain(message);
  });
});

it("an extension that registers under another name than its own is found out", async () => {
  const extensions = [{ ...extension("other", "-"), name: "ext" }];
  await using r = await rig({ extensions }, { initLimitMs: 3000 });
  const { failure } = await r.fleet.initialized;
  expect(failure?.message).toContain(
    "for extension ext to register; other did, which is no extension's file name",
  );
});

describe("extensions that fail an invocation", () => {
  it.each([
    ["crash-on-invoke", "2", "Extension.Crash", "exit status 2"],
    ["exit-error-on-invoke", "", "Extension.ExitError", "exit status 1"],
  ])("by %s", async (how, detail, errorType, message) => {
    await using r = await rig({ extensions: [extension("ext", "INVOKE", how, detail)] });
    const { text, answer } = await r.invoke({ do: "hang" });
    expect(text).toBe(
      `{"errorType":"${errorType}","errorMessage":"RequestId: ${answer.requestId} Error: ${message}"}`,
    );
    expect(of(r.events, "report").at(-1)).toMatchObject({ status: "error", errorType });
    expect(of(r.events, "shutdown")[0]?.reason).toBe("failure");
  });

  it("too late to change its answer (4)", async () => {
    await using r = await rig({
      timeoutMs: 2000,
      extensions: [extension("ext", "INVOKE", "hang-on-invoke")],
    });
    const { text, answer } = await r.invoke({ a: 1 });
    expect([text, answer.functionError]).toEqual([`{"a":1}`, undefined]);
    expect(of(r.events, "report").at(-1)).toMatchObject({ status: "timeout" });
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":1`);
  });

  it("and hear why the environment ends", async () => {
    const { r, notes } = await noting({ timeoutMs: 2000, extensions: [extension("ext", "SHUTDOWN")] });
    await using _ = r;
    await r.invoke({ do: "hang" });
    await r.invoke({ do: "exit", code: 1 });
    expect(told(notes(), "ext").map((event) => event["shutdownReason"])).toEqual(["timeout", "failure"]);
  });
});

describe("the order of the end (environment.md 2.6)", () => {
  it("gives a runtime without extensions no SIGTERM", async () => {
    const { r, notes } = await noting({ command: fixture("graceful.mjs") });
    await r.invoke({});
    await r[Symbol.asyncDispose]();
    expect(notes()).toEqual([]);
  });

  it("gives a runtime SIGTERM as soon as one extension is registered, an internal one too", async () => {
    const { r, notes } = await noting({ command: fixture("internal.mjs") });
    expect((await r.fleet.initialized).status).toBe("success");
    await r.invoke({});
    await r[Symbol.asyncDispose]();
    expect(notes()).toEqual(["runtime SIGTERM"]);
  });

  it("ends the runtime first, then tells extensions, and gives them no SIGTERM", async () => {
    const extensions = [extension("told", "SHUTDOWN", "sigterm"), extension("silent", "-", "sigterm")];
    const { r, notes } = await noting({ command: fixture("graceful.mjs"), extensions });
    await r.invoke({});
    await r[Symbol.asyncDispose]();
    expect(notes().map((line) => line.replace(/\{.*"(SHUTDOWN)".*/, "$1"))).toEqual([
      "runtime SIGTERM",
      "told SHUTDOWN",
    ]);
  });

  it("kills a runtime that takes no notice, and still tells extensions", async () => {
    const { r, notes } = await noting({
      command: fixture("stubborn.mjs"),
      extensions: [extension("ext", "SHUTDOWN")],
    });
    await r.invoke({});
    await r[Symbol.asyncDispose]();
    expect(notes().map((line) => line.replace(/\{.*"(SHUTDOWN)".*/, "$1"))).toEqual([
      "runtime SIGTERM",
      "ext SHUTDOWN",
    ]);
  });

  it("kills extensions that do not leave (7)", async () => {
    const extensions = [
      extension("ext", "SHUTDOWN", "hang-on-shutdown"),
      extension("busy", "INVOKE,SHUTDOWN", "hang-on-invoke"),
    ];
    const { r, notes } = await noting({ extensions });
    const invocation = r.fleet.invoke({ payload: Buffer.from("{}") });
    await invocation.answer;
    await until(() => told(notes(), "busy").length === 1);
    await r[Symbol.asyncDispose]();
    expect(told(notes(), "ext").map((event) => event["eventType"])).toEqual(["SHUTDOWN"]);
  });
});
