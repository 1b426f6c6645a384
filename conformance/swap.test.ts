/**
 * Apps of LWA's list of examples, with the settings that LWA documents for them and no others, behind both adapters:
 * what their clients see is the same, status, headers and every byte of the body. Where it is not, the request names
 * the difference, and that it is there is checked as well. The port is not the documented one, because tests share a
 * machine, and headers that belong to a connection or a moment are left out (`harness/behind.ts`).
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start } from "../examples/testing/programs.ts";
import type { Program } from "../examples/testing/programs.ts";
import { pythonMissing, virtualEnvironment } from "../examples/testing/python.ts";
import { differences } from "./differences.ts";
import { seenOf, startBehind } from "./harness/behind.ts";
import type { Behind } from "./harness/behind.ts";
import type { Invocation } from "./harness/scenario.ts";
import { functionUrl, httpApi2, invoke } from "./scenarios/events.ts";
import { lwa, ours } from "./subjects.ts";

const directory = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const peer = lwa();
const noPeer = typeof peer === "string" ? peer : undefined;

interface Asked {
  readonly name: string;
  readonly invocation: Invocation;
  /** The fault of LWA, or the difference on purpose, that is seen here. */
  readonly differs?: string;
}

interface Swapped {
  readonly name: string;
  readonly missing: string | undefined;
  readonly cwd: string;
  readonly command: () => readonly [file: string, ...args: string[]];
  /** As LWA's example has them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly asked: readonly Asked[];
}

const json = [["content-type", "application/json"]] as const;
const upload =
  '--x\r\ncontent-disposition: form-data; name="note"\r\n\r\nGrüße\r\n--x\r\n' +
  'content-disposition: form-data; name="file"; filename="a.bin"\r\ncontent-type: application/octet-stream\r\n\r\n\0\u0001\r\n--x--\r\n';

function ask(name: string, event: Record<string, unknown>, differs?: string): Asked {
  return { name, invocation: invoke(event), ...(differs !== undefined && { differs }) };
}

const express: Swapped = {
  name: "Express behind an HTTP API (examples/expressjs)",
  missing: undefined,
  cwd: directory("../examples/express"),
  command: () => [process.execPath, "server.js"],
  settings: { RUST_LOG: "info" },
  asked: [
    ask("GET / is a page", httpApi2()),
    ask("GET /json", httpApi2({ path: "/json" })),
    ask(
      "POST /json",
      httpApi2({ method: "POST", path: "/json", headers: json, body: '{"price":1.50,"é":"🌍"}' }),
    ),
    ask("GET with a query", httpApi2({ path: "/products/7", query: "b=2&a=1&b=3&flag&e=&s=a+b%20c" })),
    ask("GET with an encoded path", httpApi2({ path: "/products/žluťoučký kůň" })),
    ask("PUT", httpApi2({ method: "PUT", path: "/products/7", headers: json, body: '{"a":1}' })),
    ask("PATCH", httpApi2({ method: "PATCH", path: "/products/7", headers: json, body: '{"a":1}' })),
    ask("DELETE is 204", httpApi2({ method: "DELETE", path: "/products/7" })),
    ask(
      "POST of a form, in base64 as HTTP APIs send it",
      httpApi2({
        method: "POST",
        path: "/form",
        headers: [["content-type", "application/x-www-form-urlencoded"]],
        body: Buffer.from("a=1&b=%C3%A9&a=2").toString("base64"),
        base64: true,
      }),
    ),
    ask(
      "POST of a file",
      httpApi2({
        method: "POST",
        path: "/upload",
        headers: [["content-type", "multipart/form-data; boundary=x"]],
        body: Buffer.from(upload).toString("base64"),
        base64: true,
      }),
    ),
    ask("GET of a picture", httpApi2({ path: "/picture.png" })),
    ask("a redirect", httpApi2({ path: "/redirect" })),
    ask(
      "a login sets cookies",
      httpApi2({
        method: "POST",
        path: "/login",
        headers: [["content-type", "application/x-www-form-urlencoded"]],
        body: Buffer.from("name=Anna").toString("base64"),
        base64: true,
      }),
    ),
    ask("cookies come back", httpApi2({ path: "/me", more: { cookies: ["user=Anna", "theme=dusk"] } })),
    ask("text beyond ASCII", httpApi2({ path: "/text" })),
    ask("text in Latin-1", httpApi2({ path: "/latin1" }), "bytes decide"),
    ask("repeated headers", httpApi2({ path: "/vary" }), "B11"),
    ask("204", httpApi2({ path: "/empty" })),
    ask("418", httpApi2({ path: "/teapot" })),
    ask("500", httpApi2({ path: "/error" })),
    ask("404", httpApi2({ path: "/nowhere" })),
    ask("HEAD", httpApi2({ method: "HEAD", path: "/text" })),
    ask("OPTIONS", httpApi2({ method: "OPTIONS", path: "/products/7" })),
  ],
};

const fastapi: Swapped = {
  name: "FastAPI streaming to a Function URL (examples/fastapi-response-streaming)",
  missing: pythonMissing(),
  cwd: directory("apps/fastapi"),
  command: () => [virtualEnvironment(directory("apps/fastapi")), "main.py"],
  settings: { AWS_LWA_INVOKE_MODE: "RESPONSE_STREAM" },
  asked: [
    ask("a redirect", functionUrl()),
    ask(
      "a story, piece by piece",
      functionUrl({ method: "POST", path: "/api/story", headers: json, body: '{"topic":"a cat"}' }),
    ),
    ask("JSON null", functionUrl({ method: "POST", path: "/api/story", headers: json, body: "{}" })),
    ask("bytes", functionUrl({ path: "/bytes" })),
    ask("cookies", functionUrl({ path: "/cookies" })),
    ask("JSON with a query", functionUrl({ path: "/items/a%20b", query: "q=1+2" })),
    ask("422", functionUrl({ method: "POST", path: "/api/story", headers: json, body: '{"topic":1}' })),
    ask("404", functionUrl({ path: "/nowhere" })),
    ask("405", functionUrl({ method: "DELETE", path: "/bytes" })),
    ask("204", functionUrl({ path: "/empty" }), "prelude"),
  ],
};

function batch(...bodies: readonly string[]): Record<string, unknown> {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `19dd0b57-b21e-4ac1-bd88-${String(index).padStart(12, "0")}`,
      receiptHandle: "MessageReceiptHandle",
      body,
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1523232000000", SenderId: "123456789012" },
      messageAttributes: {},
      md5OfBody: "7b270e59b47ff90a553787216d55d91d",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:123456789012:MyQueue",
      awsRegion: "us-east-1",
    })),
  };
}

const sqs: Swapped = {
  name: "Express behind a queue (examples/sqs-expressjs)",
  missing: undefined,
  cwd: directory("apps/sqs-express"),
  command: () => [process.execPath, "server.js"],
  settings: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp", RUST_LOG: "info" },
  asked: [
    ask("one message", batch("Hello from SQS!")),
    ask("ten messages", batch(...Array.from({ length: 10 }, (_, index) => `message ${index} žluťoučký`))),
    ask("a batch of which one item fails", batch("one", "fail", "three")),
    ask("a batch that fails", batch("fail hard"), "B19"),
  ],
};

describe.each([express, fastapi, sqs])("$name", ({ missing, cwd, command, settings, asked }) => {
  const lacking = missing ?? noPeer;
  const programs: Program[] = [];
  const adapters: Behind[] = [];

  beforeAll(async () => {
    if (lacking !== undefined || typeof peer === "string") return;
    const [file, ...args] = command();
    const app = start({ file, args, cwd, env: { PATH: process.env["PATH"] ?? "", PORT: "0" } });
    programs.push(app);
    const [, port] = await app.waitFor(/http:\/\/127\.0\.0\.1:(\d+)/, 60_000);
    for (const subject of [peer, ours]) adapters.push(await startBehind(subject, Number(port), settings));
  }, 300_000);

  afterAll(async () => {
    await Promise.all(adapters.map((adapter) => adapter.stop()));
    await Promise.all(programs.map((program) => program.stop("SIGKILL")));
  });

  it.for(lacking === undefined ? [] : [lacking])("%s", (reason, { skip }) => {
    skip(reason);
  });

  it.each(lacking === undefined ? asked : [])("$name", async ({ invocation, differs }) => {
    const [theirs, mine] = await Promise.all(
      adapters.map(async (one) => seenOf(await one.invoke(invocation))),
    );
    if (differs === undefined) expect(mine).toEqual(theirs);
    else expect({ differs, mine }).not.toEqual({ differs, mine: theirs });
  });
});

describe("differences of the swap", () => {
  it("are faults of LWA or have a name", () => {
    const named = [express, fastapi, sqs].flatMap(({ asked }) =>
      asked.flatMap(({ differs }) => differs ?? []),
    );
    const known = new Set(differences.map(({ name }) => name));
    expect(named.filter((one) => !/^B\d+$/.test(one) && !known.has(one))).toEqual([]);
  });
});
