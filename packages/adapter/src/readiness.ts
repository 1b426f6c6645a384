/** Waiting for the app to listen and to answer (spec adapter.md 2.2 and 2.3). */
import { authorityOf, placeOf, readinessAddress } from "./app-address.ts";
import type { AppClient } from "./app-client.ts";
import type { Config } from "./config.ts";
import { Failure, errnoOf, messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { sleep, within } from "./time.ts";
import { includesStatus } from "./variable-values.ts";

/**
 * A single attempt may take this long, ms: a first page that is compiled on demand needs seconds, a server that
 * accepts and never answers must not hold up the wait for ever.
 */
const ATTEMPT_MS = 10_000;

/**
 * An attempt that had less time than this because the limit was near, ms, says nothing by getting no answer: what the
 * ones before it met is the better reason.
 */
const TOO_SHORT_MS = 100;

/** Pause between attempts, ms: short while every millisecond is cold start, longer when it is plainly slow (B36). */
const EAGER_PAUSE_MS = 10;
const PATIENT_PAUSE_MS = 50;
const EAGER_FOR_MS = 2000;

/** Distance of the progress lines, ms; LWA's users grep for them. */
const PROGRESS_MS = 2000;

/** Entries of the boot's timeline, one for each change of what the attempts meet; an app may flap. */
const MAX_TIMELINE = 20;

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly state: string };

/** Resolves when the app is ready, or `limitMs` have passed; `state` then says what the last attempt met. */
export async function waitUntilReady(
  platform: Platform,
  config: Config,
  app: AppClient,
  log: Log,
  limitMs: number,
): Promise<Readiness> {
  const start = platform.now().monotonic;
  const since = (): number => platform.now().monotonic - start;
  const url = describe(config);
  const untried = "not tried yet";
  let state = untried;
  const timeline: string[] = [];
  const tell = (now: string): void => {
    if (now !== state && timeline.length < MAX_TIMELINE) timeline.push(`${Math.round(since())}ms ${now}`);
    state = now;
  };
  const progress = everySoOften(platform, PROGRESS_MS, (ms) =>
    log.info(`app is not ready after ${ms}ms`, { url, state }),
  );
  try {
    while (since() < limitMs) {
      const left = Math.min(ATTEMPT_MS, limitMs - since());
      const before = state;
      const outcome = await attempt(platform, config, app, left, tell);
      if (outcome.ready) {
        const afterMs = Math.round(since());
        // A boot that was told of while it lasted is told of at its end as well.
        const level = afterMs < PROGRESS_MS ? "debug" : "info";
        log[level]("app is ready", { url, after_ms: afterMs, timeline: timeline.join(", ") || undefined });
        if (outcome.status === 404)
          log.info("The readiness check answered 404, which counts as ready", { url });
        return { ready: true };
      }
      if (outcome.timedOut && left < TOO_SHORT_MS && before !== untried) state = before;
      await sleep(platform, since() < EAGER_FOR_MS ? EAGER_PAUSE_MS : PATIENT_PAUSE_MS);
    }
    return { ready: false, state };
  } finally {
    progress.stop();
  }
}

type Outcome =
  | { readonly ready: true; readonly status: number | undefined }
  | { readonly ready: false; readonly timedOut: boolean };

/** One attempt; `tell` gets what it meets, also while it is still waiting. */
async function attempt(
  platform: Platform,
  config: Config,
  app: AppClient,
  limitMs: number,
  tell: (state: string) => void,
): Promise<Outcome> {
  let cut = (): void => {};
  let over = false;
  const work =
    config.readinessProtocol === "tcp"
      ? openPort(platform, config)
      : askStatus(config, app, (one) => {
          cut = one;
          // Connected after its time: nobody waits for the answer, and the state is the next attempt's to tell.
          if (over) one();
          else tell("connected, no answer yet");
        });
  try {
    const timeout = new Failure("Adapter.AppNotReady", `no answer within ${Math.round(limitMs)}ms`);
    const status = await within(platform, limitMs, work, () => timeout);
    if (status === undefined || includesStatus(config.healthyStatus, status)) return { ready: true, status };
    tell(`answered with status ${status}`);
    return { ready: false, timedOut: false };
  } catch (error) {
    over = true;
    cut();
    const timedOut = error instanceof Failure && error.code === "Adapter.AppNotReady";
    tell(timedOut ? error.message : reason(error));
    return { ready: false, timedOut };
  }
}

async function askStatus(config: Config, app: AppClient, onCut: (cut: () => void) => void): Promise<number> {
  const host = authorityOf({ host: config.host, port: config.readinessPort ?? config.port });
  const body = new Uint8Array(0);
  return app.probe({ method: "GET", target: config.readinessPath, headers: [["host", host]], body }, onCut);
}

async function openPort(platform: Platform, config: Config): Promise<undefined> {
  const connection = await platform.connect(readinessAddress(config));
  connection.close();
}

function reason(error: unknown): string {
  const cause = error instanceof Failure ? error.cause : error;
  const errno = errnoOf(cause) ?? errnoOf(error);
  // A Unix socket's file comes when the app listens.
  if (errno === "ECONNREFUSED" || errno === "ENOENT") return "nothing listens there yet";
  return errno ?? messageOf(error);
}

function describe(config: Config): string {
  const place = placeOf(readinessAddress(config));
  return config.readinessProtocol === "tcp" ? `tcp://${place}` : `http://${place}${config.readinessPath}`;
}

/** Calls `action` every `ms` with the time that has passed, until stopped. */
function everySoOften(
  platform: Platform,
  ms: number,
  action: (passed: number) => void,
): { stop: () => void } {
  let passed = 0;
  let cancel = platform.after(ms, again);
  function again(): void {
    passed += ms;
    action(passed);
    cancel = platform.after(ms, again);
  }
  return { stop: () => cancel() };
}
