/** The adapter's story, from start to the loop that never ends. */
import { appAddress, readinessAddress } from "./app-address.ts";
import { createAppClient } from "./app-client.ts";
import type { AppClient } from "./app-client.ts";
import { readConfig } from "./config.ts";
import type { Config } from "./config.ts";
import { Failure, HookError, messageOf } from "./errors.ts";
import { awaitEvents, register } from "./extension.ts";
import type { Registration } from "./extension.ts";
import type { InvocationDeps } from "./invocation.ts";
import { createLog, logOptionsOf } from "./log.ts";
import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { waitUntilReady } from "./readiness.ts";
import type { Readiness } from "./readiness.ts";
import type { passSnapshot } from "./restore.ts";
import { RuntimeClient } from "./runtime-client.ts";
import { drainOnTerminate } from "./shutdown.ts";
import type { Drain } from "./shutdown.ts";
import { sleep } from "./time.ts";
import type { serveInvocations } from "./loop.ts";

/** Lambda's init on demand ends after 10 s; async init lets it end in time (spec adapter.md 2.3). */
const ASYNC_INIT_MS = 9800;

/**
 * What is not needed up to the first `/next`. Half of the adapter, so an engine that pays for reading code may read it
 * while the first event is on its way.
 */
export interface Later {
  readonly serveInvocations: typeof serveInvocations;
  readonly passSnapshot: typeof passSnapshot;
}

/** What the parts of the story share. */
interface Setting {
  readonly platform: Platform;
  readonly later: () => Later;
  readonly config: Config;
  readonly log: Log;
}

/**
 * Runs until the environment ends. Returns only by a failure that leaves nothing to do but exit. `later` may be called
 * more than once.
 */
export async function run(platform: Platform, later: () => Later): Promise<void> {
  const log = createLog(platform, logOptionsOf(platform.env));
  const { config, problems } = readConfig(platform.env);
  for (const { fatal, message } of problems) log[fatal ? "error" : "warn"](message);
  const setting = { platform, config, log, later };
  const fatal = problems.filter((problem) => problem.fatal);
  if (fatal.length > 0)
    return endInit(setting, "Adapter.InvalidConfiguration", fatal.map(({ message }) => message).join("; "));

  try {
    // The app is asked while the answer is on its way: a round trip less of every cold start.
    const registering = register(platform, config.runtimeApi, log);
    const begun = beginToWait(setting);
    const ahead = isSnapStart(config) ? undefined : connectAhead(setting);
    const registration = await registering;
    void listenForEvents(setting, registration);
    const drain = drainOnTerminate(platform, log);
    const deps = await initialize(setting, begun);
    const first = await ahead;
    const workers = Array.from({ length: config.maxConcurrency }, (_, index) =>
      loop(deps, drain, later, index === 0 ? first : undefined),
    );
    await Promise.all(workers);
  } catch (error) {
    log.error(messageOf(error));
    platform.exit(1);
  }
}

/** The first worker's way to Lambda, opened while the answers to what was sent before are on their way. */
function connectAhead(setting: Setting): Promise<RuntimeClient> {
  const runtime = runtimeClient(setting);
  return new Promise((resolve) => {
    setting.platform.after(0, () => void runtime.connect().then(() => resolve(runtime)));
  });
}

function runtimeClient({ platform, config, log }: Omit<Setting, "later">): RuntimeClient {
  return new RuntimeClient(platform, config.runtimeApiProxy ?? config.runtimeApi, log);
}

async function listenForEvents(
  { platform, config, log }: Setting,
  registration: Registration,
): Promise<void> {
  try {
    await awaitEvents(platform, config.runtimeApi, registration, log);
  } catch (error) {
    log.warn(`No more events from the Extensions API: ${messageOf(error)}`);
  }
}

/** The wait for the app, and what it is for. */
interface Begun {
  readonly app: AppClient;
  readonly asyncInit: boolean;
  readonly limitMs: number;
  readonly outcome: Promise<Readiness>;
}

function beginToWait(setting: Setting): Begun {
  const { config } = setting;
  // Connections made before a snapshot are dead after it (spec adapter.md 2.6).
  const app = appClient(setting, isSnapStart(config) ? 0 : config.poolIdleMs);
  const asyncInit = isAsyncInit(setting);
  const limitMs = asyncInit ? Math.min(ASYNC_INIT_MS, config.readinessTimeoutMs) : config.readinessTimeoutMs;
  const outcome = waitFor(setting, app, limitMs);
  // Met where it is awaited.
  outcome.catch(() => {});
  return { app, asyncInit, limitMs, outcome };
}

function isSnapStart({ initializationType }: Config): boolean {
  return initializationType === "snap-start";
}

/** Waits for the app. With async init only as long as Lambda's own init lasts, and on in the invocations. */
async function initialize(
  setting: Setting,
  { app, asyncInit, limitMs, outcome }: Begun,
): Promise<InvocationDeps> {
  let readiness = await outcome;
  if (!readiness.ready && !asyncInit)
    await endInit(setting, "Adapter.AppNotReady", notReady(limitMs, readiness));
  const readyWithin = async (limit: number): Promise<void> => {
    readiness = await waitFor(setting, app, limit);
    if (!readiness.ready) throw new Failure("Adapter.AppNotReady", notReady(limit, readiness));
  };
  return {
    ...setting,
    app: isSnapStart(setting.config) ? await throughSnapshot(setting, app) : app,
    isReady: () => readiness.ready,
    appReady: (limit) => (readiness.ready ? undefined : readyWithin(limit)),
  };
}

function appClient({ platform, config }: Setting, idleMs: number): AppClient {
  return createAppClient(platform, { address: appAddress(config), idleMs });
}

function waitFor({ platform, config, log }: Setting, app: AppClient, limitMs: number): Promise<Readiness> {
  const { port, readinessPort, appSocket } = config;
  const asked =
    readinessPort === undefined || (readinessPort === port && appSocket === undefined)
      ? app
      : createAppClient(platform, { address: readinessAddress(config), idleMs: 0 });
  return waitUntilReady(platform, config, asked, log, limitMs);
}

function notReady(limitMs: number, readiness: Readiness): string {
  const state = readiness.ready ? "ready" : readiness.state;
  return `The app was not ready within ${Math.round(limitMs)} ms: ${state}`;
}

function isAsyncInit({ config, log }: Setting): boolean {
  if (!config.asyncInit || config.initializationType === "on-demand") return config.asyncInit;
  log.warn(
    `AWS_LWA_ASYNC_INIT is ignored: ${config.initializationType} waits for the app as long as it takes`,
  );
  return false;
}

/** SnapStart: the hooks and the snapshot between them. A hook that fails ends the phase, and the process. */
async function throughSnapshot(setting: Setting, appBefore: AppClient): Promise<AppClient> {
  const { platform, config, log, later } = setting;
  const runtime = new RuntimeClient(platform, config.runtimeApiProxy ?? config.runtimeApi, log);
  try {
    return await later().passSnapshot({
      ...setting,
      runtime,
      appBefore,
      newApp: () => appClient(setting, config.poolIdleMs),
      ready: async (app) => {
        const readiness = await waitFor(setting, app, config.readinessTimeoutMs);
        if (!readiness.ready)
          throw new HookError("restore", notReady(config.readinessTimeoutMs, readiness), undefined);
      },
    });
  } catch (error) {
    if (!(error instanceof HookError)) throw error;
    log.error(error.message);
    const document = { errorType: error.errorType, errorMessage: error.message };
    if (error.phase === "init") await runtime.failInit(document);
    else await runtime.failRestore(document);
    return platform.exit(1);
  }
}

/** Tells Lambda why the function cannot start, then ends. */
async function endInit(
  { platform, config, log }: Setting,
  errorType: string,
  errorMessage: string,
): Promise<never> {
  if (errorType !== "Adapter.InvalidConfiguration") log.error(errorMessage);
  if (config.runtimeApi !== "") {
    const runtime = new RuntimeClient(platform, config.runtimeApi, log);
    await runtime.failInit({ errorType, errorMessage }).catch((error) => log.error(messageOf(error)));
  }
  return platform.exit(1);
}

/**
 * One invocation after the other. On Managed Instances there are several of these side by side, and one that
 * loses the Runtime API begins again instead of taking the others' invocations down with it (B31).
 */
async function loop(
  deps: InvocationDeps,
  drain: Drain,
  later: () => Later,
  connected: RuntimeClient | undefined,
): Promise<void> {
  const { platform, config, log } = deps;
  let ahead = connected;
  for (;;) {
    const runtime = ahead ?? runtimeClient(deps);
    try {
      if (ahead === undefined) await runtime.connect();
      ahead = undefined;
      const first = runtime.ask();
      await later().serveInvocations(deps, runtime, drain, first);
    } catch (error) {
      if (config.maxConcurrency === 1) throw error;
      log.error(`A worker lost the Runtime API and begins again: ${messageOf(error)}`);
      await sleep(platform, 1000);
    }
  }
}
