/** `anylambda dev`: an app as a Lambda function behind its front doors and the Invoke API, until Ctrl-C. */
import type { Dashboard } from "../dashboard/server.ts";
import { type AskedDoor, planDoors, requireDoors } from "../doors.ts";
import type { ExitName } from "../exit-codes.ts";
import { type AsyncSettings, openAsyncSinks } from "../fleet-settings.ts";
import type { FunctionOptions } from "../function-plan.ts";
import type { Reporter } from "../output/notice.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { portFailure, requirePort } from "../ports.ts";
import { reporting } from "./reporting.ts";
import { type Surroundings, loopback, serve } from "./served.ts";
import { whileRunning } from "./session.ts";

export interface DevOptions extends FunctionOptions, AsyncSettings, OutputOptions {
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
}

export function dev(command: readonly string[], options: DevOptions): Promise<ExitName> {
  const { host, port, invokePort } = options;
  const reporter = reporterFor(options, process.stdout);
  return reporting(reporter, async () => {
    const doors = planDoors(options.door, port);
    await requireDoors(doors, host);
    await requirePort(loopback, invokePort, "--invoke-port");
    if (!isLoopback(host)) warnOfOthers(reporter, host);
    if (doors.some(({ name }) => name === "websocket") && passesWebSocketsThrough(options)) {
      reporter.tell({ type: "warning", message: passedThrough });
    }
    const sinks = openAsyncSinks(options, (message) => reporter.tell({ type: "warning", message }));
    const ended = whileRunning(async ({ interrupts, atEnd }) => {
      const dashboard =
        options.dashboard === false ? undefined : await openDashboardAt(options.dashboardPort);
      if (dashboard !== undefined) atEnd(() => dashboard.close());
      const around: Surroundings = { reporter, dashboard, events: sinks.options, invokePort, several: false };
      const served = await serve({ command, options, host, doors, queues: options.queue }, around);
      atEnd(() => served.close());
      const failure = await Promise.race([served.booted, interrupts.first]);
      if (typeof failure === "object") throw failure;
      if (failure === undefined) await served.open();
      reporter.tell({ type: "stopping", signal: failure ?? (await interrupts.first) });
      return "done";
    });
    return ended.finally(() => sinks.close());
  });
}

/** Its code is read only now. */
async function openDashboardAt(port: number): Promise<Dashboard> {
  const { openDashboard } = await import("../dashboard/server.ts");
  try {
    return await openDashboard({ port });
  } catch (error) {
    throw portFailure(loopback, port, error, "--dashboard-port");
  }
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
