/**
 * The quick ways of the native engine (`wire/src/quick.ts`) against the long way: the adapter on Node has no quick way, so
 * whatever event and whatever response both get, the app and the Runtime API must get the same bytes from both.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  albEvent,
  functionUrlEvent,
  httpApi1Event,
  httpApiEvent,
  latticeEvent,
  restEvent,
  webSocketEvent,
} from "../packages/adapter/testing/events.ts";
import type { HttpEventParts } from "../packages/adapter/testing/events.ts";
import { isCheck } from "../packages/adapter/testing/function.ts";
import { startRawApp } from "../packages/adapter/testing/raw-app.ts";
import type { RawApp } from "../packages/adapter/testing/raw-app.ts";
import { polls, startRuntimeApi } from "../packages/adapter/testing/runtime-api.ts";
import type { RuntimeApi } from "../packages/adapter/testing/runtime-api.ts";
import { appResponse, jsonText, oddEvent } from "../packages/wire/src/front-doors/testing/generators.ts";
import type { HttpResponse } from "../packages/wire/src/message.ts";
import { missing as missingNative, nativeFile, startProgram } from "./testing/binary.ts";

const onNode = fileURLToPath(new URL("../dist/adapter.mjs", import.meta.url));
const missing =
  missingNative ?? (existsSync(onNode) ? undefined : "the adapter on Node is not built: npm run build");

/** What the app answers, as bytes, and whether it closes the connection after it. */
interface Script {
  readonly bytes: Buffer;
  readonly closes: boolean;
}

interface Rig {
  readonly api: RuntimeApi;
  readonly app: RawApp;
  readonly process: ChildProcess;
  script: Script;
}

async function startRig(
  start: (env: Record<string, string>) => ChildProcess,
  env: Record<string, string>,
): Promise<Rig> {
  const api = await startRuntimeApi();
  const app = await startRawApp(async ({ readRequest, socket }) => {
    for (;;) {
      const request = await readRequest();
      if (request === undefined) return;
      if (isCheck(request)) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      else if (rig.script.closes) socket.end(rig.script.bytes);
      else socket.write(rig.script.bytes);
    }
  });
  const process = start({
    AWS_LAMBDA_RUNTIME_API: api.authority,
    AWS_LAMBDA_FUNCTION_NAME: "shop",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
    AWS_LWA_PORT: String(app.port),
    AWS_LWA_READINESS_CHECK_PATH: "/ready-check",
    ANYLAMBDA_WEBSOCKET_PATH: "/ws",
    ...env,
  });
  const rig: Rig = { api, app, process, script: { bytes: Buffer.alloc(0), closes: true } };
  await polls(api, 1);
  return rig;
}

/** What is told of an invocation is part of the bytes. Mostly as Lambda does it, since the rest knows no quick way. */
const told: fc.Arbitrary<Record<string, string>> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constant({
      "Lambda-Runtime-Deadline-Ms": "4102444800000",
      "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
      "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:shop",
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        "Lambda-Runtime-Deadline-Ms": fc.constantFrom(
          "4102444800000",
          "04102444800000",
          "4102444800000.5",
          "soon",
        ),
        "Lambda-Runtime-Trace-Id": fc.constantFrom(
          "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
          "Root=",
          "Self=1",
          'Root="\\',
        ),
        "Lambda-Runtime-Invoked-Function-Arn": fc.constantFrom("arn:aws:lambda:x", 'a"b', "~arn~"),
        "Lambda-Runtime-Client-Context": fc.constantFrom('{"custom":{"a":1}}', "no json"),
        "Lambda-Runtime-Cognito-Identity": fc.constant('{"cognitoIdentityId":"i"}'),
        "Lambda-Runtime-Aws-Tenant-Id": fc.constantFrom("blue", "~trace~"),
      },
      { requiredKeys: ["Lambda-Runtime-Deadline-Ms"] },
    ),
  },
);

async function outcomeOf(
  rig: Rig,
  event: string,
  script: Script,
  headers: Record<string, string>,
): Promise<unknown> {
  rig.script = script;
  const before = rig.app.requests.length;
  const posted = await rig.api.invoke({ event, headers });
  const own = (text: string): string =>
    text.replaceAll(`:${rig.app.port}`, ":APP").replaceAll(rig.api.authority, "API");
  return {
    requests: rig.app.requests
      .slice(before)
      .map(({ head, body }) => ({ head: own(head), body: body.toString("latin1") })),
    kind: posted.kind,
    posted: own(posted.body.toString("latin1")),
    errorType: posted.errorType,
    headers: posted.headers.filter(([name]) => !/^(host|content-length)$/i.test(name)),
    trailers: posted.trailers,
  };
}

/** A JSON text of the event, in one of the forms that a front door or a tool could give it. */
const formed = fc.constantFrom<((event: object) => string)[]>(
  JSON.stringify,
  (event) => JSON.stringify(event, null, 2),
  (event) =>
    JSON.stringify(event).replace(
      /[^\x20-\x7e]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  // The last of two members counts, the long way.
  (event) =>
    JSON.stringify(event).replace("{", '{"headers":{"x-first":"1"},"body":"first","isBase64Encoded":true,'),
  (event) => JSON.stringify(event).replace(/\//g, "\\/"),
);

const doors = [
  functionUrlEvent,
  httpApiEvent,
  httpApi1Event,
  restEvent,
  (parts: HttpEventParts) => albEvent(parts),
  (parts: HttpEventParts) => albEvent(parts, true),
  (parts: HttpEventParts) => latticeEvent(parts, 1),
  (parts: HttpEventParts) => latticeEvent(parts, 2),
  (parts: HttpEventParts) => webSocketEvent("MESSAGE", parts),
];

const headerValue = fc.oneof(
  fc.constantFrom("text/plain", "a, b", "", " x ", "é", "\u{1f30d}", "tab\tin", 'quo"ted', "1"),
  jsonText,
);
const parts: fc.Arbitrary<HttpEventParts> = fc.record(
  {
    method: fc.constantFrom("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"),
    path: fc.constantFrom("/", "/a/b", "/a%20b", "/ü", "/a b", "//x", "/a;b=c"),
    query: fc.constantFrom("", "a=1&b=2", "a=%26&a=3", "q=ü"),
    headers: fc.dictionary(
      fc.constantFrom(
        "accept",
        "Content-Type",
        "content-length",
        "connection",
        "x-a",
        "X-A",
        "x-amzn-trace-id",
        "user-agent",
        "te",
        "cookie",
        "expect",
      ),
      headerValue,
      { maxKeys: 8 },
    ),
    cookies: fc.array(fc.constantFrom("a=1", "b=é", "c="), { maxLength: 3 }),
    body: fc.oneof(
      fc.string({ maxLength: 60 }),
      jsonText,
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("base64")),
    ),
    isBase64Encoded: fc.boolean(),
  },
  { requiredKeys: ["method"] },
);

const event = fc
  .tuple(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constantFrom(...doors), parts).map(([door, given]) => door(given)),
      },
      { weight: 2, arbitrary: oddEvent },
      { weight: 1, arbitrary: fc.constant({ Records: [{ eventSource: "aws:sqs", body: "é" }] }) },
    ),
    formed,
  )
  .map(([one, form]) => form(one));

const script: fc.Arbitrary<Script> = fc
  .tuple(appResponse, fc.constantFrom("length", "chunked", "close"))
  .map(([response, framing]) => scriptOf(response, framing));

function scriptOf({ status, reason, headers, body }: HttpResponse, framing: string): Script {
  const fields = headers.filter(([name]) => !/^(content-length|transfer-encoding|connection)$/i.test(name));
  if (framing === "length") fields.push(["Content-Length", String(body.length)]);
  else if (framing === "chunked") fields.push(["Transfer-Encoding", "chunked"]);
  else fields.push(["Connection", "close"]);
  const head = `HTTP/1.1 ${status} ${reason}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const chunk = body.length === 0 ? "" : `${body.length.toString(16)}\r\n`;
  const framed = framing === "chunked" ? [chunk, body, body.length === 0 ? "" : "\r\n", "0\r\n\r\n"] : [body];
  return {
    bytes: Buffer.concat([Buffer.from(head, "utf8"), ...framed.map((piece) => Buffer.from(piece as string))]),
    closes: framing === "close",
  };
}

it.for(missing === undefined ? [] : [missing])("%s", (reason, { skip }) => {
  skip(reason);
});

describe.skipIf(missing !== undefined).for([
  ["plain", {}],
  [
    "a base path, an authorization source, errors for statuses",
    {
      AWS_LWA_REMOVE_BASE_PATH: "/a",
      AWS_LWA_AUTHORIZATION_SOURCE: "x-a",
      AWS_LWA_ERROR_STATUS_CODES: "500-599",
    },
  ],
  ["compression", { AWS_LWA_ENABLE_COMPRESSION: "true" }],
] as const)("both engines, with settings: %s", ([, env]) => {
  let rigs: readonly [Rig, Rig];

  beforeAll(async () => {
    const node = (given: Record<string, string>): ChildProcess =>
      spawn(process.execPath, [onNode], { env: given, stdio: ["ignore", "ignore", "inherit"] });
    rigs = await Promise.all([
      startRig((given) => startProgram(nativeFile, given), env),
      startRig(node, env),
    ]);
    for (const rig of rigs) rig.process.stdout?.resume();
  });
  afterAll(async () => {
    for (const { api, app, process } of rigs) {
      process.kill("SIGKILL");
      await app.close();
      await api.close();
    }
  });

  it("give the app and the Runtime API the same bytes, whatever the event and the response", async () => {
    let count = 0;
    await fc.assert(
      // What is learnt from the first of a kind serves the second.
      fc.asyncProperty(
        event,
        fc.array(fc.tuple(script, told), { minLength: 1, maxLength: 4 }),
        async (text, all) => {
          for (const [answer, head] of all) {
            count += 1;
            const id = count % 9 === 0 ? `id(${count})` : `id-${count}`;
            const headers = { ...head, "Lambda-Runtime-Aws-Request-Id": id };
            const [native, node] = await Promise.all(
              rigs.map((rig) => outcomeOf(rig, text, answer, headers)),
            );
            expect(native).toEqual(node);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
