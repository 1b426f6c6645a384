/**
 * Both engines side by side, each with a Runtime API and an app of its own: whatever both get, the app and the Runtime API
 * must get the same bytes from both.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isCheck } from "../../packages/adapter/testing/function.ts";
import { startRawApp } from "../../packages/adapter/testing/raw-app.ts";
import type { RawApp } from "../../packages/adapter/testing/raw-app.ts";
import { polls, startRuntimeApi } from "../../packages/adapter/testing/runtime-api.ts";
import type { RuntimeApi } from "../../packages/adapter/testing/runtime-api.ts";
import { functionVariables, missing as missingNative, nativeFile, startProgram } from "./binary.ts";

const onNode: string = fileURLToPath(new URL("../../dist/adapter.mjs", import.meta.url));
/** Why they cannot run here; `undefined` when they can. */
export const missing: string | undefined =
  missingNative ?? (existsSync(onNode) ? undefined : "the adapter on Node is not built: npm run build");

/** What the app answers, as bytes, and whether it closes the connection after it. */
export interface Script {
  readonly bytes: Buffer;
  readonly closes: boolean;
}

export interface Rig {
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
  const process = start({ ...functionVariables(api, app), ANYLAMBDA_WEBSOCKET_PATH: "/ws", ...env });
  const rig: Rig = { api, app, process, script: { bytes: Buffer.alloc(0), closes: true } };
  await polls(api, 1);
  return rig;
}

/** All that an invocation does that others see. */
export async function outcomeOf(
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

/** One of the native engine, one of the other. */
export async function startRigs(env: Readonly<Record<string, string>>): Promise<readonly [Rig, Rig]> {
  const node = (given: Record<string, string>): ChildProcess =>
    spawn(process.execPath, [onNode], { env: given, stdio: ["ignore", "ignore", "inherit"] });
  const rigs = await Promise.all([
    startRig((given) => startProgram(nativeFile, given), env),
    startRig(node, env),
  ]);
  for (const rig of rigs) rig.process.stdout?.resume();
  return rigs;
}

export async function stopRigs(rigs: readonly Rig[]): Promise<void> {
  for (const { api, app, process } of rigs) {
    process.kill("SIGKILL");
    await app.close();
    await api.close();
  }
}
