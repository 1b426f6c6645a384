/** The whole adapter in the test's own process, on Node's platform, with an environment and an output of its own. */
import { nodePlatform } from "../platforms/node/platform.ts";
import type { Clock, Connection, Platform } from "../src/platform.ts";
import { serveInvocations } from "../src/loop.ts";
import { passSnapshot } from "../src/restore.ts";
import { run } from "../src/run.ts";
import { eventually, turn } from "./wait.ts";

export interface Machine {
  readonly platform: Platform;
  readonly lines: readonly string[];
  /** The exit code and the lines printed until then. */
  readonly exited: Promise<{ readonly code: number; readonly lines: readonly string[] }>;
  /** Moves both clocks forward and fires what is due, if the machine has virtual time. */
  advance(ms: number): Promise<void>;
  /** Tells the adapter to end, as SIGTERM does. */
  terminate(): void;
  /** Moves one clock alone, as a freeze or a clock being set does. */
  shift(clock: Partial<Clock>): void;
  /** Nothing the adapter does has an effect from here on. */
  stop(): void;
}

class Exit extends Error {}

interface Timer {
  readonly due: number;
  readonly action: () => void;
}

export interface MachineOptions {
  /** Timers fire only by `advance`, so that a test of ten seconds takes none. */
  readonly virtualTime?: boolean;
  /** Parts of the platform that do something else, mostly fail. */
  readonly instead?: Partial<Platform>;
}

export function machine(
  env: Platform["env"] = {},
  { virtualTime = false, instead = {} }: MachineOptions = {},
): Machine {
  const lines: string[] = [];
  const connections = new Set<Connection>();
  const offset = { wall: 0, monotonic: 0 };
  let timers: Timer[] = [];
  let virtualNow = 0;
  const start = nodePlatform.now();
  let stopped = false;
  let onTerminate = (): void => {};
  let settleExit: (exit: { code: number; lines: readonly string[] }) => void = () => {};
  const exited = new Promise<{ code: number; lines: readonly string[] }>((resolve) => {
    settleExit = resolve;
  });

  const platform: Platform = {
    env,
    codec: nodePlatform.codec,
    async connect(address) {
      if (stopped) return new Promise(() => {});
      const connection = await nodePlatform.connect(address);
      connections.add(connection);
      if (stopped) connection.close();
      return connection;
    },
    now() {
      const now = virtualTime ? start : nodePlatform.now();
      return {
        wall: now.wall + virtualNow + offset.wall,
        monotonic: now.monotonic + virtualNow + offset.monotonic,
      };
    },
    after(ms, action) {
      if (stopped) return () => {};
      if (!virtualTime) return nodePlatform.after(ms, () => stopped || action());
      const timer = { due: virtualNow + ms, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    onTerminate: (handler) => {
      onTerminate = handler;
    },
    compress: nodePlatform.compress,
    compressor: nodePlatform.compressor,
    run: nodePlatform.run,
    print: (line) => void (stopped || lines.push(line)),
    exit(code) {
      settleExit({ code, lines: [...lines] });
      throw new Exit(`exit ${code}`);
    },
    ...instead,
  };

  return {
    platform,
    lines,
    exited,
    async advance(ms) {
      const until = virtualNow + ms;
      for (;;) {
        await turn();
        const next = timers.toSorted((a, b) => a.due - b.due)[0];
        if (next === undefined || next.due > until) break;
        virtualNow = Math.max(virtualNow, next.due);
        timers = timers.filter((one) => one !== next);
        next.action();
      }
      virtualNow = until;
    },
    terminate() {
      try {
        onTerminate();
      } catch (error) {
        if (!(error instanceof Exit)) throw error;
      }
    },
    shift(clock) {
      offset.wall += clock.wall ?? 0;
      offset.monotonic += clock.monotonic ?? 0;
    },
    stop() {
      stopped = true;
      for (const connection of connections) connection.close();
    },
  };
}

/** What Lambda sets for every function. */
const lambdaEnv = {
  AWS_LAMBDA_FUNCTION_NAME: "shop",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/shop",
  AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/24/[$LATEST]abc",
} as const;

/** Starts `run` and does not wait for its end, which comes only by `exit` or `stop`. */
export function runAdapter(env: Readonly<Record<string, string>>, options: MachineOptions = {}): Machine {
  const one = machine({ ...lambdaEnv, ...env }, options);
  run(one.platform, () => ({ serveInvocations, passSnapshot })).catch((error: unknown) => {
    if (!(error instanceof Exit)) throw error;
  });
  return one;
}

/** The first line that matches. */
export function lineOf(one: Machine, pattern: RegExp): Promise<string> {
  return eventually(() => one.lines.find((line) => pattern.test(line)));
}
