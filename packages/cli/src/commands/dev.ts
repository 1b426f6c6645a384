/** `anylambda dev`: an app as a Lambda function behind a Function URL and the Invoke API, until Ctrl-C. */
import { type Fleet, type HttpListener, listenFunctionUrl, listenInvokeApi } from "@anylambda/sandbox";
import { type DestinationFile, openDestination } from "../destination-file.ts";
import type { ExitName } from "../exit-codes.ts";
import type { FunctionOptions } from "../function-plan.ts";
import { type OutputOptions, reporterFor } from "../output/reporter.ts";
import { portFailure, requirePort } from "../ports.ts";
import { reporting } from "./reporting.ts";
import { withSession } from "./session.ts";

export interface DevOptions extends FunctionOptions, OutputOptions {
  readonly port: number;
  readonly host: string;
  readonly invokePort: number;
  readonly destination?: string | undefined;
}

export function dev(command: readonly string[], options: DevOptions): Promise<ExitName> {
  const { host, port, invokePort } = options;
  const reporter = reporterFor(options, process.stdout);
  return reporting(reporter, async () => {
    await requirePort(host, port);
    await requirePort(loopback, invokePort, "--invoke-port");
    if (!isLoopback(host)) {
      const message = `With --host ${host} everybody who can reach this machine can reach your app`;
      reporter.tell({ type: "warning", message });
    }
    const file = options.destination === undefined ? undefined : openDestination(options.destination);
    const served = withSession(command, options, reporter, async ({ fleet, interrupts }) => {
      const invokeMode = streams(fleet.configuration.variables) ? "RESPONSE_STREAM" : "BUFFERED";
      const listener = await listenFunctionUrl(fleet, { host, port, invokeMode }).catch((error: unknown) => {
        throw portFailure(host, port, error);
      });
      const api = await openInvokeApi(fleet, invokePort, file).catch(async (error: unknown) => {
        await listener.close();
        throw error;
      });
      const { name } = fleet.configuration;
      reporter.tell({ type: "listening", url: listener.url, invokeUrl: api.url.replace(/\/$/, ""), name });
      reporter.tell({ type: "stopping", signal: await interrupts.first });
      // Together: closing waits for the last answer, and the shutdown is what makes a slow request give its own.
      await Promise.all([listener.close(), api.close(), fleet.shutdown()]);
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
 * On AWS the Function URL's mode and the adapter's are set apart from each other, and a pair that does not match
 * gives answers that nobody can read. Here the one follows the other.
 */
function streams(variables: Readonly<Record<string, string>>): boolean {
  return variables["AWS_LWA_INVOKE_MODE"]?.trim().toLowerCase() === "response_stream";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
