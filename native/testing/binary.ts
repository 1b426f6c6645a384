/** The native adapter as a process between a scripted Runtime API and an app of raw sockets. */
import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { isCheck } from "../../packages/adapter/testing/function.ts";
import { answering, startRawApp } from "../../packages/adapter/testing/raw-app.ts";
import type { RawApp, RawConnection, RawRequest } from "../../packages/adapter/testing/raw-app.ts";
import { polls, startRuntimeApi } from "../../packages/adapter/testing/runtime-api.ts";
import type { RuntimeApi } from "../../packages/adapter/testing/runtime-api.ts";

/** The other machine's file is tested under emulation: `ANYLAMBDA_TEST_NATIVE=linux-arm64`, with qemu-user-static. */
const own = process.arch === "arm64" ? "linux-arm64" : "linux-x64";
const name = process.env["ANYLAMBDA_TEST_NATIVE"] ?? own;
const emulator: string | undefined =
  name === own ? undefined : name === "linux-arm64" ? "qemu-aarch64-static" : "qemu-x86_64-static";

/** Starts one of the native programs with this environment and no other. */
export function startProgram(
  file: string,
  env: Readonly<Record<string, string>>,
): ChildProcessByStdio<null, Readable, null> {
  return spawn(emulator ?? file, emulator === undefined ? [] : [file], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "native", name);
export const nativeFile: string = join(folder, "lambda-adapter");

/** Why these tests cannot run here; `undefined` when they can. */
export const missing: string | undefined = reasonWithout(nativeFile, `npm run build:native -- ${name}`);

/** The host with a program in it that does what tests say. */
export const puppetFile: string = join(folder, "puppet");

export const missingPuppet: string | undefined = reasonWithout(
  puppetFile,
  `npm run build:native -- ${name} --puppet`,
);

function reasonWithout(file: string, build: string): string | undefined {
  if (!existsSync(file)) return `${basename(file)} for ${name} is not built: ${build}`;
  const places = (process.env["PATH"] ?? "").split(delimiter);
  if (emulator === undefined || places.some((place) => existsSync(join(place, emulator)))) return undefined;
  return `${basename(file)} for ${name} needs ${emulator}: apt-get install qemu-user-static`;
}

export interface Adapter {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves when the process has ended and all its output is here. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface NativeFunction {
  readonly api: RuntimeApi;
  readonly app: RawApp;
  readonly adapter: Adapter;
  /** Requests of invocations, without the readiness check. */
  readonly requests: () => readonly RawRequest[];
}

const running: (() => Promise<void>)[] = [];

/** To be called once in each test file that starts functions. */
export function stopAfterEach(): void {
  afterEach(async () => {
    for (const stop of running.splice(0)) await stop();
  });
}

/** What the adapter of such a function finds in its environment. */
export function functionVariables(api: RuntimeApi, app: RawApp): Record<string, string> {
  return {
    AWS_LAMBDA_RUNTIME_API: api.authority,
    AWS_LAMBDA_FUNCTION_NAME: "shop",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
    AWS_LWA_PORT: String(app.port),
    AWS_LWA_READINESS_CHECK_PATH: "/ready-check",
  };
}

/** The binary with this environment and no other. */
export function startAdapter(env: Readonly<Record<string, string>>): Adapter {
  const process = startProgram(nativeFile, env);
  const lines: string[] = [];
  let rest = "";
  process.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    process.on("close", (code, signal) => resolve({ code, signal }));
  });
  running.push(async () => {
    process.kill("SIGKILL");
    await exited;
  });
  return { process, lines, exited };
}

/** `serve` answers what is not the readiness check, as latin1 text. */
export function startNative(
  serve: string | ((request: RawRequest) => string),
  env: Readonly<Record<string, string>> = {},
): Promise<NativeFunction> {
  return startNativeOver(
    answering((request) => {
      if (isCheck(request)) return "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
      return typeof serve === "string" ? serve : serve(request);
    }),
    env,
  );
}

/** As {@link startNative}, with the app's connections in the test's hands. */
export async function startNativeOver(
  serve: (connection: RawConnection) => Promise<void> | void,
  env: Readonly<Record<string, string>> = {},
): Promise<NativeFunction> {
  const api = await startRuntimeApi();
  const app = await startRawApp(serve);
  running.push(async () => {
    await app.close();
    await api.close();
  });
  const adapter = startAdapter({ ...functionVariables(api, app), ...env });
  await polls(api, Number(env["AWS_LAMBDA_MAX_CONCURRENCY"] ?? 1));
  return { api, app, adapter, requests: () => app.requests.filter((request) => !isCheck(request)) };
}
