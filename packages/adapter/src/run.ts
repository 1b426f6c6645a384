/** The adapter's story, from start to the loop that never ends. */
import { createAppClient } from "./app-client.ts";
import { readConfig } from "./config.ts";
import type { Config } from "./config.ts";
import { Failure, messageOf } from "./errors.ts";
import { awaitEvents, register } from "./extension.ts";
import { handleInvocation } from "./invocation.ts";
import type { InvocationDeps } from "./invocation.ts";
import { createLog, logOptionsOf } from "./log.ts";
import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { waitUntilReady } from "./readiness.ts";
import type { Readiness } from "./readiness.ts";
import { RuntimeClient } from "./runtime-client.ts";
import { sleep } from "./time.ts";

/** Lambda's init on demand ends after 10 s; async init lets it end in time (spec adapter.md 2.3). */
const ASYNC_INIT_MS = 9800;

/** Runs until the environment ends. Returns only by a failure that leaves nothing to do but exit. */
export async function run(platform: Platform): Promise<void> {
  const log = createLog(platform, logOptionsOf(platform.env));
  const { config, problems } = readConfig(platform.env);
  for (const { fatal, message } of problems) log[fatal ? "error" : "warn"](message);
  if (problems.some(({ fatal }) => fatal)) return platform.exit(1);

  try {
    const identifier = await register(platform, config.runtimeApi, log);
    void listenForEvents(platform, config, identifier, log);
    const appReady = await initialize(platform, config, log);
    await Promise.all(
      Array.from({ length: config.maxConcurrency }, () => loop(platform, config, appReady, log)),
    );
  } catch (error) {
    log.error(messageOf(error));
    platform.exit(1);
  }
}

async function listenForEvents(
  platform: Platform,
  config: Config,
  identifier: string,
  log: Log,
): Promise<void> {
  try {
    await awaitEvents(platform, config.runtimeApi, identifier, log);
  } catch (error) {
    log.warn(`No more events from the Extensions API: ${messageOf(error)}`);
  }
}

type Deps = Pick<InvocationDeps, "app" | "appReady">;

/** Waits for the app. With async init only as long as Lambda's own init lasts, and on in the invocations. */
async function initialize(platform: Platform, config: Config, log: Log): Promise<Deps> {
  // Connections made before a snapshot are dead after it (spec adapter.md 2.6).
  const idleMs = config.initializationType === "snap-start" ? 0 : config.poolIdleMs;
  const app = createAppClient(platform, { address: { host: config.host, port: config.port }, idleMs });
  const readinessApp =
    config.readinessPort === undefined || config.readinessPort === config.port
      ? app
      : createAppClient(platform, { address: { host: config.host, port: config.readinessPort }, idleMs: 0 });
  const wait = (limitMs: number): Promise<Readiness> =>
    waitUntilReady(platform, config, readinessApp, log, limitMs);
  const asyncInit = isAsyncInit(config, log);
  const limitMs = asyncInit ? Math.min(ASYNC_INIT_MS, config.readinessTimeoutMs) : config.readinessTimeoutMs;
  let readiness = await wait(limitMs);
  if (!readiness.ready && !asyncInit) await failInit(platform, config, log, limitMs, readiness.state);
  return {
    app,
    appReady: async (limit) => {
      if (readiness.ready) return;
      readiness = await wait(limit);
      if (!readiness.ready)
        throw new Failure("Adapter.AppNotReady", `The app is not ready yet: ${readiness.state}`);
    },
  };
}

function isAsyncInit(config: Config, log: Log): boolean {
  if (!config.asyncInit || config.initializationType === "on-demand") return config.asyncInit;
  log.warn(
    `AWS_LWA_ASYNC_INIT is ignored: ${config.initializationType} waits for the app as long as it takes`,
  );
  return false;
}

async function failInit(
  platform: Platform,
  config: Config,
  log: Log,
  limitMs: number,
  state: string,
): Promise<never> {
  const errorMessage = `The app was not ready within ${limitMs} ms: ${state}`;
  log.error(errorMessage);
  await new RuntimeClient(platform, config.runtimeApi, log).failInit({
    errorType: "Adapter.AppNotReady",
    errorMessage,
  });
  return platform.exit(1);
}

/**
 * One invocation after the other. On Managed Instances there are several of these side by side, and one that
 * loses the Runtime API begins again instead of taking the others' invocations down with it (B31).
 */
async function loop(platform: Platform, config: Config, { app, appReady }: Deps, log: Log): Promise<void> {
  const deps = { platform, config, app, appReady, log };
  for (;;) {
    const runtime = new RuntimeClient(platform, config.runtimeApiProxy ?? config.runtimeApi, log);
    try {
      for (;;) await handleInvocation(deps, runtime, await runtime.next());
    } catch (error) {
      if (config.maxConcurrency === 1) throw error;
      log.error(`A worker lost the Runtime API and begins again: ${messageOf(error)}`);
      await sleep(platform, 1000);
    }
  }
}
