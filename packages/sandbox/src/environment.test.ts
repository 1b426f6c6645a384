import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InitReport, InvocationReport, SandboxEvent } from "./events.ts";
import { hasProcessTable } from "./process-table.ts";
import {
  type Rig,
  configured,
  directory,
  fixture,
  notesOf,
  of,
  processesOf,
  rig,
  textOf,
  until,
} from "./testing/harness.ts";
import { variablesOf } from "./variables.ts";

const bad = (...args: string[]) => fixture("bad-runtime.mjs", ...args);

const kinds = (events: SandboxEvent[]): string[] =>
  events.filter((event) => event.type !== "log").map((event) => event.type);
const last = (r: Rig): InvocationReport => of(r.events, "report").at(-1) as InvocationReport;
const exitError = (id: string, how: string): string =>
  `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ${id} Error: Runtime exited ${how}"}`;

describe("a function that works", () => {
  it("is initialised at once, invoked, and reported as Lambda would", async () => {
    await using r = await rig();
    const init = await r.fleet.initialized;
    expect(init).toMatchObject({ type: "initReport", phase: "init", status: "success" });
    const first = await r.invoke({ hello: "wörld" });
    expect(first.text).toBe(`{"hello":"wörld"}`);
    expect(first.answer.functionError).toBeUndefined();
    await r.invoke({});
    expect(kinds(r.events)).toEqual([
      "initStart",
      "initRuntimeDone",
      "initReport",
      "start",
      "runtimeDone",
      "end",
      "report",
      "start",
      "runtimeDone",
      "end",
      "report",
    ]);
    const id = first.answer.requestId;
    const ms = String.raw`\d+\.\d\d ms`;
    const report = `REPORT RequestId: ${id}\tDuration: ${ms}\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\t`;
    const lines = r.lines();
    expect(lines[0]).toBe(`START RequestId: ${id} Version: $LATEST`);
    expect(lines[1]).toBe(`END RequestId: ${id}`);
    expect(lines[2]).toMatch(new RegExp(`^${report}Init Duration: ${ms}\t$`));
    expect(lines[5]).not.toContain("Init Duration");
    const [told] = of(r.events, "report");
    expect(told?.billedDurationMs).toBe(Math.ceil((told?.durationMs ?? 0) + init.durationMs));
  });

  it("gets the head of environment.md 1.3", async () => {
    await using r = await rig();
    const before = Date.now();
    const clientContext = `{"custom":{"é":"𝄞"}}`;
    const root = "Root=1-00000001-000000000000000000000002";
    const payload = Buffer.from(`{"do":"head"}`);
    const requestId = "11111111-2222-4333-8444-555555555555";
    const answer = await r.fleet.invoke({ payload, requestId, clientContext, traceId: root }).answer;
    const head = JSON.parse(textOf(answer.payload)) as Record<string, string>;
    expect(head).toMatchObject({
      "content-type": "application/json",
      "content-length": "13",
      "lambda-runtime-aws-request-id": requestId,
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:123456789012:function:tested",
    });
    expect(head["lambda-runtime-trace-id"]).toMatch(new RegExp(`^${root};Parent=[0-9a-f]{16};Sampled=0$`));
    expect(Buffer.from(head["lambda-runtime-client-context"] ?? "", "latin1").toString()).toBe(clientContext);
    const deadline = Number(head["lambda-runtime-deadline-ms"]);
    expect(deadline).toBeGreaterThanOrEqual(before + 20_000);
    expect(deadline).toBeLessThanOrEqual(Date.now() + 20_000);
    const plain = JSON.parse((await r.invoke({ do: "head" })).text) as Record<string, string>;
    expect(plain["lambda-runtime-trace-id"]).toMatch(/^Root=1-/);
    expect(Object.keys(plain)).not.toContain("lambda-runtime-client-context");
    expect(Object.keys(plain)).not.toContain("lambda-runtime-cognito-identity");
  });

  it("is seen with exactly the variables of variables.ts, nothing of the developer's (6)", async () => {
    const notes = join(directory(), "notes");
    await using r = await rig({
      variables: { MINE: "1", NOTES: notes, AWS_REGION: "mars" },
      extensions: [{ name: "ext", ...fixture("extension.mjs", "ext", "INVOKE", "env") }],
    });
    expect(r.fleet.refusedVariables).toEqual([{ name: "AWS_REGION", reason: "reserved" }]);
    const runtime = JSON.parse((await r.invoke({ do: "env" })).text) as Record<string, string>;
    const listed = new Set(
      Object.keys(
        variablesOf(configured(), { runtimeApi: "", logStream: "", path: "", temporary: "" }).runtime,
      ),
    );
    const added = new Set(["MINE", "NOTES", "__CF_USER_TEXT_ENCODING"]); // the last one is macOS's own
    expect(Object.keys(runtime).filter((name) => !listed.has(name) && !added.has(name))).toEqual([]);
    for (const name of listed) expect(runtime).toHaveProperty([name]);
    for (const name of ["HOME", "USER", "PWD", "VITEST", "NODE_ENV"]) expect(runtime[name]).toBeUndefined();
    expect(runtime["PATH"]).toBe(process.env["PATH"]);
    const [line = ""] = notesOf(notes);
    const extension = JSON.parse(line.slice("ext env ".length)) as Record<string, string>;
    expect(Object.keys(extension).filter((name) => name.startsWith("_") && !name.startsWith("__CF"))).toEqual(
      [],
    );
    expect(extension["LAMBDA_TASK_ROOT"]).toBeUndefined();
    expect(extension["MINE"]).toBe("1");
  });

  it("serves callers in line, one at a time (3)", async () => {
    await using r = await rig();
    const invocations = Array.from({ length: 20 }, (_, i) =>
      r.fleet.invoke({ payload: Buffer.from(JSON.stringify({ i })) }),
    );
    const texts = await Promise.all(invocations.map(async ({ answer }) => textOf((await answer).payload)));
    expect(texts).toEqual(invocations.map((_, i) => `{"i":${i}}`));
    await Promise.all(invocations.map(({ ended }) => ended));
    const told = r.events.filter((event) => event.type === "start" || event.type === "report");
    expect(told.map((event) => `${event.type} ${event.requestId}`)).toEqual(
      invocations.flatMap(({ requestId }) => [`start ${requestId}`, `report ${requestId}`]),
    );
  });

  it("has its output told line by line before its report (5)", async () => {
    await using r = await rig();
    await r.invoke({ do: "print", lines: ["one", "two"] });
    await until(() => of(r.events, "log").length === 3);
    const lines = of(r.events, "log").map(({ stream, line, source }) =>
      [source.kind, stream, line].join(" "),
    );
    expect(lines.sort()).toEqual(["function stderr to stderr", "function stdout one", "function stdout two"]);
  });

  it.runIf(hasProcessTable)("has its true peak memory reported", async () => {
    await using r = await rig();
    await r.invoke({});
    const before = last(r).maxMemoryUsedMb;
    expect(before).toBeGreaterThan(10);
    await r.invoke({ do: "hog", bytes: 100 * 1_048_576 });
    expect(last(r).maxMemoryUsedMb).toBeGreaterThanOrEqual(before + 90);
    expect(last(r).maxMemoryUsedMb).toBeLessThan(before + 150);
  });
});

describe("a function that fails", () => {
  it("has its error passed on byte for byte, and goes on", async () => {
    await using r = await rig();
    const { text, answer } = await r.invoke({ do: "error" });
    expect(text).toBe(`{"errorMessage":"no","errorType":"Oops","stackTrace":[]}`);
    expect(answer).toMatchObject({ functionError: "Unhandled", errorType: "Runtime.Oops" });
    expect(last(r)).toMatchObject({ status: "error", errorType: "Runtime.Oops" });
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":2`);
  });

  it.each([
    [{ do: "exit", code: 0 }, "without providing a reason"],
    [{ do: "exit", code: 7 }, "with error: exit status 7"],
    [{ do: "kill", signal: "SIGKILL" }, "with error: signal: killed"],
    [{ do: "kill", signal: "SIGABRT" }, "with error: signal: aborted"],
  ])("answers %j with Runtime.ExitError, and starts anew inside the next invocation", async (event, how) => {
    await using r = await rig();
    const { text, answer } = await r.invoke(event);
    expect(text).toBe(exitError(answer.requestId, how));
    expect(answer).toMatchObject({ functionError: "Unhandled", errorType: "Runtime.ExitError" });
    expect(r.lines().slice(-4)).toEqual([
      `RequestId: ${answer.requestId} Error: Runtime exited ${how}`,
      "Runtime.ExitError",
      `END RequestId: ${answer.requestId}`,
      expect.stringMatching(/Init Duration: .*\tStatus: error\tError Type: Runtime.ExitError$/),
    ]);
    const before = r.events.length;
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":1`);
    expect(kinds(r.events.slice(before))).toEqual([
      "initStart",
      "initRuntimeDone",
      "initReport",
      "start",
      "runtimeDone",
      "end",
      "report",
    ]);
    expect(of(r.events, "initReport").at(-1)).toMatchObject({ phase: "invoke", status: "success" });
    expect(last(r).initDurationMs).toBeUndefined();
  });

  it("has the last words of a crash told before its END (5)", async () => {
    await using r = await rig();
    await r.invoke({ do: "exit", code: 1, say: "last words" });
    const lines = r.lines();
    expect(lines.indexOf("last words")).toBeGreaterThan(-1);
    expect(lines.indexOf("last words")).toBeLessThan(lines.findIndex((line) => line.startsWith("END")));
  });

  it("is cut off at its timeout, and starts anew", async () => {
    await using r = await rig({ timeoutMs: 2000 });
    const { text, answer } = await r.invoke({ do: "hang" });
    const id = answer.requestId;
    expect(text).toBe(
      `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ${id} Error: Task timed out after 2.00 seconds"}`,
    );
    expect(last(r)).toMatchObject({ status: "timeout", durationMs: 2000 });
    expect(r.lines().at(-3)).toMatch(new RegExp(`^\\d{4}-.*Z ${id} Task timed out after 2.00 seconds$`));
    expect(r.lines().at(-1)).toMatch(/\tStatus: timeout$/);
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":1`);
  });

  it("keeps its answer when it does not come back before the deadline", async () => {
    await using r = await rig({ timeoutMs: 2000 });
    const { text, answer } = await r.invoke({ do: "answer-then-hang" });
    expect([text, answer.functionError]).toEqual([`"answered"`, undefined]);
    expect(last(r)).toMatchObject({ status: "timeout" });
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":1`);
  });

  it("keeps its answer when it exits after it (4)", async () => {
    await using r = await rig();
    const { text, answer } = await r.invoke({ do: "answer-then-exit" });
    expect([text, answer.functionError]).toEqual([`"answered"`, undefined]);
    expect(last(r)).toMatchObject({ status: "error", errorType: "Runtime.ExitError" });
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":1`);
  });

  it("fails the next invocation when it exits at rest, and this is told at once", async () => {
    await using r = await rig();
    expect((await r.invoke({ do: "exit-at-rest" })).text).toBe(`"answered"`);
    await until(() => of(r.events, "fault").length === 1);
    expect(of(r.events, "fault")[0]).toMatchObject({ message: "Runtime exited with error: exit status 9" });
    const { text, answer } = await r.invoke({});
    expect(text).toBe(exitError(answer.requestId, "with error: exit status 9"));
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":1`);
  });

  it("answers too large a payload with an error, and goes on", async () => {
    await using r = await rig();
    const { text, answer } = await r.invoke({ do: "large", bytes: 6_291_557 });
    expect(text).toBe(
      `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`,
    );
    expect(answer.errorType).toBe("Function.ResponseSizeTooLarge");
    expect((await r.invoke({ do: "large", bytes: 6_291_556 })).answer.payload).toHaveLength(6_291_556);
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":3`);
  });

  it("fails in the middle of a chunked answer by its trailers", async () => {
    await using r = await rig();
    const document = `{"errorMessage":"late","errorType":"Late"}`;
    const trailers = {
      "Lambda-Runtime-Function-Error-Type": "Runtime.Late",
      "Lambda-Runtime-Function-Error-Body": Buffer.from(document).toString("base64"),
    };
    const { text, answer } = await r.invoke({ do: "chunked", parts: ["a", "b"], trailers });
    expect([text, answer.functionError]).toEqual([document, "Unhandled"]);
    expect((await r.invoke({ do: "chunked", parts: [`"a`, `b"`] })).text).toBe(`"ab"`);
  });

  it("is told when it breaks the protocol", async () => {
    await using r = await rig();
    const headers = { "Lambda-Runtime-Function-Response-Mode": "nonsense" };
    const { answer } = await r.invoke({ do: "chunked", parts: ["a"], headers });
    expect(answer).toMatchObject({
      functionError: "Unhandled",
      errorType: "Runtime.InvalidResponseModeHeader",
    });
    expect(of(r.events, "fault")).toHaveLength(1);
    expect((await r.invoke({ do: "count" })).text).toContain(`"count":2`);
  });

  it.runIf(hasProcessTable)("takes what it forked with it (7)", async () => {
    await using r = await rig();
    const { text } = await r.invoke({ do: "fork" });
    const { pid } = JSON.parse(text) as { pid: number };
    expect(processesOf(r.events[0]?.environment ?? "")).toContain(pid);
    await r.invoke({ do: "exit" });
    expect(processesOf(r.events[0]?.environment ?? "")).toEqual([]);
  });
});

describe("any history of invocations", () => {
  const steps = ["echo", "error", "exit", "large", "answer-then-exit", "count"] as const;

  it("has one answer (4), one START, END and REPORT each (5), and leaves no process (7)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 8 }),
        async (history) => {
          await using r = await rig();
          const events = history.map((step) => ({ do: step, code: 1, bytes: 6_291_557 }));
          // All at once: they queue up, and a crash must not touch the ones behind it.
          const all = events.map((event) => r.fleet.invoke({ payload: Buffer.from(JSON.stringify(event)) }));
          const answers = await Promise.all(all.map(({ answer }) => answer));
          const reports = await Promise.all(all.map(({ ended }) => ended));
          for (const [i, step] of history.entries()) {
            const failed = step === "error" || step === "exit" || step === "large";
            expect(answers[i]?.functionError, step).toBe(failed ? "Unhandled" : undefined);
            expect(reports[i]?.status, step).toBe(
              failed || step === "answer-then-exit" ? "error" : "success",
            );
          }
          const told = r.events.filter(({ type }) => type === "start" || type === "end" || type === "report");
          expect(told.map((event) => `${event.type} ${"requestId" in event && event.requestId}`)).toEqual(
            all.flatMap(({ requestId }) => ["start", "end", "report"].map((type) => `${type} ${requestId}`)),
          );
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe("a boot that fails", () => {
  const failure = (init: InitReport) => ({ ...init.failure, lastLines: init.failure?.lastLines ?? [] });

  it("is reported with what the process said last, and repeated inside the first invocation", async () => {
    await using r = await rig({ command: bad("exit", "3") });
    const init = await r.fleet.initialized;
    expect(init).toMatchObject({ phase: "init", status: "error", errorType: "Runtime.ExitError" });
    expect(failure(init).message).toMatch(
      /^The runtime \(.*bad-runtime.mjs exit 3\) ended: exit status 3, \d/,
    );
    expect(failure(init).lastLines).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 6}`));
    const { text, answer } = await r.invoke({});
    expect(text).toBe(exitError(answer.requestId, "with error: exit status 3"));
    expect(of(r.events, "initReport").map(({ phase, status }) => `${phase} ${status}`)).toEqual([
      "init error",
      "invoke error",
    ]);
    expect(r.lines().filter((line) => line.startsWith("INIT_REPORT"))).toEqual([
      expect.stringMatching(
        /^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError$/,
      ),
      expect.stringMatching(/\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError$/),
    ]);
    expect(last(r).initDurationMs).toBeUndefined();
  });

  it("is made good by the first invocation when it works the second time", async () => {
    await using r = await rig({ command: bad("fail-once", join(directory(), "mark")) });
    expect((await r.fleet.initialized).status).toBe("error");
    expect((await r.invoke({ a: 1 })).text).toBe(`{"a":1}`);
    expect(last(r)).toMatchObject({ status: "success" });
    expect(last(r).initDurationMs).toBeUndefined();
  });

  it("is answered with what was posted to /init/error, byte for byte", async () => {
    await using r = await rig({ command: bad("init-error") });
    expect(await r.fleet.initialized).toMatchObject({
      status: "error",
      errorType: "Runtime.ImportModuleError",
    });
    const { text, answer } = await r.invoke({});
    expect(text).toBe(
      `{"errorMessage":"no module","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]}`,
    );
    expect(answer).toMatchObject({ functionError: "Unhandled", errorType: "Runtime.ImportModuleError" });
  });

  it("tells of a signal", async () => {
    await using r = await rig({ command: bad("kill", "SIGKILL") });
    const { text, answer } = await r.invoke({});
    expect(text).toBe(exitError(answer.requestId, "with error: signal: killed"));
  });

  it("is abandoned at its limit, names whom it waited for and where the app listens instead", async () => {
    const port = await freePort();
    await using r = await rig(
      { command: bad("never-ask", String(port)), timeoutMs: 1000 },
      { initLimitMs: 3000 },
    );
    const init = await r.fleet.initialized;
    expect(init).toMatchObject({ phase: "init", status: "timeout" });
    expect(failure(init)).toMatchObject({
      message: expect.stringContaining("it waited for the runtime to ask for its first event") as string,
      lastLines: ["listening"],
      listeningPorts: hasProcessTable ? [port] : [],
    });
    expect(of(r.events, "shutdown").map(({ reason }) => reason)).toEqual(["timeout"]);
    const { text } = await r.invoke({});
    expect(text).toContain(`"Sandbox.Timedout"`);
    expect(last(r)).toMatchObject({ status: "timeout", durationMs: 1000 });
    expect(of(r.events, "initReport").at(-1)).toMatchObject({ phase: "invoke", status: "timeout" });
  });

  it("tells of a bootstrap that is nowhere, or not executable, or without a directory", async () => {
    const taskRoot = directory();
    const optRoot = directory();
    const typeAndMessage = async (more: object): Promise<string> => {
      await using r = await rig({ taskRoot, optRoot, command: undefined, ...more } as object);
      const { text, answer } = await r.invoke({});
      const { errorType, errorMessage } = JSON.parse(text) as { errorType: string; errorMessage: string };
      return `${errorType} ${errorMessage.replace(answer.requestId, "ID")}`;
    };
    expect(await typeAndMessage({})).toBe(
      `Runtime.InvalidEntrypoint RequestId: ID Error: Couldn't find valid bootstrap(s): [${taskRoot}/bootstrap ${optRoot}/bootstrap]`,
    );
    writeFileSync(join(optRoot, "bootstrap"), "#!/bin/sh\nexit 5\n", { mode: 0o644 });
    expect(await typeAndMessage({})).toBe(
      `Runtime.InvalidEntrypoint RequestId: ID Error: fork/exec ${optRoot}/bootstrap: permission denied`,
    );
    chmodSync(join(optRoot, "bootstrap"), 0o755);
    expect(await typeAndMessage({})).toBe(
      "Runtime.ExitError RequestId: ID Error: Runtime exited with error: exit status 5",
    );
    writeFileSync(join(taskRoot, "bootstrap"), "#!/bin/sh\nexit 6\n", { mode: 0o755 });
    expect(await typeAndMessage({})).toContain("exit status 6");
    expect(await typeAndMessage({ taskRoot: "/nowhere", command: bad("exit", "0") })).toBe(
      "Runtime.InvalidWorkingDir RequestId: ID Error: chdir /nowhere: no such file or directory",
    );
  });
});

describe("shutdown", () => {
  it("refuses who waits and who comes later, and answers who is running", async () => {
    await using r = await rig();
    await r.fleet.initialized;
    const payload = Buffer.from(`{"do":"hang"}`);
    const running = r.fleet.invoke({ payload });
    const waiting = r.fleet.invoke({ payload });
    await until(() => of(r.events, "start").length === 1);
    const down = r.fleet.shutdown();
    const late = r.fleet.invoke({ payload });
    expect(await running.answer).toMatchObject({ functionError: "Unhandled", errorType: "Sandbox.Failure" });
    expect(await running.ended).toMatchObject({ status: "failure" });
    for (const refused of [waiting, late]) {
      expect(await refused.answer).toMatchObject({ refused: "ServiceException" });
      expect(await refused.ended).toBeUndefined();
    }
    await down;
    expect(of(r.events, "shutdown").map(({ reason }) => reason)).toEqual(["spindown"]);
  });

  it("comes through in the middle of init, and twice", async () => {
    await using r = await rig({ command: bad("never-ask", "0") });
    await until(() => of(r.events, "log").length > 0);
    await Promise.all([r.fleet.shutdown(), r.fleet.shutdown()]);
    expect((await r.fleet.initialized).status).toBe("failure");
  });

  it("comes through before anything was started", async () => {
    const r = await rig();
    await r.fleet.shutdown();
    expect(processesOf(r.events[0]?.environment ?? "none")).toEqual([]);
  });

  it("comes through in the middle of a reset", async () => {
    await using r = await rig({ timeoutMs: 1000, extensions: [hanging("ext")] });
    const invocation = r.fleet.invoke({ payload: Buffer.from(`{"do":"hang"}`) });
    await invocation.answer;
    await r.fleet.shutdown();
    expect(await invocation.ended).toMatchObject({ status: "timeout" });
  });

  it("is not held up by 1,000 callers: the rest is turned away", async () => {
    await using r = await rig();
    await r.fleet.initialized;
    const payload = Buffer.from(`{"do":"hang"}`);
    const all = Array.from({ length: 1003 }, () => r.fleet.invoke({ payload }));
    expect(await all[1002]?.answer).toMatchObject({ refused: "TooManyRequestsException" });
    await r.fleet.shutdown();
    await Promise.all(all.map(({ ended }) => ended));
  });
});

const hanging = (name: string) => ({
  name,
  ...fixture("extension.mjs", name, "SHUTDOWN", "hang-on-shutdown"),
});

describe("a layer", () => {
  it("brings its extensions, in directory order", async () => {
    const optRoot = directory();
    mkdirSync(join(optRoot, "extensions", "not-this"), { recursive: true });
    cpSync(new URL("testing/fixtures/extension.mjs", import.meta.url), join(optRoot, "extension.mjs"));
    const notes = join(directory(), "notes");
    for (const name of ["b", "a"]) {
      const script = `#!/bin/sh\nexec ${process.execPath} ${optRoot}/extension.mjs ${name}\n`;
      writeFileSync(join(optRoot, "extensions", name), script, { mode: 0o755 });
    }
    await using r = await rig({ optRoot, variables: { NOTES: notes } });
    await r.invoke({});
    expect(
      notesOf(notes)
        .map((line) => line.slice(0, 1))
        .sort(),
    ).toEqual(["a", "b"]);
  });

  it("may switch extensions off: none is started, and their APIs are 404", async () => {
    const optRoot = directory();
    writeFileSync(join(optRoot, "disable-extensions-jwigqn8j"), "");
    const notes = join(directory(), "notes");
    await using r = await rig({
      optRoot,
      variables: { NOTES: notes },
      extensions: [{ name: "ext", ...fixture("extension.mjs", "ext", "INVOKE", "env") }],
    });
    const file = join(directory(), "answers");
    const calls = [
      ["POST", "/2020-01-01/extension/register", { "Lambda-Extension-Name": "inside" }, `{"events":[]}`],
      ["PUT", "/2022-07-01/telemetry", {}, "{}"],
      ["PUT", "/2020-08-15/logs", {}, "{}"],
      ["POST", "/2018-06-01/runtime/invocation/ID/response", {}, `"done"`],
    ];
    expect((await r.invoke({ do: "calls", calls, file })).text).toBe(`"done"`);
    await until(() => notesOf(file).length === 1);
    const answers = JSON.parse(notesOf(file)[0] ?? "") as { status: number; body: string }[];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 202]);
    expect(answers[0]?.body).toBe("404 page not found\n");
    expect(notesOf(notes)).toEqual([]);
  });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
