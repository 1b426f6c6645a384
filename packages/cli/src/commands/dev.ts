/** `anylambda dev`: an app as a Lambda function behind its front doors and the Invoke API, until Ctrl-C. */
import { type Fleet, type HttpListener, listenInvokeApi } from "@anylambda/sandbox";
import { type DestinationFile, openDestination } from "../destination-file.ts";
import { type AskedDoor, closeDoors, openDoors, planDoors, requireDoors } from "../doors.ts";
import type { ExitName } from "../exit-codes.ts";
import type { FunctionOptions } from "../function-plan.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { portFailure, requirePort } from "../ports.ts";
import { reporting } from "./reporting.ts";
import { withSession } from "./session.ts";

export interface DevOptions extends FunctionOptions, OutputOptions {
  readonly port: number;
  readonly host: string;
  /** A Function URL when none is asked for. */
  readonly door?: readonly AskedDoor[] | undefined;
  readonly invokePort: number;
  readonly destination?: string | undefined;
}

export function dev(command: readonly string[], options: DevOptions): Promise<ExitName> {
  const { host, port, invokePort } = options;
  const reporter = reporterFor(options, process.stdout);
  return reporting(reporter, async () => {
    const planned = planDoors(options.door, port);
    await requireDoors(planned, host);
    await requirePort(loopback, invokePort, "--invoke-port");
    if (!isLoopback(host)) {
      const message = `With --host ${host} everybody who can reach this machine can reach your app`;
      reporter.tell({ type: "warning", message });
    }
    if (planned.some(({ name }) => name === "websocket") && passesWebSocketsThrough(options)) {
      reporter.tell({ type: "warning", message: passedThrough });
    }
    const file = options.destination === undefined ? undefined : openDestination(options.destination);
    const served = withSession(command, options, reporter, async ({ fleet, interrupts }) => {
      const { name, variables } = fleet.configuration;
      const opened = await openDoors(fleet, planned, host, { streams: streams(variables) });
      const api = await openInvokeApi(fleet, invokePort, file).catch(async (error: unknown) => {
        await closeDoors(opened);
        throw error;
      });
      const doors = opened.map((door) => ({ door: door.name, url: door.url }));
      const url = doors[0]?.url ?? "";
      reporter.tell({ type: "listening", url, doors, invokeUrl: api.url.replace(/\/$/, ""), name });
      reporter.tell({ type: "stopping", signal: await interrupts.first });
      // Together: closing waits for the last answer, and the shutdown is what makes a slow request give its own.
      await Promise.all([closeDoors(opened), api.close(), fleet.shutdown()]);
      return "done";
    });
    return served.finally(() => file?.close());
  });
}

/** On loopback whatever `--host` says: it asks nobody for a signature. */
const loopback = "127.0.0.1";

function openInvokeApi(fleet: Fleet, port: number, file: DestinationFile | undefined): Promise<HttpListener> {
  return listenInvokeApi(fleet, { host: loopback, port, record: file?.record }).catch((error: unknown) => {
    throw portFailure(loopback, port, error, "--invoke-port");
  });
}

/**
 * On AWS the door's mode and the adapter's are set apart from each other, and a pair that does not match
 * gives answers that nobody can read. Here the one follows the other.
 */
function streams(variables: Readonly<Record<string, string>>): boolean {
  return variables["AWS_LWA_INVOKE_MODE"]?.trim().toLowerCase() === "response_stream";
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
