/**
 * AWS's own runtime clients in the sandbox, as a user would have them there: each is installed from its registry, its
 * function started by `anylambda dev`, and called through the Invoke API by the AWS SDK.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { InvokeWithResponseStreamCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start } from "../../examples/testing/programs.ts";
import { lwaBinary } from "../lwa.mjs";
import { type Started, clients, openTelemetryExtension, pythonWith, telemetryExtension } from "./clients.ts";
import { missing } from "./install.ts";
import { type Running, anylambda, ask, because, name, run } from "./running.ts";

for (const client of clients)
  describe.skipIf(client.missing !== undefined)(`${client.name}${because(client.missing)}`, () => {
    let running: Running;
    let started: Started;
    beforeAll(async () => {
      started = client.install();
      running = await run(started, ["--adapter", "none", "--timeout", "4", "--concurrency", "3"]);
    }, 900_000);
    afterAll(() => running?.stop());

    it("gives an event to the function, and its answer to the caller", async () => {
      const event = { do: "echo", text: "Grüße 🌍 \u0001", deep: [{ a: [1, 2.5, null, true] }] };
      const { payload, functionError } = await ask(running, event);
      expect(functionError).toBeUndefined();
      expect(JSON.parse(payload)).toEqual(event);
    });

    it("answers for a function that returns nothing", async () => {
      expect((await ask(running, { do: "nothing" })).payload).toBe(client.nothing);
    });

    it("tells the function who it is, who calls, and how long it has", async () => {
      const context = Buffer.from(JSON.stringify({ custom: { tenant: "t-1" } })).toString("base64");
      const { payload, log } = await ask(running, { do: "context" }, { ClientContext: context });
      const told = JSON.parse(payload) as Record<string, unknown>;
      expect(told).toMatchObject({
        arn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
        name,
        memory: "512",
        custom: { tenant: "t-1" },
        trace: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]/),
      });
      expect(log).toContain(`REPORT RequestId: ${String(told["requestId"])}\t`);
      expect(told["remainingMs"]).toBeGreaterThan(0);
      expect(told["remainingMs"]).toBeLessThanOrEqual(4000);
    });

    it("passes on what the function throws, and goes on", async () => {
      const { payload, functionError } = await ask(running, { do: "throw" });
      expect(functionError).toBe("Unhandled");
      expect(JSON.parse(payload)).toMatchObject({
        errorType: client.thrown,
        errorMessage: expect.stringContaining("thrown on purpose"),
      });
      expect((await ask(running, { do: "log", line: "after it" })).payload).toBe('"logged"');
    });

    it("says that the runtime ended, and starts it anew", async () => {
      const { payload, functionError } = await ask(running, { do: "exit" });
      expect(functionError).toBe("Unhandled");
      expect(JSON.parse(payload)).toEqual({
        errorType: "Runtime.ExitError",
        errorMessage: expect.stringMatching(
          /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/,
        ),
      });
      expect((await ask(running, { do: "log", line: "after it" })).payload).toBe('"logged"');
    });

    it("ends a function at its timeout, and starts it anew", async () => {
      const { payload, functionError } = await ask(running, { do: "sleep" });
      expect(functionError).toBe("Unhandled");
      expect(JSON.parse(payload)).toEqual({
        errorType: "Sandbox.Timedout",
        errorMessage: expect.stringMatching(
          /^RequestId: [0-9a-f-]{36} Error: Task timed out after 4.00 seconds$/,
        ),
      });
      expect((await ask(running, { do: "log", line: "after it" })).payload).toBe('"logged"');
    });

    it("refuses an answer beyond 6 MB, and goes on", async () => {
      const { payload, functionError } = await ask(running, { do: "large", bytes: 7_000_000 });
      expect(functionError).toBe("Unhandled");
      expect(JSON.parse(payload)).toEqual({
        errorType: "Function.ResponseSizeTooLarge",
        errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
      });
      expect((await ask(running, { do: "log", line: "after it" })).payload).toBe('"logged"');
    });

    it("has what the function prints in its log", async () => {
      const { log } = await ask(running, { do: "log", line: "a line of the function's" });
      expect(log).toMatch(/^START RequestId: (.+) Version: \$LATEST\n(?:.*\n)*.*a line of the function's/);
    });

    it("answers several at once, each in an environment of its own", async () => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(running, { do: "context" })));
      const ids = answers.map(({ payload }) => (JSON.parse(payload) as { requestId: string }).requestId);
      expect(new Set(ids).size).toBe(6);
    });

    const { streaming } = client;
    describe.skipIf(streaming === undefined)("streams", () => {
      let streamed: Running;
      beforeAll(async () => {
        const options = ["--adapter", "none", "--stream"];
        streamed = await run((streaming as NonNullable<typeof streaming>)(started), options);
      }, 60_000);
      afterAll(() => streamed?.stop());

      it("through a Function URL: status, headers, cookies and bytes", async () => {
        const response = await fetch(streamed.url);
        expect(response.status).toBe(201);
        expect(response.headers.get("x-client")).toMatch(/^(node|go)$/);
        expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
        expect(await response.text()).toBe("first second");
      });

      it("through the Invoke API: prelude, delimiter and bytes", async () => {
        const { EventStream = [] } = await streamed.lambda.send(
          new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: '{"rawPath":"/"}' }),
        );
        const pieces = [];
        let error: string | undefined;
        for await (const event of EventStream) {
          if (event.PayloadChunk?.Payload !== undefined) pieces.push(event.PayloadChunk.Payload);
          error ??= event.InvokeComplete?.ErrorCode;
        }
        expect(error).toBeUndefined();
        const [prelude, body] = Buffer.concat(pieces).toString().split("\0".repeat(8));
        expect(JSON.parse(prelude ?? "")).toMatchObject({ statusCode: 201, cookies: ["a=1", "b=2"] });
        expect(body).toBe("first second");
      });

      it("and what breaks in the middle reaches the client as broken", async () => {
        const response = await fetch(new URL("/breaks", streamed.url));
        expect(response.status).toBe(201);
        await expect(response.text()).rejects.toThrow();
      });
    });
  });

const noPython = missing("python3");

describe.skipIf(noPython !== undefined)(`a function that fails at import${because(noPython)}`, () => {
  it("is told of with the client's own words", async () => {
    const { code, command } = pythonWith("fails_at_import.handler");
    const program = start({
      file: process.execPath,
      args: [anylambda, "dev", "-p", "0", "--code", code, "--adapter", "none", "--", ...command],
      cwd: code,
      env: { PATH: process.env["PATH"] ?? "" },
    });
    expect((await program.ended).code).not.toBe(0);
    expect(program.output()).toContain("failed at import");
  }, 900_000);
});

describe.skipIf(noPython !== undefined)(`Powertools for AWS Lambda (PyPI)${because(noPython)}`, () => {
  it("routes a Function URL's request, logs with the request's ids, and reports its metrics", async () => {
    const running = await run(pythonWith("powertools.handler"), ["--adapter", "none"]);
    try {
      const response = await fetch(new URL("/orders/17?full=yes", running.url));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ order: "17", query: { full: "yes" } });
      await running.program.waitFor(/"type":"report"/, 10_000);
      const lines = running.program
        .stdout()
        .split("\n")
        .filter((line) => line.includes('"type":"log"'))
        .map((line) => (JSON.parse(line) as { line: string }).line)
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines).toContainEqual(
        expect.objectContaining({
          message: "an order was asked for",
          order: "17",
          function_name: name,
          cold_start: true,
          function_request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        }),
      );
      expect(lines).toContainEqual(expect.objectContaining({ OrderSeen: [1], service: "shop" }));
    } finally {
      await running.stop();
    }
  }, 900_000);
});

describe.skipIf(noPython !== undefined)(
  `awslambdaric with the framed log channel${because(noPython)}`,
  () => {
    it("logs a stack trace as one message, with its level", async () => {
      const options = ["--adapter", "none", "--framed-logs", "--log-format", "json"];
      const running = await run(pythonWith("app.handler"), options);
      try {
        await ask(running, { do: "throw" });
        await running.program.waitFor(/"type":"report"/, 10_000);
        const logs = running.program
          .stdout()
          .split("\n")
          .filter((line) => line.includes('"type":"log"'))
          .map((line) => JSON.parse(line) as { frame?: { level?: string; message: string } });
        const error = logs.find(({ frame }) => frame?.message.includes("thrown on purpose") === true);
        expect(error?.frame).toMatchObject({ level: "ERROR" });
        expect(error?.frame?.message).toContain("stackTrace");
      } finally {
        await running.stop();
      }
    }, 900_000);
  },
);

const noCargo = missing("cargo");

describe.skipIf(noCargo !== undefined)(`lambda-extension (crates.io)${because(noCargo)}`, () => {
  it("understands every record of a cold start, invocations of every end, and a reset", async () => {
    const opt = optWith("telemetry", telemetryExtension());
    const notes = join(opt, "notes");
    const options = ["--adapter", "none", "--opt", opt, "--timeout", "4", "-e", `NOTES=${notes}`];
    const client = clients.find((one) => one.name.startsWith("lambda_runtime"));
    const running = await run((client as (typeof clients)[number]).install(), options);
    try {
      for (const event of ["log", "throw", "exit", "sleep", "echo"])
        await ask(running, { do: event, line: "a line" });
    } finally {
      // SHUTDOWN comes when all was delivered.
      await running.stop();
    }
    const records = readFileSync(notes, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; record: Record<string, unknown> });
    const of = (type: string) => records.filter((one) => one.type === type).map(({ record }) => record);
    expect(of("platform.initStart").map(({ phase }) => phase)).toEqual(["init", "invoke", "invoke"]);
    expect(of("platform.runtimeDone").map(({ status }) => status)).toEqual([
      "success",
      "error",
      "error",
      "timeout",
      "success",
    ]);
    expect(of("platform.report").map(({ status }) => status)).toEqual([
      "success",
      "error",
      "error",
      "timeout",
      "success",
    ]);
    expect(of("platform.start")).toHaveLength(5);
    expect(of("platform.initReport")).toHaveLength(3);
    expect(of("platform.logsDropped")).toEqual([]);
    expect(JSON.stringify(of("function"))).toContain("a line");
    rmSync(opt, { recursive: true });
  }, 900_000);
});

/** The extension below insists on them. */
const openTelemetryPorts = [4317, 4318, 9999];
const noOpenTelemetry = noCargo ?? (await takenOf(openTelemetryPorts));

describe.skipIf(noOpenTelemetry !== undefined)(
  `opentelemetry-lambda-extension (crates.io)${because(noOpenTelemetry)}`,
  () => {
    it("exports metrics of the cold start and of every invocation, its last ones before the shutdown is over", async () => {
      const exported: string[] = [];
      const collector = createHttpServer((request, response) => {
        const pieces: Buffer[] = [];
        request.on("data", (piece: Buffer) => pieces.push(piece));
        request.on("end", () => {
          const body = Buffer.concat(pieces);
          const bytes = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
          exported.push(`${request.url ?? ""} ${bytes.toString("latin1")}`);
          response.end();
        });
      });
      const port = await listening(collector);
      const opt = optWith("otel", openTelemetryExtension());
      const variables = [`OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${port}`, "RUST_LOG=info"];
      const options = ["--adapter", "none", "--opt", opt, ...variables.flatMap((one) => ["-e", one])];
      const client = clients.find((one) => one.name.startsWith("lambda_runtime"));
      const running = await run((client as (typeof clients)[number]).install(), options);
      const ids: string[] = [];
      try {
        for (let i = 0; i < 3; i++) {
          const { log } = await ask(running, { do: "echo" });
          ids.push(/REPORT RequestId: (\S+)/.exec(log)?.[1] ?? "none");
        }
      } finally {
        await running.stop();
        collector.close();
        rmSync(opt, { recursive: true });
      }
      const metrics = exported.filter((one) => one.startsWith("/v1/metrics ")).join("");
      for (const name of ["faas.invocation.duration", "aws.lambda.init_duration", ...ids])
        expect(metrics).toContain(name);
    }, 900_000);
  },
);

const noLwa = existsSync(lwaBinary()) ? undefined : "its binary is missing";

describe.skipIf(noLwa !== undefined)(`AWS Lambda Web Adapter (crates.io)${because(noLwa)}`, () => {
  it("runs in the sandbox as the extension it is", async () => {
    const code = fileURLToPath(new URL("../../bench/apps", import.meta.url));
    const opt = optWith("lambda-adapter", lwaBinary());
    const port = String(await freePort());
    const options = ["--adapter", "none", "--opt", opt, "-e", `PORT=${port}`, "-e", `AWS_LWA_PORT=${port}`];
    const running = await run({ code, command: [process.execPath, "hello.mjs"] }, options);
    try {
      for (let i = 0; i < 3; i++) {
        const response = await fetch(running.url);
        expect(response.status).toBe(200);
        expect(await response.text()).toBe("Hello from the app\n");
      }
    } finally {
      await running.stop();
      rmSync(opt, { recursive: true });
    }
  });
});

/** A folder for `/opt` with one extension. */
function optWith(extension: string, binary: string): string {
  const opt = mkdtempSync(join(tmpdir(), "anylambda-opt-"));
  mkdirSync(join(opt, "extensions"));
  copyFileSync(binary, join(opt, "extensions", extension));
  chmodSync(join(opt, "extensions", extension), 0o755);
  return opt;
}

/** Which of the ports are somebody else's, in words; `undefined` when all are free. */
async function takenOf(ports: readonly number[]): Promise<string | undefined> {
  const taken: number[] = [];
  for (const port of ports) {
    const server = createServer();
    const isFree = await listening(server, port).catch(() => undefined);
    if (isFree === undefined) taken.push(port);
    else await new Promise((resolve) => server.close(resolve));
  }
  return taken.length === 0 ? undefined : `port ${taken.join(", ")} is taken`;
}

function listening(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** LWA's port and the app's must be one, so that both have to be told. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
