/** Lambda's Runtime API and Extensions API, scripted by a test: what it hands out and how it misbehaves. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { listen } from "./raw-app.ts";
import { eventually } from "./wait.ts";

interface Call {
  readonly method: string;
  readonly path: string;
  /** `[name, value]` in the order and the case they were sent. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** Fields behind a chunked body. */
  readonly trailers: readonly (readonly [string, string])[];
  readonly socket: Socket;
}

export interface Outcome {
  readonly kind: "response" | "error";
  readonly body: Buffer;
  readonly text: string;
  /** The value of `lambda-runtime-function-error-type`. */
  readonly errorType: string | undefined;
  readonly headers: Call["headers"];
  readonly trailers: Call["headers"];
}

interface Invocation {
  readonly event: string | Uint8Array;
  /** Sent in place of the usual headers of the same name; `null` leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

export interface RuntimeApi {
  /** `host:port`, for `AWS_LAMBDA_RUNTIME_API`. */
  readonly authority: string;
  readonly calls: readonly Call[];
  callsTo(path: string | RegExp): Call[];
  /** Queues an invocation; resolves with what the adapter posts for it. */
  invoke(invocation: Invocation | object): Promise<Outcome>;
  /** Sees each call first; answers `true` when it has dealt with it. */
  intercept: ((call: Call, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

const REGISTER = "/2020-01-01/extension/register";
const EVENT_NEXT = "/2020-01-01/extension/event/next";
const NEXT = "/2018-06-01/runtime/invocation/next";
const INIT_ERROR = "/2018-06-01/runtime/init/error";

export const FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:shop";

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const calls: Call[] = [];
  const queue: { id: string; invocation: Invocation }[] = [];
  const parked: ServerResponse[] = [];
  const open = new Map<string, (outcome: Outcome) => void>();
  const sockets = new Set<Socket>();
  let count = 0;

  const deliver = (): void => {
    while (queue.length > 0) {
      const response = parked.shift();
      if (response === undefined) return;
      if (response.destroyed || response.socket?.destroyed !== false) continue;
      const { id, invocation } = queue.shift() as (typeof queue)[number];
      const headers: Record<string, string | null> = {
        "Lambda-Runtime-Aws-Request-Id": id,
        "Lambda-Runtime-Deadline-Ms": String(Date.now() + 60_000),
        "Lambda-Runtime-Invoked-Function-Arn": FUNCTION_ARN,
        "Content-Type": "application/json",
        ...invocation.headers,
      };
      for (const [name, value] of Object.entries(headers))
        if (value !== null) response.setHeader(name, value);
      response.end(invocation.event);
    }
  };

  const settle = (call: Call, response: ServerResponse): void => {
    const [, id = "", kind = ""] = /invocation\/([^/]+)\/(response|error)$/.exec(call.path) ?? [];
    const done = open.get(id);
    if (done === undefined) {
      response.writeHead(400).end('{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n');
      return;
    }
    open.delete(id);
    response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}\n');
    done({
      kind: kind as "response" | "error",
      body: call.body,
      text: call.body.toString("utf8"),
      errorType: headerOf(call, "lambda-runtime-function-error-type"),
      headers: call.headers,
      trailers: call.trailers,
    });
  };

  const server = createServer((request, response) => {
    void serve(request, response);
  });
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const call: Call = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: pairs(request.rawHeaders),
      body,
      trailers: pairs(request.rawTrailers),
      socket: request.socket,
    };
    calls.push(call);
    if (api.intercept?.(call, response) === true) return;
    if (call.path === REGISTER)
      response.writeHead(200, { "lambda-extension-identifier": "ext-1" }).end("{}\n");
    else if (call.path === EVENT_NEXT) return;
    else if (call.path === INIT_ERROR) response.writeHead(202).end('{"status":"OK"}\n');
    else if (call.path === NEXT) {
      parked.push(response);
      deliver();
    } else settle(call, response);
  }
  server.on("connection", (socket) => sockets.add(socket));
  // The Runtime API never hangs up on a waiting client.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const port = await listen(server, 0, "127.0.0.1");

  const api: RuntimeApi = {
    authority: `127.0.0.1:${port}`,
    calls,
    callsTo: (path) =>
      calls.filter((call) => (typeof path === "string" ? call.path.endsWith(path) : path.test(call.path))),
    invoke: (given) =>
      new Promise((resolve) => {
        const invocation = "event" in given ? given : { event: JSON.stringify(given) };
        const id = invocation.headers?.["Lambda-Runtime-Aws-Request-Id"] ?? `request-${++count}`;
        open.set(id, resolve);
        queue.push({ id, invocation });
        deliver();
      }),
    intercept: undefined,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return api;
}

function headerOf(call: Pick<Call, "headers">, name: string): string | undefined {
  return call.headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

/** Resolves when the adapter has asked for `count` invocations. */
export async function polls(api: RuntimeApi, count: number): Promise<void> {
  await eventually(() => api.callsTo(NEXT).length >= count);
}

function pairs(rawHeaders: readonly string[]): (readonly [string, string])[] {
  const all: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    all.push([rawHeaders[i] as string, rawHeaders[i + 1] as string]);
  return all;
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", () => {});
  });
}
