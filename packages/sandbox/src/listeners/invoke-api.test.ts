import {
  InvocationType,
  InvokeAsyncCommand,
  InvokeCommand,
  type InvokeCommandInput,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  LogType,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DestinationRecord } from "../destination-record.ts";
import { type Rig, call, fixture, of, rig, until } from "../testing/harness.ts";
import type { HttpListener } from "./http-listener.ts";
import { listenInvokeApi } from "./invoke-api.ts";

let r: Rig;
let streaming: Rig;
let api: HttpListener;
let streamApi: HttpListener;
let client: LambdaClient;
let streamClient: LambdaClient;
let address: string;
const records: DestinationRecord[] = [];

/** A client as anybody has it: only the address is ours. It is not to try again what is meant to fail. */
function clientOf({ url }: HttpListener): LambdaClient {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  return new LambdaClient({ endpoint: url, region: "eu-west-1", credentials, maxAttempts: 1 });
}

beforeAll(async () => {
  r = await rig();
  streaming = await rig({ command: fixture("stream-runtime.mjs"), timeoutMs: 3000 });
  api = await listenInvokeApi(r.fleet, { clockFactor: 0.0001, record: (record) => records.push(record) });
  streamApi = await listenInvokeApi(streaming.fleet);
  [client, streamClient] = [clientOf(api), clientOf(streamApi)];
  address = new URL(api.url).host;
});
afterAll(async () => {
  client.destroy();
  streamClient.destroy();
  await Promise.all([api.close(), streamApi.close()]);
  await Promise.all([r[Symbol.asyncDispose](), streaming[Symbol.asyncDispose]()]);
});

function invoke(event: unknown, more: Partial<InvokeCommandInput> = {}) {
  const payload = event === undefined ? {} : { Payload: JSON.stringify(event) };
  return client.send(new InvokeCommand({ FunctionName: "tested", ...payload, ...more }));
}

/** The error the SDK makes of an answer: `404 ResourceNotFoundException: Function not …`. */
async function errorOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason as Error & { $metadata: { httpStatusCode: number } },
  );
  return error === undefined ? "none" : `${error.$metadata.httpStatusCode} ${error.name}: ${error.message}`;
}

describe("Invoke", () => {
  it("gives the function's answer, the version, and the id that stands in the log", async () => {
    const answer = await invoke({ some: "thing" });
    expect(answer.Payload?.transformToString()).toBe(`{"some":"thing"}`);
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(answer.FunctionError).toBeUndefined();
    expect(answer.LogResult).toBeUndefined();
    await until(() =>
      of(r.events, "report").some((report) => report.requestId === answer.$metadata.requestId),
    );
  });

  it("sends {} when there is no payload", async () => {
    expect((await invoke(undefined)).Payload?.transformToString()).toBe("{}");
  });

  it("tells of a function's failure beside status 200 (1)", async () => {
    const thrown = await invoke({ do: "error" });
    expect(thrown).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(JSON.parse(thrown.Payload?.transformToString() ?? "")).toMatchObject({ errorType: "Oops" });
    const died = await invoke({ do: "exit", code: 3 });
    expect(died).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(JSON.parse(died.Payload?.transformToString() ?? "")).toEqual({
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: ${died.$metadata.requestId} Error: Runtime exited with error: exit status 3`,
    });
  });

  it("gives the end of the log, START to REPORT, to whom asks for Tail", async () => {
    const answer = await invoke({ do: "print", lines: ["one", "two"] }, { LogType: LogType.Tail });
    const log = Buffer.from(answer.LogResult ?? "", "base64").toString();
    const id = answer.$metadata.requestId;
    const lines = log.split("\n");
    expect(lines).toEqual(expect.arrayContaining([`START RequestId: ${id} Version: $LATEST`, "one", "two"]));
    expect(lines.at(-2)).toMatch(`REPORT RequestId: ${id}\tDuration: `);
    const long = await invoke(
      { do: "print", lines: Array.from({ length: 200 }, () => "x".repeat(99)) },
      { LogType: "Tail" },
    );
    expect(Buffer.from(long.LogResult ?? "", "base64").length).toBe(4096);
  });

  it("validates and does nothing for DryRun", async () => {
    const before = of(r.events, "start").length;
    expect(await invoke({}, { InvocationType: InvocationType.DryRun })).toMatchObject({ StatusCode: 204 });
    expect(of(r.events, "start").length).toBe(before);
  });

  it("hands on the client context, the trace and the qualifier", async () => {
    const context = JSON.stringify({ client: { app_title: "é" }, custom: { a: "1" } });
    const trace = { "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1" };
    const reply = await call(address, {
      method: "POST",
      path: "/2015-03-31/functions/tested/invocations?Qualifier=%24LATEST",
      headers: { ...trace, "x-amz-client-context": Buffer.from(context).toString("base64") },
      body: `{"do":"head"}`,
    });
    const head = JSON.parse(reply.body) as Record<string, string>;
    expect(Buffer.from(head["lambda-runtime-client-context"] ?? "", "latin1").toString()).toBe(context);
    expect(head["lambda-runtime-trace-id"]).toContain("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
    expect(head["lambda-runtime-invoked-function-arn"]).toBe(
      "arn:aws:lambda:eu-west-1:123456789012:function:tested:$LATEST",
    );
    expect(reply.headers["x-amzn-trace-id"]).toBe("root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;sampled=1");
  });

  it.each([
    "tested",
    "tested:$LATEST",
    "function:tested",
    "123456789012:function:tested",
    "arn:aws:lambda:eu-west-1:123456789012:function:tested",
    "arn:aws:lambda:eu-west-1:123456789012:function:tested:$LATEST",
  ])("finds the function as %s", async (FunctionName) => {
    expect((await invoke({}, { FunctionName })).StatusCode).toBe(200);
  });
});

describe("what the Invoke API refuses", () => {
  const arn = "arn:aws:lambda:eu-west-1:123456789012:function:";
  it.each([
    [{ FunctionName: "other" }, `${arn}other:$LATEST`],
    [{ FunctionName: "tested", Qualifier: "live" }, `${arn}tested:live`],
    [{ FunctionName: "tested:7" }, `${arn}tested:7`],
    [{ FunctionName: "arn:aws:lambda:us-east-1:123456789012:function:tested" }, undefined],
  ])("another function: %j", async (input, missing) => {
    const refused = await errorOf(invoke({}, input));
    expect(refused).toMatch(/^404 ResourceNotFoundException: Function not found: /);
    if (missing !== undefined) expect(refused.endsWith(missing)).toBe(true);
  });

  it("what is no JSON", async () => {
    expect(await errorOf(invoke(undefined, { Payload: "{no" }))).toMatch(
      /^400 InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: ./,
    );
  });

  it("what is too large, sooner for Event", async () => {
    const payload = (bytes: number) => ({ Payload: `"${"x".repeat(bytes)}"` });
    expect(await errorOf(invoke(undefined, payload(6_291_456)))).toBe(
      "413 RequestTooLargeException: Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    );
    const event = { ...payload(1_048_576), InvocationType: "Event" } as const;
    expect(await errorOf(invoke(undefined, event))).toMatch("413 RequestTooLargeException");
    expect((await invoke(undefined, payload(1_048_576))).StatusCode).toBe(200);
  });

  it("parameters that mean nothing", async () => {
    const invalid = "400 InvalidParameterValueException";
    expect(await errorOf(invoke({}, { FunctionName: "a b" }))).toMatch(invalid);
    expect(await errorOf(invoke({}, { FunctionName: "tested:1", Qualifier: "2" }))).toMatch(invalid);
    expect(await errorOf(invoke({}, { LogType: "All" as "Tail" }))).toMatch(invalid);
    expect(await errorOf(invoke({}, { TenantId: "t" }))).toMatch(invalid);
    expect(await errorOf(invoke({}, { ClientContext: "bm8=" }))).toMatch(
      "400 InvalidRequestContentException",
    );
    const path = "/2015-03-31/functions/tested/invocations";
    const headers = { "x-amzn-requestid": "mine" };
    expect(await call(address, { method: "POST", path, headers })).toMatchObject({ status: 400 });
    expect(await call(address, { method: "GET", path })).toMatchObject({ status: 404 });
  });

  it("more than the fleet takes: 429, in Lambda's words, with Retry-After", async () => {
    await using one = await rig({}, { whenBusy: "throttle" });
    const listener = await listenInvokeApi(one.fleet);
    const busy = one.fleet.invoke({ payload: Buffer.from(`{"do":"hang"}`) });
    const refused = await call(new URL(listener.url).host, {
      method: "POST",
      path: "/2015-03-31/functions/tested/invocations",
      body: "{}",
    });
    expect(refused).toMatchObject({
      status: 429,
      body: `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`,
    });
    expect(refused.headers).toMatchObject({
      "x-amzn-errortype": "TooManyRequestsException",
      "retry-after": "1",
    });
    await Promise.all([listener.close(), one.fleet.shutdown(), busy.ended]);
  });
});

describe("several functions, versions and aliases on one endpoint", () => {
  it("finds each by its name, its versions by number and alias, and says which was executed", async () => {
    await using one = await rig({ name: "one" });
    await using first = await rig({ name: "one", version: "1" });
    await using second = await rig({ name: "one", version: "2" });
    await using two = await rig({ name: "two" });
    const listener = await listenInvokeApi(
      new Map([
        [
          "one",
          {
            fleet: one.fleet,
            versions: new Map([
              ["1", first.fleet],
              ["2", second.fleet],
            ]),
            aliases: new Map([
              ["live", "1"],
              ["test", "$LATEST"],
            ]),
          },
        ],
        ["two", { fleet: two.fleet }],
      ]),
    );
    const own = clientOf(listener);
    const send = (FunctionName: string, Qualifier?: string) =>
      own.send(
        new InvokeCommand({ FunctionName, ...(Qualifier && { Qualifier }), Payload: `{"do":"head"}` }),
      );
    const executed = async (FunctionName: string, Qualifier?: string) => {
      const { ExecutedVersion, Payload } = await send(FunctionName, Qualifier);
      const head = JSON.parse(Payload?.transformToString() ?? "") as Record<string, string>;
      return `${ExecutedVersion} ${head["lambda-runtime-invoked-function-arn"]?.replace(/.*function:/, "")}`;
    };
    expect(await executed("one")).toBe("$LATEST one");
    expect(await executed("one", "1")).toBe("1 one:1");
    expect(await executed("one:live")).toBe("1 one:live");
    expect(await executed("one", "test")).toBe("$LATEST one:test");
    expect(await executed("one", "$LATEST.PUBLISHED")).toBe("2 one:$LATEST.PUBLISHED");
    expect(await executed("two")).toBe("$LATEST two");
    const unknown =
      "404 ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:";
    expect(await errorOf(send("one", "3"))).toBe(`${unknown}one:3`);
    expect(await errorOf(send("two", "live"))).toBe(`${unknown}two:live`);
    expect(await errorOf(send("three"))).toBe(`${unknown}three:$LATEST`);
    expect(await errorOf(send("one", "no such"))).toMatch(/^400 InvalidParameterValueException/);
    own.destroy();
    await listener.close();
  });
});

describe("tenants", () => {
  it("are asked for in AWS's words, and reach the function", async () => {
    await using isolated = await rig({ tenantIsolation: true }, { maxConcurrency: 2 });
    const listener = await listenInvokeApi(isolated.fleet);
    const own = clientOf(listener);
    const send = (TenantId?: string) =>
      own.send(
        new InvokeCommand({
          FunctionName: "tested",
          Payload: `{"do":"head"}`,
          ...(TenantId && { TenantId }),
        }),
      );
    expect(await errorOf(send())).toBe(
      "400 InvalidParameterValueException: The invoked function is enabled with tenancy configuration. " +
        "Add a valid tenant ID in your request and try again.",
    );
    expect(JSON.parse((await send("blue/1")).Payload?.transformToString() ?? "")).toMatchObject({
      "lambda-runtime-aws-tenant-id": "blue/1",
    });
    expect(await errorOf(send("bl?e"))).toMatch(/^400 InvalidParameterValueException/);
    own.destroy();
    await listener.close();
  });
});

describe("Event", () => {
  const recordOf = (id: string | undefined) =>
    records.find((record) => record.requestContext.requestId === id) as DestinationRecord;
  const told = (id: string | undefined) => until(() => recordOf(id) !== undefined);

  it("is answered at once, and its success recorded", async () => {
    const answer = await invoke({ n: 1 }, { InvocationType: "Event" });
    expect(answer.StatusCode).toBe(202);
    expect(answer.Payload?.length ?? 0).toBe(0);
    const id = answer.$metadata.requestId;
    await told(id);
    expect(recordOf(id)).toEqual({
      version: "1.0",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      requestContext: {
        requestId: id,
        functionArn: "arn:aws:lambda:eu-west-1:123456789012:function:tested:$LATEST",
        condition: "Success",
        approximateInvokeCount: 1,
      },
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: "$LATEST" },
      responsePayload: { n: 1 },
    });
  });

  it("is tried three times with one id when the function fails", async () => {
    const answer = await invoke({ do: "error" }, { InvocationType: "Event" });
    const id = answer.$metadata.requestId;
    await told(id);
    expect(recordOf(id)).toMatchObject({
      requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 3 },
      responseContext: { statusCode: 200, functionError: "Unhandled" },
      responsePayload: { errorType: "Oops" },
    });
    expect(of(r.events, "start").filter(({ requestId }) => requestId === id).length).toBe(3);
  });

  it("of the year 2014 works too", async () => {
    const answer = await client.send(
      new InvokeAsyncCommand({ FunctionName: "tested", InvokeArgs: `{"n":2014}` }),
    );
    expect(answer.Status).toBe(202);
    await told(answer.$metadata.requestId);
  });
});

describe("InvokeWithResponseStream", () => {
  async function streamed(rawPath: string, more: { LogType?: "Tail" } = {}) {
    const event = JSON.stringify({ rawPath, rawQueryString: "40" });
    const command = { FunctionName: "tested", Payload: event, ...more };
    const answer = await streamClient.send(new InvokeWithResponseStreamCommand(command));
    const chunks: Uint8Array[] = [];
    const completions = [];
    for await (const part of answer.EventStream ?? []) {
      if (part.PayloadChunk?.Payload) chunks.push(part.PayloadChunk.Payload);
      if (part.InvokeComplete) completions.push(part.InvokeComplete);
    }
    expect(completions.length).toBe(1);
    return { answer, body: Buffer.concat(chunks), complete: completions[0] };
  }

  it("gives the bytes as they are, and says that they are all", async () => {
    const plain = await streamed("/plain");
    expect(plain.body.toString()).toBe("just bytes");
    expect(plain.answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(plain.complete).toEqual({});
    // The prelude and its eight NULs are not taken off here.
    expect((await streamed("/")).body.toString()).toMatch(/^\{"statusCode":201.*\}\0{8}body$/);
    expect((await streamed("/big")).body.length).toBeGreaterThan(40 * 64 * 1024);
  });

  it("tells of a failure before the first byte (2)", async () => {
    const { body, complete } = await streamed("/error");
    expect(body.length).toBe(0);
    expect(complete).toEqual({
      ErrorCode: "Unhandled",
      ErrorDetails: `{"errorType":"Oops","errorMessage":"no"}`,
    });
  });

  it("tells of a failure in the middle: by trailers, by death, by the limit (2)", async () => {
    const failed = await streamed("/fail");
    expect(failed.body.toString()).toMatch(/half$/);
    expect(failed.complete).toEqual({ ErrorCode: "Unhandled", ErrorDetails: `{"errorType":"Runtime.Oops"}` });
    const died = await streamed("/die");
    expect(died.body.toString()).toMatch(/half$/);
    expect(JSON.parse(died.complete?.ErrorDetails ?? "")).toMatchObject({ errorType: "Runtime.ExitError" });
    const late = await streamed("/hang", { LogType: "Tail" });
    expect(JSON.parse(late.complete?.ErrorDetails ?? "")).toMatchObject({ errorType: "Sandbox.Timedout" });
    expect(Buffer.from(late.complete?.LogResult ?? "", "base64").toString()).toMatch(
      /REPORT.*Status: timeout\n$/,
    );
  });

  it("refuses before the stream as Invoke does", async () => {
    const other = new InvokeWithResponseStreamCommand({ FunctionName: "other", Payload: "{}" });
    expect(await errorOf(streamClient.send(other))).toMatch("404 ResourceNotFoundException");
    const event = { FunctionName: "tested", InvocationType: "Event" as "DryRun" };
    expect(await errorOf(streamClient.send(new InvokeWithResponseStreamCommand(event)))).toMatch(/^400 /);
  });
});
