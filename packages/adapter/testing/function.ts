/** A function as Lambda would run it: the Runtime API, the app, and the adapter between them. */
import { afterEach } from "vitest";
import type { Platform } from "../src/platform.ts";
import type { Machine } from "./adapter.ts";
import { runAdapter } from "./adapter.ts";
import { answering, startRawApp } from "./raw-app.ts";
import type { RawApp, RawConnection, RawRequest } from "./raw-app.ts";
import { polls, startRuntimeApi } from "./runtime-api.ts";
import type { RuntimeApi } from "./runtime-api.ts";

export interface TestFunction {
  readonly api: RuntimeApi;
  readonly app: RawApp;
  readonly adapter: Machine;
  /** Requests of invocations, without the readiness check. */
  readonly requests: () => readonly RawRequest[];
}

const running: (() => Promise<void>)[] = [];

/** To be called once in each test file that starts functions. */
export function stopFunctionsAfterEach(): void {
  afterEach(async () => {
    for (const stop of running.splice(0)) await stop();
  });
}

/**
 * `serve` answers what is not the readiness check: text for every request, or a function of the request, or of the
 * connection. The readiness check has a path of its own and always passes.
 */
export async function startFunction(
  serve: string | ((request: RawRequest) => string),
  env: Readonly<Record<string, string>> = {},
  instead: Partial<Platform> = {},
): Promise<TestFunction> {
  return startFunctionOver(
    answering((request) => {
      if (isCheck(request)) return "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
      return typeof serve === "string" ? serve : serve(request);
    }),
    env,
    instead,
  );
}

export function isCheck({ head }: RawRequest): boolean {
  return head.startsWith("GET /ready-check ");
}

/** As {@link startFunction}, with the app's connections in the test's hands; readiness is an open port. */
export async function startFunctionOver(
  serve: (connection: RawConnection) => Promise<void> | void,
  env: Readonly<Record<string, string>> = {},
  instead: Partial<Platform> = {},
): Promise<TestFunction> {
  const api = await startRuntimeApi();
  const app = await startRawApp(serve);
  const adapter = runAdapter(
    {
      AWS_LAMBDA_RUNTIME_API: api.authority,
      AWS_LWA_PORT: String(app.port),
      AWS_LWA_READINESS_CHECK_PATH: "/ready-check",
      ...env,
    },
    { instead },
  );
  running.push(async () => {
    adapter.stop();
    await app.close();
    await api.close();
  });
  await polls(api, Number(env["AWS_LAMBDA_MAX_CONCURRENCY"] ?? 1));
  return { api, app, adapter, requests: () => app.requests.filter((request) => !isCheck(request)) };
}

/** A response with a body of text, and its length. */
export function answer(status: number, body = "", fields: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${status} X`, ...fields, `content-length: ${Buffer.byteLength(body, "latin1")}`];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
