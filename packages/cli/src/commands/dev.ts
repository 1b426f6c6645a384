/** `anylambda dev`: an app as a Lambda function behind its front doors and the Invoke API, until Ctrl-C. */
import { findConfig } from "../config/find.ts";
import { type AskedDoor, planDoors, requireDoors } from "../doors.ts";
import type { ExitName } from "../exit-codes.ts";
import { type AsyncSettings, openAsyncSinks } from "../fleet-settings.ts";
import type { FunctionOptions } from "../function-plan.ts";
import type { Reporter } from "../output/notice.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { requirePort } from "../ports.ts";
import { type TlsOptions, typedTls } from "../tls.ts";
import { type TokenOptions, wantTokens } from "../tokens.ts";
import { openDashboardAt } from "./dashboard.ts";
import type { Means } from "./dev-file.ts";
import { reporting } from "./reporting.ts";
import { type FunctionOrder, loopback } from "./served.ts";
import { type Running, whileRunning } from "./session.ts";
import { Stage } from "./stage.ts";

export interface DevOptions extends FunctionOptions, AsyncSettings, OutputOptions, TokenOptions, TlsOptions {
  readonly port: number;
  readonly host: string;
  /** A Function URL when none is asked for. */
  readonly door?: readonly AskedDoor[] | undefined;
  /** Directories, absolute. */
  readonly queue?: readonly string[] | undefined;
  readonly invokePort: number;
  /** `false`: none. */
  readonly dashboard?: boolean | undefined;
  readonly dashboardPort: number;
  /** An `anylambda.yaml` or a SAM template. */
  readonly config?: string | undefined;
  /** Those of it that are wanted; all when not said. */
  readonly function?: readonly string[] | undefined;
  /** Whether changed code is run at once: with a file yes, with a command no, when not said. */
  readonly watch?: boolean | undefined;
}

export function dev(command: readonly string[], options: DevOptions): Promise<ExitName> {
  const { host, invokePort } = options;
  const reporter = reporterFor(options, process.stdout);
  return reporting(reporter, async () => {
    const run = await programOf(command, options);
    await requirePort(loopback, invokePort, "--invoke-port");
    if (!isLoopback(host)) warnOfOthers(reporter, host);
    const sinks = openAsyncSinks(options, (message) => reporter.tell({ type: "warning", message }));
    const ended = whileRunning(async (running) => {
      const dashboard =
        options.dashboard === false ? undefined : await openDashboardAt(options.dashboardPort);
      if (dashboard !== undefined) running.atEnd(() => dashboard.close());
      await run({ reporter, events: sinks.options, dashboard }, running);
      return "done";
    });
    return ended.finally(() => sinks.close());
  });
}

/** Runs until it is to end. */
type Run = (means: Means, running: Running) => Promise<void>;

/** A command, or a file; what reads files is loaded only then. Throws what can be said against it in time. */
async function programOf(command: readonly string[], options: DevOptions): Promise<Run> {
  const file = options.config ?? (command.length === 0 ? findConfig(options.code) : undefined);
  if (file === undefined) return oneFunction(command, options);
  const { devFile, readDevConfig } = await import("./dev-file.ts");
  const config = readDevConfig(file, options);
  for (const { host, doors } of config.orders) await requireDoors(doors, host);
  return (means, running) => devFile(config, options, means, running);
}

async function oneFunction(command: readonly string[], options: DevOptions): Promise<Run> {
  const { host, port, invokePort } = options;
  const doors = wantTokens(planDoors(options.door, port, typedTls(options)), options);
  await requireDoors(doors, host);
  const order: FunctionOrder = { command, options, host, doors, queues: options.queue, watch: true };
  return async ({ reporter, events, dashboard }, { interrupts, atEnd }) => {
    if (doors.some(({ name }) => name === "websocket") && passesWebSocketsThrough(options)) {
      reporter.tell({ type: "warning", message: passedThrough });
    }
    const around = { reporter, dashboard, events, several: false, invokePort };
    const stage = new Stage(around);
    atEnd(() => stage.close());
    // Before the boot: what is changed during it must not be missed.
    const watching = options.watch === true ? watchOne(order, stage, atEnd) : undefined;
    const boots = await Promise.race([stage.boot([order]), interrupts.first]);
    if (typeof boots !== "string") {
      const [failure] = boots;
      if (failure !== undefined) throw failure;
      await watching;
      await stage.open();
    }
    reporter.tell({ type: "stopping", signal: await interrupts.first });
  };
}

/** Its code is read only now, as that of the dashboard. */
async function watchOne(order: FunctionOrder, stage: Stage, atEnd: Running["atEnd"]): Promise<void> {
  const { watchCode } = await import("./watching.ts");
  const watching = watchCode([order], stage);
  atEnd(async () => (await watching).close());
  await watching;
}

function warnOfOthers(reporter: Reporter, host: string): void {
  const message = `With --host ${host} everybody who can reach this machine can reach your app`;
  reporter.tell({ type: "warning", message });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The adapter does so unless it is told a path for them. */
function passesWebSocketsThrough({ adapter, env }: DevOptions): boolean {
  return adapter !== false && env?.["ANYLAMBDA_WEBSOCKET_PATH"] === undefined;
}

const passedThrough =
  "Events of the WebSocket API are posted to your app's /events as they are. With -e ANYLAMBDA_WEBSOCKET_PATH=/ws it " +
  "gets requests of its own for them: /ws/connect, /ws/message, /ws/disconnect";
