/**
 * SnapStart (spec adapter.md 7): hooks of the app before the snapshot and after a restore, around the call in which
 * the environment is frozen into the snapshot.
 */
import type { Codec, HttpRequest, HttpResponse } from "@anylambda/wire";
import type { AppClient } from "./app-client.ts";
import type { Config } from "./config.ts";
import { HookError, messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { authorityOf } from "./app-address.ts";
import type { RuntimeClient } from "./runtime-client.ts";

/** Lambda gives a restore 10 s; a hook that takes this long is about to lose it. */
const SLOW_HOOK_MS = 8000;

export interface RestoreDeps {
  readonly platform: Platform;
  readonly config: Config;
  readonly log: Log;
  readonly runtime: RuntimeClient;
  /** The client of before the snapshot, which keeps no connection. */
  readonly appBefore: AppClient;
  /** Makes the client for after the restore: nothing of a snapshotted connection is trusted. */
  readonly newApp: () => AppClient;
  /** Waits for the app to answer again. */
  readonly ready: (app: AppClient) => Promise<void>;
}

/** From a ready app to a restored and ready one; resolves with the client to serve with. */
export async function passSnapshot(deps: RestoreDeps): Promise<AppClient> {
  const { config, runtime, log, platform } = deps;
  for (const path of config.primePaths) await prime(deps, path);
  await callHook(deps, deps.appBefore, config.beforeCheckpointPath, "init");
  await runHook(deps, config.beforeCheckpoint, "init");
  const before = platform.now();
  const isRestored = await snapshotted(runtime);
  const after = platform.now();
  if (isRestored)
    log.info("restored from a snapshot", {
      wall_ms: Math.round(after.wall - before.wall),
      monotonic_ms: Math.round(after.monotonic - before.monotonic),
    });
  else log.warn("The Runtime API takes no snapshots; going on without");
  // Also without a snapshot: what the app closed in the hook before, it opens again in this one.
  const app = deps.newApp();
  await runHook(deps, config.afterRestore, "restore");
  await callHook(deps, app, config.afterRestorePath, "restore");
  await deps.ready(app);
  return app;
}

/** A refusal is reported like a failed hook, as the managed runtimes do (spec environment.md 6.3). */
async function snapshotted(runtime: RuntimeClient): Promise<boolean> {
  try {
    return await runtime.restoreNext();
  } catch (error) {
    throw new HookError("init", messageOf(error), error);
  }
}

/** The first time is what a copy saves; the last is what it has instead. */
const PRIMED_TIMES = 3;

/**
 * Requests that compile the app's code and fill its caches before the snapshot. One that fails is told and no reason to
 * fail: the function works without.
 */
async function prime({ platform, config, log, appBefore }: RestoreDeps, path: string): Promise<void> {
  const times: number[] = [];
  const headers: [string, string][] = [["host", hostOf(config)]];
  const request: HttpRequest = { method: "GET", target: path, headers, body: new Uint8Array(0) };
  try {
    for (let time = 1; time <= PRIMED_TIMES; time++) {
      const start = platform.now().monotonic;
      const { status } = await appBefore.send(request);
      if (status >= 400) throw new Error(`it answered with status ${status}`);
      times.push(platform.now().monotonic - start);
    }
  } catch (error) {
    log.warn(`Priming ${path} failed: ${messageOf(error)}`);
    return;
  }
  const [first = 0, last = 0] = [times[0], times.at(-1)].map((ms = 0) => Math.round(ms * 10) / 10);
  log.info(`primed ${path}`, { first_ms: first, last_ms: last });
}

async function runHook(
  { platform, log }: RestoreDeps,
  command: Config["beforeCheckpoint"],
  phase: "init" | "restore",
): Promise<void> {
  if (command === undefined) return;
  const start = platform.now().monotonic;
  try {
    const status = await platform.run(command);
    if (status !== 0) throw new Error(`it ended with status ${status}`);
    log.info(`hook ${command[0]} done`, { after_ms: Math.round(platform.now().monotonic - start) });
  } catch (error) {
    throw new HookError(phase, `The hook ${command[0]} failed: ${messageOf(error)}`, error);
  }
}

async function callHook(
  { platform, config, log }: RestoreDeps,
  app: AppClient,
  path: string | undefined,
  phase: "init" | "restore",
): Promise<void> {
  if (path === undefined) return;
  const start = platform.now().monotonic;
  const stopWatch = platform.after(SLOW_HOOK_MS, () =>
    log.warn(`The hook ${path} has not answered for ${SLOW_HOOK_MS} ms; Lambda gives a restore 10 s`),
  );
  try {
    const { status } = await app.send(hookRequest(config, path));
    if (status < 200 || status > 299) throw new Error(`it answered with status ${status}`);
    log.info(`hook ${path} done`, { after_ms: Math.round(platform.now().monotonic - start) });
  } catch (error) {
    throw new HookError(phase, `The hook ${path} failed: ${messageOf(error)}`, error);
  } finally {
    stopWatch();
  }
}

function hookRequest(config: Config, path: string): HttpRequest {
  return { method: "POST", target: path, headers: [["host", hostOf(config)]], body: new Uint8Array(0) };
}

function hostOf(config: Config): string {
  return authorityOf(config);
}

/** Whether a request names a hook: those are Lambda's to call, nobody's from outside. */
export function isHookPath(config: Config, request: { readonly target: string }): boolean {
  if (config.beforeCheckpointPath === undefined && config.afterRestorePath === undefined) return false;
  const path = pathOnly(request.target);
  return [config.beforeCheckpointPath, config.afterRestorePath].some(
    (hook) => hook !== undefined && pathOnly(hook) === path,
  );
}

/**
 * Servers see through escapes, doubled and trailing slashes, dots, backslashes and parameters of a segment (`;v=1`),
 * so the comparison does too: whatever one of them takes for the hook is the hook.
 */
function pathOnly(target: string): string {
  const mark = target.indexOf("?");
  const path = (mark < 0 ? target : target.slice(0, mark)).replace(/%[0-9a-fA-F]{2}/g, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
  const kept: string[] = [];
  for (const whole of path.toLowerCase().split(/[/\\]/)) {
    const semicolon = whole.indexOf(";");
    const segment = semicolon < 0 ? whole : whole.slice(0, semicolon);
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return `/${kept.join("/")}`;
}

/** 403, as LWA answers. */
export function refusal(codec: Codec): HttpResponse {
  const body = codec.utf8Encode(JSON.stringify({ message: "Forbidden" }));
  return { status: 403, reason: "Forbidden", headers: [["content-type", "application/json"]], body };
}
